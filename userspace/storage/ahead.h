/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copies of files that programs go on changing, for a copy that is made while these stand still
 * to have little left to do. On ext4, where copies share no blocks.
 *
 * What is copied ahead is regular files, not their places: each copy is named by the number of
 * the file that was opened. Once all stands still, each file that has not changed since is the
 * copy of its number, and the rest is copied by cp(1). Whether it has is told by its change time,
 * which a container cannot set, whatever else it does to its files. The clock that it is taken
 * from is watched.
 *
 * Who holds a file holds up who reads it, where no signal reaches him. So another process reads,
 * which has nothing of the tool's, above all no lock. Its time is limited, and it need not be gone
 * for the tool to go on: a copy has its name from when it is whole, and who was killed makes no
 * system call more.
 */
#ifndef CLOISON_AHEAD_H
#define CLOISON_AHEAD_H

#include "copy.h"

struct ahead;

/*
 * Of the container @source, if its programs run: copy ahead what copy_tree() will be asked for.
 * Sets copy->ahead, or not where that cannot be done surely. copy->status, or another exit status,
 * if there is no room.
 */
int ahead_begin(const struct container *source, struct copy *copy);

/*
 * All stands still: what has not changed since is put into the directory @to, which is empty, in
 * directories that are still to get their attributes; all other copies go. copy->status.
 */
int ahead_place(const struct copy *copy, const char *to);

/* Whatever came of it. The caller clears away what is left in copy->to if it failed. */
void ahead_end(struct copy *copy);

#endif
