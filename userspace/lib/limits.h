/* SPDX-License-Identifier: GPL-2.0-only */
/* Limits: OpenVZ's keys in the configuration, cgroup v2 files in the kernel. */
#ifndef CLOISON_LIMITS_H
#define CLOISON_LIMITS_H

#include <stdint.h>

#include "conf.h"

struct limits {
	uint64_t ram;		/* bytes, VALUE_UNLIMITED */
	uint64_t swap;		/* bytes, VALUE_UNLIMITED */
	uint64_t numproc;	/* tasks, VALUE_UNLIMITED */
	uint32_t cpuunits;	/* 8..500000 */
	uint32_t cpulimit;	/* percent of one CPU, 0: none */
	uint32_t cpus;		/* 0: all */
};

/* EXIT_BAD_VALUE names the key. A NULL @conf gives the defaults. */
int limits_read(const struct conf *conf, struct limits *limits);

/*
 * Give container @id's cgroup the limits. A limit below what is in use is
 * taken: the kernel refuses what comes on top of it. Returns 0 or EXIT_LIMITS.
 */
int limits_apply(uint32_t id, const struct limits *limits);

/* cpuunits as cpu.weight: 1000 units are weight 100 (1..10000). */
unsigned int limits_weight(uint32_t cpuunits);

/* CPU time per period as cpu.max has it: the smaller of the two limits, in
 * percent of one CPU; 0 is no limit.
 */
uint32_t limits_cpu_percent(const struct limits *limits);

#endif
