/* SPDX-License-Identifier: GPL-2.0-only */
/* What the scheduler (cloison_sched.bpf.c) and the tool tell each other. */
#ifndef CLOISON_SCHED_H
#define CLOISON_SCHED_H

/* Containers that are told apart, with the host; more count as the host's. */
#define MAX_CONTAINERS	4096

#define MAX_CPUS	1024
#define MAX_SKIPPED	32

/* In which order the tasks of a container run: policy.bpf.h */
enum sched_policy {
	SCHED_DEFAULT,
	SCHED_LATENCY,
	SCHED_BATCH,
};

struct sched_ct {
	__u64 vtime;	/* atomic; what it was given, by weight */
	__u64 key;	/* vtime when it was put into the tree; not after it while anybody waits */
	__u64 ms;	/* what it pays for a millisecond */
	__u64 clock;	/* of its tasks */
	__s64 tokens;	/* atomic, ns that it may run */
	__u64 filled_at;
	__u64 quota, period, burst;	/* ns; quota 0: no limit */
	__u64 blocked_at;
	__u64 throttled_ns;
	__u64 throttles;
	__u64 cgid;
	__u32 ctid;
	__u32 weight;
	__u32 set_weight;
	__u32 idle;
	__u32 waiting;	/* atomic: its tasks that are queued, or just about to be */
	__u32 running;	/* atomic: CPUs that it has, or is about to have */
	__u32 max_running;
	__u32 max_cpus;	/* 0: all */
	__u32 policy;
	__u32 changes;	/* of the slot's owner, or of its weight or limit */
	__u32 used;
	/* under the lock */
	__u32 queued;	/* in the tree */
	__u32 throttled;
	__u32 parked;	/* has all CPUs that it may have */
};

struct sched_cpu {
	__u64 clock;	/* what the containers had come to that it ran */
	__u64 granted_vtime;	/* paid for the task that is about to run, or for the next one */
	__u64 granted_ns;
	__u64 task_place;	/* in the queue, if it were there */
	__u32 granted;	/* to this container; NOBODY */
	__u32 left;	/* by a task that has gone: the container has not the CPU */
	__u32 changes;	/* of the container, when it was granted */
	__u32 current;
	__u32 sweep;
	__u32 skipped;
	__u32 offline;
	__u32 skip[MAX_SKIPPED];
};

/* The argument of the program set_own: what cgroups have no files for. */
struct sched_own {
	__u32 ctid;
	__u32 cpus;	/* at once; 0: all */
	__u32 policy;
};

/* Of enum scx_exit_kind: nobody had the link any more. */
#define SCHED_UNREG	64

/* How the scheduler ended, of struct scx_exit_info; kind is 0 until then. */
struct sched_ended {
	__u64 since, at;	/* CLOCK_BOOTTIME, in ns */
	__s64 code;
	__u32 ejections;	/* before, in a row */
	__u32 kind;
	__u64 object;	/* which one it is; of it and its host_weight, see scx_enable() */
	__u32 host_weight, pad;
	char reason[128];
	char message[512];
};

#endif
