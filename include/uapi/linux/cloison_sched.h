/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Cloison: the protocol between cloison_sched.ko and the tool. What the figures
 * mean and how they are made is in Documentation/sched.rst.
 *
 * A generic netlink family of its own, CLOISON_SCHED_GENL_NAME, under the rules
 * of the family "cloison" (cloison.h): initial network namespace, CAP_SYS_ADMIN
 * in the initial user namespace, extended acks, strict checks. It is there if and
 * only if the module is loaded. Containers are named by the ids that were
 * registered with the core, and 0 is the host; ID of one that is not registered is
 * -ENOENT.
 *
 * CLOISON_SCHED_CMD_GET	{ID}, answer {CONTAINER}; as a dump: all, by id, the
 *				host first
 *	What its tasks got of the CPUs and waited for since the container was
 *	registered, or the module loaded if that was later. No figure but RUNNING
 *	ever goes back.
 */
#ifndef _UAPI_LINUX_CLOISON_SCHED_H
#define _UAPI_LINUX_CLOISON_SCHED_H

#define CLOISON_SCHED_GENL_NAME		"cloison_sched"
#define CLOISON_SCHED_GENL_VERSION	1

enum cloison_sched_cmd {
	CLOISON_SCHED_CMD_UNSPEC,
	CLOISON_SCHED_CMD_GET,

	__CLOISON_SCHED_CMD_MAX,
	CLOISON_SCHED_CMD_MAX = __CLOISON_SCHED_CMD_MAX - 1,
};

/* Top level attributes. */
enum cloison_sched_attr {
	CLOISON_SCHED_A_UNSPEC,
	CLOISON_SCHED_A_ID,		/* u32, 0..CLOISON_ID_MAX */
	CLOISON_SCHED_A_CONTAINER,	/* nested, enum cloison_sched_container_attr */

	__CLOISON_SCHED_A_MAX,
	CLOISON_SCHED_A_MAX = __CLOISON_SCHED_A_MAX - 1,
};

/* Inside CLOISON_SCHED_A_CONTAINER. Times are in ns. */
enum cloison_sched_container_attr {
	CLOISON_SCHED_CONTAINER_A_UNSPEC,
	CLOISON_SCHED_CONTAINER_A_PAD,
	CLOISON_SCHED_CONTAINER_A_ID,		/* u32 */
	CLOISON_SCHED_CONTAINER_A_RUN,		/* u64: on a CPU, of all tasks */
	CLOISON_SCHED_CONTAINER_A_WAIT,		/* u64: ready to run, of all tasks */
	CLOISON_SCHED_CONTAINER_A_WAIT_MAX,	/* u64: the longest single wait */
	CLOISON_SCHED_CONTAINER_A_STEAL,	/* u64: ready to run while its CPU was
						 * another's, of all CPUs
						 */
	CLOISON_SCHED_CONTAINER_A_VOLUNTARY,	/* u64: a task left its CPU to sleep */
	CLOISON_SCHED_CONTAINER_A_INVOLUNTARY,	/* u64: a task had to leave its CPU */
	CLOISON_SCHED_CONTAINER_A_RUNNING,	/* u32: on so many CPUs now */
	CLOISON_SCHED_CONTAINER_A_PEAK,		/* u32: the most of that; not of the host */
	CLOISON_SCHED_CONTAINER_A_LATENCY,	/* u64[CLOISON_SCHED_BUCKETS] */
	CLOISON_SCHED_CONTAINER_A_LATENCY_SUM,	/* u64: of all waits that are in a bucket */

	__CLOISON_SCHED_CONTAINER_A_MAX,
	CLOISON_SCHED_CONTAINER_A_MAX = __CLOISON_SCHED_CONTAINER_A_MAX - 1,
};

/*
 * How long tasks waited for a CPU after a wakeup: bucket B has those that waited
 * less than 2^(CLOISON_SCHED_BUCKET_SHIFT + B) ns and are in no bucket before it,
 * the last one all the rest.
 */
#define CLOISON_SCHED_BUCKETS		24
#define CLOISON_SCHED_BUCKET_SHIFT	10

#endif /* _UAPI_LINUX_CLOISON_SCHED_H */
