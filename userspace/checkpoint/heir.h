/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process apart that has the container's lock too. If the tool is killed it waits until CRIU has
 * ended, and does at once what the next command would (container_settle()): that may not come
 * for a long time, and the container stands still.
 */
#ifndef CLOISON_HEIR_H
#define CLOISON_HEIR_H

#include "container.h"

struct heir {
	pid_t pid;
	int line;	/* it lives until nobody has this any more; 0: there is none */
};

/* EXIT_SYSTEM */
int heir_begin(const struct container *ct, struct heir *heir);
/* Nothing is left to be done. It is gone then, and with it its hold on the lock. */
void heir_end(struct heir *heir);

#endif
