/* SPDX-License-Identifier: GPL-2.0-only */
/* What only file systems of a container's own can. See layout.h. */
#ifndef CLOISON_IMAGE_H
#define CLOISON_IMAGE_H

#include "container.h"

/*
 * Give the host back what the container has deleted; *@bytes is how much the file has
 * shrunk, or how much the device was told. EXIT_NO_PLOOP if it has none, EXIT_COMPACT.
 */
int image_compact(const struct container *ct, uint64_t *bytes);

/* Making it smaller was cut off; remove what that left. */
bool image_unfinished(const struct container *ct);
int image_clear(const struct container *ct);

#endif
