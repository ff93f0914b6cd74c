/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container's files in another layout, or in a new image: PRIVATE.converting is filled
 * with all that PRIVATE has, and the two change places in one step.
 */
#ifndef CLOISON_CONVERT_H
#define CLOISON_CONVERT_H

#include "container.h"

/*
 * It is not mounted, and its lock is held. ct->conf says how large the new one is, and gets
 * VE_LAYOUT as @name has it; the file is written last. EXIT_CONVERT; it is as it was then.
 */
int convert(struct container *ct, const char *name);

/* One that was cut off left something; remove that. */
bool convert_unfinished(const struct container *ct);
int convert_clear(const struct container *ct);
/* And the container goes on with the limits it had before. */
int convert_abandon(const struct container *ct);

/*
 * The same way for others, who fill PRIVATE.converting, convert_staging(), to be freed, after
 * convert_clear(): the step that counts. It is on disk when this returns 0, or, as is said then,
 * cannot be undone any more; after an error it did not happen.
 */
char *convert_staging(const struct container *ct);
int convert_change_places(const struct container *ct, const char *staging);
/* Not to be: convert_abandon() with the error @ret, which stays. */
int convert_undo(const struct container *ct, int ret);

#endif
