/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In which order the tasks of a container run: the second level, of which each container has
 * its own (enum sched_policy). None of it has to do with what the container is given.
 *
 *	default	by virtual time: what they ran, by nice value. Who wakes up takes the CPU of
 *		who is a millisecond ahead of it.
 *	latency	the same, but as long as a task has run for less than a slice since it woke
 *		up, that counts a sixteenth, and it need not be ahead by anything. So who
 *		answers and sleeps again is served at once, also where it runs more often than
 *		its share would let it; and who computes gets no less than if there were
 *		sixteen times as many of the former.
 *	batch	by turns of eight slices: who has its turn has the first place in the queue
 *		until it is over, whatever other containers ran in between, and nobody in the
 *		container takes the CPU from it.
 */
#ifndef CLOISON_POLICY_BPF_H
#define CLOISON_POLICY_BPF_H

#include "state.bpf.h"

#define SHORT_COUNTS	16
/* As long as so many wait as get a whole slice. */
#define TURN		(8 * SLICE)

/* What @used is in virtual time of the task. */
static __always_inline u64 charged(const struct sched_ct *ct, const struct task_struct *p,
				   struct task *t, u64 used)
{
	u64 vtime = used * 100 / (p->scx.weight ?: 1);

	t->burst += used;
	return ct->policy == SCHED_LATENCY && t->burst < SLICE ? vtime / SHORT_COUNTS : vtime;
}

/* Its place in the queue. */
static __always_inline u64 place_of(const struct sched_ct *ct, struct task *t)
{
	u64 turn = ct->policy == SCHED_BATCH ? TURN : 0;

	if (ct->waiting > MANY_TASKS)
		turn = turn * MANY_TASKS / ct->waiting;
	if (t->vtime - t->turn >= turn)
		t->turn = t->vtime;
	return t->turn;
}

/* Does who runs, of place @running, give its CPU to one of place @waking that wakes up? */
static __always_inline bool yields(const struct sched_ct *ct, u64 waking, u64 running)
{
	if (ct->policy == SCHED_BATCH)
		return false;
	return before(ct->policy == SCHED_LATENCY ? waking : waking + NS_PER_MS, running);
}

#endif
