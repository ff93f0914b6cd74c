/* SPDX-License-Identifier: GPL-2.0-only */
/* Limits: OpenVZ's keys in the configuration, cgroup v2 files in the kernel. */
#ifndef CLOISON_LIMITS_H
#define CLOISON_LIMITS_H

#include <stdint.h>
#include <sys/types.h>

#include "conf.h"

/* Which of them: bits for limits_apply(). */
enum limit_bits {
	LIMIT_RAM	= 1 << 0,
	LIMIT_SWAP	= 1 << 1,
	LIMIT_NUMPROC	= 1 << 2,
	LIMIT_CPUUNITS	= 1 << 3,
	LIMIT_CPU_TIME	= 1 << 4,	/* cpulimit and cpus */
	LIMIT_CPUMASK	= 1 << 5,
	LIMIT_NODEMASK	= 1 << 6,
	LIMIT_IOPRIO	= 1 << 7,
	LIMIT_IO	= 1 << 8,	/* iolimit and iopslimit */
	LIMIT_LOCKED	= 1 << 9,
	LIMIT_SCHED	= 1 << 10,
	LIMIT_ALL	= (1 << 11) - 1,
};

#define IOPRIO_DEFAULT	4

struct limits {
	unsigned int given;	/* those the configuration speaks of */
	uint64_t ram;		/* bytes, VALUE_UNLIMITED */
	uint64_t swap;		/* bytes, VALUE_UNLIMITED */
	uint64_t numproc;	/* tasks, VALUE_UNLIMITED */
	uint64_t locked;	/* bytes that each process may lock, VALUE_UNLIMITED */
	uint32_t cpuunits;	/* 8..500000 */
	uint32_t cpulimit;	/* percent of one CPU, 0: none */
	uint32_t cpus;		/* 0: all */
	const char *cpumask;	/* a list such as 0-3,5, "all", "auto"; points into the conf */
	const char *nodemask;	/* a list, "all" */
	uint32_t sched;		/* enum sched_policy */
	uint32_t ioprio;	/* 0..7 */
	uint64_t iolimit;	/* bytes/s, VALUE_UNLIMITED */
	uint64_t iopslimit;	/* operations/s, VALUE_UNLIMITED */
};

/* EXIT_BAD_VALUE names the key. A NULL @conf gives the defaults. */
int limits_read(const struct conf *conf, struct limits *limits);

/*
 * Give container @id's cgroup the limits in @which; @disk is a path on the disk
 * that the I/O limits are for. Below what is in use: more processes are refused; of
 * RAM the kernel takes back what it can, and if that is not enough the limit stays what
 * it was: nothing is killed. Returns 0 or EXIT_LIMITS, EXIT_IO for those of I/O.
 */
int limits_apply(uint32_t id, const char *disk, const struct limits *limits, unsigned int which);

/*
 * The I/O limits container @id has of @disk, without the disk's number: "rbps=... wiops=...";
 * NULL if there are none, to be freed. And given to it again, maybe on another: EXIT_IO.
 */
char *limits_rates(uint32_t id, const char *disk);
int limits_set_rates(uint32_t id, const char *disk, const char *rates);

/* How many CPUs it may have at once, 0: all; cpu.max is apart. */
int limits_set_cpus(uint32_t id, uint32_t cpus);
/* How its own tasks are ordered, while our scheduler is in charge; else that is warned of. */
int limits_set_sched(uint32_t id, uint32_t policy);

/* What each process has of its own, for the first one. */
int limits_apply_process(pid_t pid, const struct limits *limits);
/* The same as process @like has. */
int limits_copy_process(pid_t pid, pid_t like);

/* What is set of CPUs, as vzctl says it. */
void limits_say(const struct limits *l, unsigned int which);

/* cpuunits as cpu.weight: 1000 units are weight 100 (1..10000). */
unsigned int limits_weight(uint32_t cpuunits);

/*
 * Where the kernel's own scheduling is in charge, all containers are one group beside the host's.
 * Its weight is to be that of all that run, so that each stands beside VE0CPUUNITS.
 */
int limits_share(void);

/* CPU time per period as cpu.max has it: the smaller of the two limits, in
 * percent of one CPU; 0 is no limit.
 */
uint32_t limits_cpu_percent(const struct limits *limits);

/* ioprio as io.weight: 4, the default, is weight 100; each step is 20 more. */
unsigned int limits_io_weight(uint32_t ioprio);

#endif
