/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CLOISON_TASKS_H
#define CLOISON_TASKS_H

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

#endif
