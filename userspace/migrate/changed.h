/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What has changed in a container's files since a moment at which it ran, for the pass for which
 * it stands still: by the time of the last change of an inode (ctime), which no program inside
 * can set.
 */
#ifndef CLOISON_MIGRATE_CHANGED_H
#define CLOISON_MIGRATE_CHANGED_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "../lib/container.h"

struct moment {
	time_t seconds;	/* of the clock that files have their times from; 0: none */
	time_t ahead;	/* that is of the clock which nobody sets */
	bool missed;	/* the pass that began then left something out */
};

/* Now, less what file systems may cut off. */
void changed_begin(struct moment *since);

/*
 * Nothing changes meanwhile. The tree is gone through by find(1) as root of a user namespace with
 * the ids from @base on. *@names: what rsync(1) --from0 --files-from=- reads, without recursion;
 * -1 if it cannot be told: all there is. *@contents: files that have changed, whose own time and
 * size do not tell; -1: none, or it cannot be told. The caller closes them. MIGRATE_COPY.
 */
int changed_find(const struct container *ct, uint32_t base, const struct moment *since,
		 int *names, int *contents);

#endif
