/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the scheduler knows of containers, CPUs and tasks, and the tree that says whose turn
 * it is: a tournament. Each inner node has the slot of the earlier one of its two children,
 * so that the root has the first of all, and a change is a walk from a leaf to the root. It
 * has as many leaves as there were containers at once.
 */
#ifndef CLOISON_STATE_BPF_H
#define CLOISON_STATE_BPF_H

#include "scx.bpf.h"
#include "cloison_sched.h"


#define NS_PER_MS	1000000ULL
#define SLICE		(4 * NS_PER_MS)
#define MIN_SLICE	(NS_PER_MS / 10)
/* What a container that comes back may be behind the clock, in its own slices. */
#define MAX_LAG		2
/* MAX_CONTAINERS is 2 to this. */
#define TREE_LEVELS	12
/* As long as so many wait, each gets a whole slice. */
#define MANY_TASKS	32
/* Who waits longer is run out of turn: the kernel's patience ends after 30 s. */
#define PATIENCE	(10000 * NS_PER_MS)
#define REFILL_EVERY	(4 * NS_PER_MS)
#define GUARD_EVERY	(1000 * NS_PER_MS)

#define PREEMPT_LOOKS	16
#define CLOCK_LOOKS	64
#define WAKE_LOOKS	64

/* Slots; nobody has the first. */
#define NOBODY		0
#define HOST		1

#define DSQ_OF(slot)	(0x10000ULL + (slot))

const volatile __u32 host_weight = 100;

struct sched_ct cts[MAX_CONTAINERS];
struct sched_cpu cpus[MAX_CPUS];

/* The tree: winner[MAX_CONTAINERS + slot] are the leaves, the children of n are 2n and 2n + 1. */
__u16 winner[2 * MAX_CONTAINERS];
__u32 root = MAX_CONTAINERS / 16;
__u32 slots = HOST + 1;
__u32 nr_throttled, refill_armed;
__u32 nr_cpus;
__u64 rescued;
__u64 clock;	/* the furthest of all CPUs' */

#define private(name) SEC(".data." #name) __attribute__((visibility("hidden"), aligned(8)))
private(tree) struct bpf_spin_lock lock;

struct task {
	u64 vtime;
	u64 mark;	/* sum_exec_runtime that is paid */
	u64 paid_vtime, paid_ns;	/* ahead */
	u64 waits_since;	/* 0: not seen yet by the guard */
	u64 turn;	/* vtime when its turn began */
	u64 burst;	/* ran since it woke up */
	u32 slot;
	u32 changes;	/* of its container, when this was paid */
	u16 waits;	/* counted in its container */
	u16 holds;	/* a CPU, counted in its container */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task);
} tasks SEC(".maps");

struct group {
	u32 slot;
	u32 top;	/* the container's own */
};

struct {
	__uint(type, BPF_MAP_TYPE_CGRP_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct group);
} groups SEC(".maps");

struct timer {
	struct bpf_timer timer;
};

enum { TIMER_REFILL, TIMER_GUARD, TIMERS };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TIMERS);
	__type(key, u32);
	__type(value, struct timer);
} timers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct sched_ended);
} ended SEC(".maps");

#define error(fmt, ...)							\
	({								\
		static char ___fmt[] = fmt;				\
		unsigned long long ___args[] = { __VA_ARGS__ };		\
		scx_bpf_error_bstr(___fmt, ___args, sizeof(___args));	\
	})

#define say(fmt, ...)							\
	({								\
		static char ___fmt[] = fmt;				\
		unsigned long long ___args[] = { __VA_ARGS__ };		\
		scx_bpf_dump_bstr(___fmt, ___args, sizeof(___args));	\
	})

static __always_inline struct sched_ct *ct_of(u32 slot)
{
	return &cts[slot & (MAX_CONTAINERS - 1)];
}

static __always_inline struct sched_cpu *cpu_of(s32 cpu)
{
	return &cpus[cpu & (MAX_CPUS - 1)];
}

static __always_inline bool before(u64 a, u64 b)
{
	return (s64)(a - b) < 0;
}

static __always_inline u64 scaled(u64 ns, const struct sched_ct *ct)
{
	return ns * 1600 / (ct->weight ?: 1);
}

static __always_inline void set_weight(struct sched_ct *ct, u32 weight)
{
	ct->weight = weight;
	ct->ms = scaled(NS_PER_MS, ct);
	ct->changes++;
}

static __always_inline struct task *task_of(struct task_struct *p)
{
	return bpf_task_storage_get(&tasks, p, 0, 0);
}

static __always_inline bool pinned_kthread(const struct task_struct *p)
{
	return (p->flags & PF_KTHREAD) && p->nr_cpus_allowed == 1;
}

/* --- the tree; all with the lock held --- */

static __always_inline u16 earlier(u16 a, u16 b)
{
	if (b == NOBODY)
		return a;
	if (a == NOBODY)
		return b;
	return before(ct_of(b)->key, ct_of(a)->key) ? b : a;
}

static __noinline void tree_update(u32 slot)
{
	u32 node = MAX_CONTAINERS + (slot & (MAX_CONTAINERS - 1)), top = root;
	int i;

	winner[node] = ct_of(slot)->queued ? slot : NOBODY;
	bpf_for(i, 0, TREE_LEVELS) {
		u32 n = (node >> 1) & (MAX_CONTAINERS - 1);
		u16 was, now;

		if (node <= top)
			break;
		was = winner[n];
		now = earlier(winner[2 * n], winner[2 * n + 1]);
		winner[n] = now;
		if (was == now && now != slot)
			break;
		node = n;
	}
}


/* Put it where it belongs, or take it out. */
static __always_inline void tree_place(u32 slot, bool in)
{
	struct sched_ct *ct = ct_of(slot);

	ct->queued = in;
	ct->key = ct->vtime;
	tree_update(slot);
}

static __always_inline bool waits(const struct sched_ct *ct)
{
	return ct->waiting && !ct->throttled && !ct->parked;
}

/* Put it where it belongs. Who begins to wait for one that is in the tree leaves it as it is. */
static __always_inline void tree_settle(u32 slot)
{
	struct sched_ct *ct = ct_of(slot);
	bool in = waits(ct);

	tree_place(slot, in);
	/* who did so in between saw it there still */
	if (!in && __sync_fetch_and_add(&ct->waiting, 0) && waits(ct))
		tree_place(slot, true);
}

/*
 * Is it where it belongs, or about? What it ran meanwhile counts when it was a quarter of a
 * millisecond.
 */
static __always_inline bool in_place(const struct sched_ct *ct)
{
	return ct->vtime - ct->key <= ct->ms / 4;
}

#endif
