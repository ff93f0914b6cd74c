/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copies of files that programs go on changing, for a copy that is made while these stand still
 * to have little left to do. That is worth it where copies share no blocks.
 *
 * What is copied ahead is the contents and attributes of files, not their places: each copy is
 * named by the number of the file that was opened. While all stands still each file that there is
 * by then gets the copy of its number if it has not changed since, and else is copied. Whether it
 * has is told by its change time, which a container cannot set, whatever else it does to its
 * files: a write through a mapping sets it too, as pages were written to disk before. The clock
 * that it is taken from is watched.
 */
#ifndef CLOISON_AHEAD_H
#define CLOISON_AHEAD_H

#include <stdbool.h>

#include "copy.h"

struct ahead;

/*
 * Copy ahead what copy_tree() will be asked for. Sets copy->ahead; not where it is not worth it,
 * or cannot be done surely. copy->status if there is no room.
 */
int ahead_begin(struct copy *copy);

/*
 * The files stand still: make the rest of what there is in the directory @to, which is empty.
 * *@done false: that is for cp(1) to do, all of it, in @to as it was made. copy->status.
 */
int ahead_finish(const struct copy *copy, const char *to, bool *done);

/* They go on: what was not needed goes, of one that failed as well. @ret, or copy->status. */
int ahead_end(struct copy *copy, int ret);

#endif
