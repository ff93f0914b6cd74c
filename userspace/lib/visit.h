/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running programs of a container's whether it runs or not. In one that is down, each
 * program gets an environment of its own: the same files, ids, limits, confinement
 * and a network of nothing but lo, with the program for init. Nobody sees the
 * container run meanwhile.
 */
#ifndef CLOISON_VISIT_H
#define CLOISON_VISIT_H

#include "attach.h"

struct visit {
	struct container *ct;
	struct attached in;	/* for attach_spawn() and all that is made of it */
	bool mounted;
};

/* Takes the lock of one that is down, unless the caller has it: nobody starts it meanwhile. */
int visit_begin(struct container *ct, struct visit *visit);
/* Nothing is left of the environment: 0, or what container_sweep() says. */
int visit_end(struct visit *visit);

#endif
