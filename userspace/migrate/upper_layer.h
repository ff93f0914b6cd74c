/* SPDX-License-Identifier: GPL-2.0-only */
/* What an overlay has of its own: nothing else of its files can have changed. */
#ifndef CLOISON_MIGRATE_UPPER_LAYER_H
#define CLOISON_MIGRATE_UPPER_LAYER_H

#include <stddef.h>
#include <time.h>

/*
 * The names in the upper layer of @overlay, which has upper and work, that the container sees: "."
 * first, each directory before what is in it, each with a 0 at its end; to be freed, *@bytes in
 * all. NULL: they would not tell all that has changed @since, or need more than @most.
 */
char *upper_layer_names(const char *overlay, time_t since, size_t most, size_t *bytes);

#endif
