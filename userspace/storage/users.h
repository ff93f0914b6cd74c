/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Quotas of a container's own users and groups (QUOTAUGIDLIMIT), in a file system of its own that
 * was made to count them, see ext4.h. Who has how much is set on the host, by the container's
 * ids, which are the file system's: the kernel lets nobody do that in a user namespace.
 */
#ifndef CLOISON_USERS_H
#define CLOISON_USERS_H

#include "container.h"

/*
 * Their limits hold, or do not, if it is mounted; @fd is its image or device. That it cannot count
 * is said. EXIT_QUOTA.
 */
int users_limit(const struct container *ct, int fd, bool on);

/* Those of the one file system for the other, where both count; both are mounts. EXIT_QUOTA. */
int users_copy(int from, int to);

#endif
