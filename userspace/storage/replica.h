/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A copy of a regular file that is open, for the host's root: what cp -a would make of it. These
 * return 0, or -1 and errno. A file that is changed meanwhile has a copy that is of no use.
 */
#ifndef CLOISON_REPLICA_H
#define CLOISON_REPLICA_H

#include <sys/stat.h>
#include <sys/types.h>

/* So many bytes at most are copied at a time. */
#define REPLICA_PIECE	(1 << 20)

/*
 * What is in @from, and where there is nothing, into @to, which is empty. @st is of @from: no more
 * is copied than it has on disk by that, however fast somebody fills it and empties it again
 * (ESTALE). @before is called for each piece with @arg; if it fails, so does this.
 */
int replica_contents(int from, int to, const struct stat *st,
		     int (*before)(int from, off_t at, off_t len, void *arg), void *arg);

/* Then owner, ACLs, all attributes, mode and times. */
int replica_attributes(int from, int to, const struct stat *st);

#endif
