/* SPDX-License-Identifier: GPL-2.0-only */
/* Limits: OpenVZ's keys in the configuration, cgroup v2 files in the kernel. */
#ifndef CLOISON_LIMITS_H
#define CLOISON_LIMITS_H

#include <stdint.h>

#include "conf.h"

/* Which of them: bits for limits_apply(). */
enum limit_bits {
	LIMIT_RAM	= 1 << 0,
	LIMIT_SWAP	= 1 << 1,
	LIMIT_NUMPROC	= 1 << 2,
	LIMIT_CPUUNITS	= 1 << 3,
	LIMIT_CPU_TIME	= 1 << 4,	/* cpulimit and cpus */
	LIMIT_ALL	= (1 << 5) - 1,
};

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
 * Give container @id's cgroup the limits in @which. Below what is in use: more
 * processes are refused; of memory the kernel takes back what it can, and kills
 * (cgroup-v2.rst, memory.max). Returns 0 or EXIT_LIMITS.
 */
int limits_apply(uint32_t id, const struct limits *limits, unsigned int which);

/* cpuunits as cpu.weight: 1000 units are weight 100 (1..10000). */
unsigned int limits_weight(uint32_t cpuunits);

/* CPU time per period as cpu.max has it: the smaller of the two limits, in
 * percent of one CPU; 0 is no limit.
 */
uint32_t limits_cpu_percent(const struct limits *limits);

#endif
