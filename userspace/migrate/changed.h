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
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

#include "../lib/container.h"

struct moment {
	time_t seconds;	/* of the clock that files have their times from; 0: none */
	time_t ahead;	/* that is of the clock which nobody sets */
	bool missed;	/* the pass that began then left something out */
};

/* Now, less what file systems may cut off. */
void changed_begin(struct moment *since);

/* find(1), which runs and waits to be told where. All zero: none. */
struct search {
	pid_t pid;
	int names;		/* for it to look at */
	FILE *found;
	bool one_by_one;	/* not at what is below them */
};

/* Somebody changes things still. As root of a user namespace with the ids from @base on. */
int changed_prepare(const struct container *ct, uint32_t base, const struct moment *since,
		    struct search *s);
/* Nobody needs it. */
void changed_forget(struct search *s);

/*
 * Nothing changes meanwhile. *@names: what rsync(1) --from0 --files-from=- reads, without
 * recursion; -1 if it cannot be told: all there is. *@contents: files that have changed, whose own
 * time and size do not tell; -1: none, or it cannot be told. The caller closes them. @s may be
 * none; it is afterwards. MIGRATE_COPY.
 */
int changed_find(const struct container *ct, uint32_t base, const struct moment *since,
		 struct search *s, int *names, int *contents);

#endif
