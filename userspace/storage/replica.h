/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A single file as it is, for the host's root: owner, mode, ACLs, all attributes, times, holes.
 * These return 0, or -1 and errno.
 */
#ifndef CLOISON_REPLICA_H
#define CLOISON_REPLICA_H

#include <sys/stat.h>

/* All that @st and the attributes say of what is open as @from; @to may be O_PATH, as @from. */
int replica_attributes(int from, int to, const struct stat *st);

/*
 * Of the file @name in the directory @from, which is none itself, and @st what is known of it:
 * @as in the directory @to, where there is nothing of that name. It need not be that file any
 * more, or stay the same: then this fails (ESTALE), or the copy is of no use, but no link is
 * followed, and no more is read than @st says. What is half made is removed.
 */
int replica_make(int from, const char *name, const struct stat *st, int to, const char *as);

#endif
