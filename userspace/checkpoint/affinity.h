/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The CPUs on which a thread has asked to run, or was made to (sched_setaffinity(2)), which CRIU
 * forgets. Of each that has not all that its cgroup has, by the id inside:
 *
 *	{"12": "0-1,8", ...}
 */
#ifndef CLOISON_AFFINITY_H
#define CLOISON_AFFINITY_H

#include <jansson.h>
#include <stdint.h>

/* While nothing runs. */
json_t *affinity_record(uint32_t id);
/* @all may be NULL. CPUs that are not here are warned of. */
void affinity_set(uint32_t id, json_t *all);

#endif
