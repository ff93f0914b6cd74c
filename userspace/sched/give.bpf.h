/* SPDX-License-Identifier: GPL-2.0-only */
/* What a container is given, and what it has to pay. */
#ifndef CLOISON_GIVE_BPF_H
#define CLOISON_GIVE_BPF_H

#include "policy.bpf.h"
#include "state.bpf.h"


static __always_inline void refill(struct sched_ct *ct, u64 now)
{
	u64 then = ct->filled_at, got;
	s64 most = ct->quota + ct->burst;

	if (!before(then + NS_PER_MS / 2, now) ||
	    __sync_val_compare_and_swap(&ct->filled_at, then, now) != then)
		return;
	/* no more than it can use */
	if (now - then > 10000 * NS_PER_MS)
		then = now - 10000 * NS_PER_MS;
	got = (now - then) / 1000 * ct->quota / (ct->period / 1000 ?: 1);
	__sync_fetch_and_add(&ct->tokens, got);
	if (ct->tokens > most)
		ct->tokens = most;
}

static __always_inline bool limited(const struct sched_ct *ct)
{
	/* so many CPUs at once are no more than the quota: a cap beside would cut twice */
	return ct->quota && (!ct->max_cpus || ct->quota < ct->max_cpus * ct->period);
}

static u64 slice_of(const struct sched_ct *ct)
{
	u64 slice = SLICE;

	if (ct->waiting > MANY_TASKS)
		slice = SLICE * MANY_TASKS / ct->waiting;
	if (limited(ct) && ct->tokens < (s64)slice)
		slice = ct->tokens > 0 ? ct->tokens : 0;
	return slice < MIN_SLICE ? MIN_SLICE : slice;
}

/*
 * Start the timer that ends throttling, unless it runs. With interrupts off the kernel needs
 * memory for that, which it may not have; then the other timer does it.
 */
static __always_inline void arm_refill(void)
{
	u32 which = TIMER_REFILL;
	struct timer *t;

	if (__sync_lock_test_and_set(&refill_armed, 1))
		return;
	t = bpf_map_lookup_elem(&timers, &which);
	if (!t || bpf_timer_start(&t->timer, REFILL_EVERY, 0))
		refill_armed = 0;
}

/* Idle CPUs for those that wait in a container, as far as there are any: the first @looks. */
static __noinline void wake_for(u32 slot, int looks)
{
	struct task_struct *p;

	bpf_rcu_read_lock();
	bpf_for_each(scx_dsq, p, DSQ_OF(slot), 0) {
		s32 cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);

		/* others may be bound to other CPUs */
		if (cpu >= 0)
			scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
		if (!--looks)
			break;
	}
	bpf_rcu_read_unlock();
}

/* It may have so many CPUs more. */
static __noinline void unpark(u32 slot, int cpus)
{
	struct sched_ct *ct = ct_of(slot);
	bool ended = false;

	bpf_spin_lock(&lock);
	if (ct->parked && (!ct->max_cpus || ct->running < ct->max_cpus)) {
		ended = true;
		ct->parked = 0;
		tree_settle(slot);
	}
	bpf_spin_unlock(&lock);
	/* whoever gives one back may not run its tasks, or has something more urgent to run */
	if (ended)
		wake_for(slot, cpus);
}

/* It has one CPU less. */
static __always_inline void give_back(u32 slot)
{
	struct sched_ct *ct = ct_of(slot);

	__sync_fetch_and_sub(&ct->running, 1);
	if (ct->parked)
		unpark(slot, 1);
}

static __noinline void throttle(u32 slot)
{
	struct sched_ct *ct = ct_of(slot);
	bool first = false;

	bpf_spin_lock(&lock);
	if (!ct->throttled && ct->tokens <= 0) {
		ct->throttled = 1;
		ct->throttles++;
		first = true;
		tree_place(slot, false);
	}
	bpf_spin_unlock(&lock);
	if (first) {
		ct->blocked_at = scx_bpf_now();
		__sync_fetch_and_add(&nr_throttled, 1);
	}
	arm_refill();
}

static __noinline void park(u32 slot)
{
	struct sched_ct *ct = ct_of(slot);

	bpf_spin_lock(&lock);
	ct->parked = 1;
	tree_place(slot, false);
	bpf_spin_unlock(&lock);
	/* who gave back in between did not see it parked */
	unpark(slot, 1);
}

/* May it have one more CPU? If not, the container is out of the tree until it gives one back. */
static __always_inline bool take_cpu(u32 slot)
{
	struct sched_ct *ct = ct_of(slot);
	u32 running = __sync_fetch_and_add(&ct->running, 1), max = ct->max_cpus;

	if (max && running >= max) {
		give_back(slot);
		park(slot);
		return false;
	}
	if (running >= ct->max_running)
		ct->max_running = running + 1;
	return true;
}

/*
 * May a task of it have a CPU, for @slice? Then it is paid for here; what it did not use
 * is paid back by release(). If not, the container is out of the tree.
 */
static __always_inline bool grant(u32 slot, u64 slice)
{
	struct sched_ct *ct = ct_of(slot);

	if (limited(ct)) {
		refill(ct, scx_bpf_now());
		if (ct->throttled || ct->tokens <= 0) {
			throttle(slot);
			return false;
		}
	}
	if (!take_cpu(slot))
		return false;
	__sync_fetch_and_add(&ct->vtime, scaled(slice, ct));
	__sync_fetch_and_sub(&ct->tokens, slice);
	return true;
}

/* It became more urgent: it ran less than it paid for. */
static __noinline void hasten(u32 slot)
{
	struct sched_ct *ct = ct_of(slot);

	bpf_spin_lock(&lock);
	if (ct->queued)
		tree_place(slot, true);
	bpf_spin_unlock(&lock);
}

static __always_inline void pay_back(u32 slot, u64 vtime, u64 ns)
{
	struct sched_ct *ct = ct_of(slot);

	__sync_fetch_and_sub(&ct->vtime, vtime);
	__sync_fetch_and_add(&ct->tokens, ns);
	if (ct->queued && ct->waiting && before(ct->vtime, ct->key))
		hasten(slot);
}

static __always_inline void refund(u32 slot, u64 vtime, u64 ns)
{
	give_back(slot);
	pay_back(slot, vtime, ns);
}

/* The task pays for what it ran since the last time. */
static __always_inline void settle(struct task_struct *p, struct task *t)
{
	struct sched_ct *ct = ct_of(t->slot);
	u64 used = p->se.sum_exec_runtime - t->mark, vtime;

	if (!used)
		return;
	t->mark = p->se.sum_exec_runtime;
	t->vtime += charged(ct, p, t, used);
	vtime = scaled(used, ct);
	/* out of what it paid ahead, as far as that goes */
	if (vtime < t->paid_vtime) {
		t->paid_vtime -= vtime;
	} else {
		__sync_fetch_and_add(&ct->vtime, vtime - t->paid_vtime);
		t->paid_vtime = 0;
	}
	if (used < t->paid_ns) {
		t->paid_ns -= used;
	} else {
		__sync_fetch_and_sub(&ct->tokens, used - t->paid_ns);
		t->paid_ns = 0;
	}
}

/* It has no CPU any more. */
static __always_inline void release(struct task_struct *p, struct task *t)
{
	settle(p, t);
	if (!t->holds)
		return;
	t->holds = 0;
	refund(t->slot, t->paid_vtime, t->paid_ns);
	t->paid_vtime = t->paid_ns = 0;
}

/* What a CPU has of a grant is not used there. */
static __noinline void drop(struct sched_cpu *c)
{
	u32 slot = c->granted;

	if (!slot)
		return;
	c->granted = NOBODY;
	if (!c->left)
		give_back(slot);
	pay_back(slot, c->granted_vtime, c->granted_ns);
}

/* It falls asleep: what is left of its slice stays with the CPU, see hand_on(). */
static __always_inline void leave(struct sched_cpu *c, struct task_struct *p, struct task *t)
{
	settle(p, t);
	if (!t->holds || t->paid_ns < MIN_SLICE) {
		release(p, t);
		return;
	}
	drop(c);
	t->holds = 0;
	give_back(t->slot);
	c->granted = t->slot;
	c->granted_vtime = t->paid_vtime;
	c->granted_ns = t->paid_ns;
	c->changes = t->changes;
	c->left = 1;
	t->paid_vtime = t->paid_ns = 0;
}

static __always_inline void no_longer_waits(struct task *t)
{
	if (!t->waits)
		return;
	t->waits = 0;
	__sync_fetch_and_sub(&ct_of(t->slot)->waiting, 1);
}

/* Who is further ahead than anybody can owe has been away for as long as numbers last. */
#define FAR_AHEAD	(1LL << 60)

/* No container has more to come than for a moment. */
static __always_inline void catch_up(struct sched_ct *ct, u64 now)
{
	u64 least = now - MAX_LAG * (SLICE / NS_PER_MS) * ct->ms;
	s64 behind = least - ct->vtime;

	if (behind > 0 || behind < -FAR_AHEAD)
		__sync_fetch_and_add(&ct->vtime, behind);
}

/* A CPU has begun to run a container that had come to @start. */
static __always_inline void wind(struct sched_cpu *c, u64 start)
{
	if (before(c->clock, start))
		c->clock = start;
	if (before(clock, start))
		clock = start;
}

#endif
