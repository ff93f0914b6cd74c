/* SPDX-License-Identifier: GPL-2.0-only */
/* What happens without anybody calling: the ends of waits. */
#ifndef CLOISON_TIMERS_BPF_H
#define CLOISON_TIMERS_BPF_H

#include "give.bpf.h"


static __noinline bool unthrottle(u32 slot, u64 now)
{
	struct sched_ct *ct = ct_of(slot);
	bool ended = false;

	if (limited(ct)) {
		refill(ct, now);
		if (ct->tokens <= 0)
			return false;
	}
	bpf_spin_lock(&lock);
	if (ct->throttled) {
		ended = true;
		ct->throttled = 0;
		tree_settle(slot);
	}
	bpf_spin_unlock(&lock);
	if (ended) {
		ct->throttled_ns += now - ct->blocked_at;
		__sync_fetch_and_sub(&nr_throttled, 1);
	}
	return ended;
}

static __noinline int refill_all(u64 now)
{
	int i;

	bpf_for(i, HOST, slots) {
		if (ct_of(i)->throttled && unthrottle(i, now))
			wake_for(i, WAKE_LOOKS);
	}
	if (nr_throttled)
		arm_refill();
	return 0;
}

static int refill_timer(void *map, u32 *key, struct timer *timer)
{
	refill_armed = 0;
	return refill_all(scx_bpf_now());
}

/* Nobody waits for ever. */
static int guard_timer(void *map, u32 *key, struct timer *timer)
{
	u64 now = scx_bpf_now();
	struct task_struct *p;
	int i;

	bpf_for(i, HOST, slots) {
		if (!ct_of(i)->waiting)
			continue;
		bpf_rcu_read_lock();
		bpf_for_each(scx_dsq, p, DSQ_OF(i), 0) {
			struct task *t = task_of(p);

			if (!t)
				continue;
			if (!t->waits_since)
				t->waits_since = now;
			if (before(now, t->waits_since + PATIENCE))
				continue;
			scx_bpf_dsq_move_set_slice(&___it, MIN_SLICE);
			if (scx_bpf_dsq_move(&___it, p,
					     SCX_DSQ_LOCAL_ON | scx_bpf_task_cpu(p), 0))
				__sync_fetch_and_add(&rescued, 1);
		}
		bpf_rcu_read_unlock();
	}
	refill_all(now);
	bpf_timer_start(&timer->timer, GUARD_EVERY, 0);
	return 0;
}

#endif
