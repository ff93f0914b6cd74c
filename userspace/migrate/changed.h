/* SPDX-License-Identifier: GPL-2.0-only */
/* What has changed in a container's files, by the times that the kernel notes. */
#ifndef CLOISON_MIGRATE_CHANGED_H
#define CLOISON_MIGRATE_CHANGED_H

#include <time.h>

/* A moment that changes count from, and how the clock stood that files get their times from. */
struct moment {
	time_t seconds;
	time_t ahead;	/* of the clock that nobody sets */
};

/* Now, less what file systems may cut off. */
void changed_begin(struct moment *since);

/*
 * Write to @fd what rsync(1) --files-from --from0 has to look at to find all that has changed
 * below @dir since then: all there is, if the clock was set meanwhile. Nothing changes now.
 * MIGRATE_COPY.
 */
int changed_write(const char *dir, const struct moment *since, int fd);

#endif
