/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CLOISON_TASKS_H
#define CLOISON_TASKS_H

#include <stdint.h>

#include "container.h"
#include "criu.h"
#include "devnodes.h"
#include "meta.h"

/*
 * Have CRIU restore the tasks of a container whose files are mounted, with the devices @nodes. The
 * caller says in @job where the images are, and what is to be done on the way. As criu_run().
 */
int tasks_restore(const struct container *ct, const struct devnodes *nodes,
		  const struct meta *meta, struct criu_job *job, pid_t *init);

/* How far a restore has come. */
struct progress {
	int64_t since;		/* no further: now_ms() when it begins */
	uint64_t memory;	/* than to so many bytes */
};

/*
 * CRIU 4.1 reads on for ever where pages are missing, and there may be many to be read: for how
 * many ms has nothing more come into the cgroup at @path?
 */
int64_t progress_stalls(struct progress *p, const char *path);

#endif
