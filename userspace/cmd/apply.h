/* SPDX-License-Identifier: GPL-2.0-only */
/* What set does to a container that runs: its configuration, as it has just become, counts. */
#ifndef CLOISON_APPLY_H
#define CLOISON_APPLY_H

#include "../lib/container.h"
#include "../lib/params.h"

/* Those of LIMIT_ALL. */
int apply_limits(struct container *ct, unsigned int which);
/*
 * What @applies, but for addresses, what leads to these, and apply_files(); of beancounters those
 * in @beancounters, or all.
 */
int apply(struct container *ct, const struct kernel_container *kc, unsigned int applies,
	  const struct params *beancounters);
/* Ports of the host's; after addresses. */
int apply_ports(struct container *ct);
/* By the container's own shell, which is to decide nothing else: last, and after saving. */
int apply_files(struct container *ct, unsigned int applies);

#endif
