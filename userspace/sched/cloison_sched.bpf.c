// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scheduling in two levels: first the container, then its task.
 *
 * FIRST LEVEL. Each container has a virtual time: the CPU time it was given on all CPUs
 * together, divided by its weight (cpu.weight, that is CPUUNITS / 10). A CPU that needs
 * something to run takes the container with the least virtual time of those that have a
 * task waiting. So all that wait advance alike, and the CPU time they get is as their
 * weights. What is in no container is one more of them, with a weight of its own.
 *
 * An example. Two CPUs; A has weight 100 and fifty busy tasks, B has weight 200 and eight,
 * C has weight 400 and one. In 40 ms, with slices of 4 ms (virtual: 4/100, 4/200, 4/400):
 *
 *	C is behind from the start and stays so: its task is entitled to 400/700 of 2 CPUs,
 *	that is 1.14, and can use one. It runs whenever it wants to: 40 ms on CPU 0.
 *	CPU 1	A  B  B  A  B  B  A  B  B  A
 *	A	.04         .08       .12      .16	16 ms
 *	B	   .02 .04     .06 .08  .10 .12		24 ms
 *
 * and over a longer time A has 1/3 and B 2/3 of what C cannot use. No CPU has a queue of its
 * own, so nothing has to be balanced between CPUs, and the shares are of the machine.
 *
 * A slice is paid for when it is given, and what was not used is paid back: two CPUs that
 * choose at the same time do not both see the container that was behind. A container with
 * nobody waiting is not in the comparison. When it comes back it may be up to two slices
 * behind the clock, and not more: who slept is served at once, and takes nobody's time for an
 * hour to make up for the night. Nor may C above, which cannot use what it is entitled to.
 * The clock of a CPU is the virtual time of those it ran, when they began; what counts is the
 * furthest of the CPUs that a task may run on, so that CPUs which different containers are
 * bound to have nothing to do with one another. A task that wakes up, while there is no
 * idle CPU for it, takes one from the container that is furthest ahead of its own.
 *
 * HANDING ON. Tasks that wake one another up sleep again long before a slice is used up. What
 * is left of it then stays with the CPU, and the next task of the same container runs on it:
 * nothing is granted, and nobody else is asked. An example. A has two tasks that answer each
 * other, 10 us at a time, B has the same weight and one that computes; one CPU:
 *
 *	A is granted 4 ms: its first task runs, 3.99 ms are left; its second one, 3.98; ...
 *	after 400 turns there is nothing left. A and B are compared, B is granted 4 ms.
 *
 * So A gets no more than if it had one busy task, and gets it with one four hundredth of the
 * choosing. What is left is paid back and all are compared when nobody in the container
 * waits; when one is waiting that is behind what this CPU had come to, that is, which would
 * have got the slice had it been there; when the container is throttled or has all CPUs that
 * it may have; when its weight or limit was changed, or it is another one; and when a task
 * stops for any other reason than that it goes to sleep. A CPU that lies there unused is not
 * counted as the container's. Who takes over waits no longer, and no shorter, than its turn
 * inside the container is.
 *
 * SECOND LEVEL. The tasks of a container, of all cgroups in it, wait in one queue by a
 * virtual time of their own, by nice value, or as the policy of the container has it
 * (policy.bpf.h). What weights there are between cgroups inside a container counts only
 * where the kernel's own scheduler is in charge.
 *
 * LIMITS. cpu.max is a bucket of CPU time that fills at the rate of the limit, up to one
 * quota (and cpu.max.burst). A slice is no longer than what is in it. A task stops at a tick
 * of the timer: the bucket can be left in debt for one tick on each CPU, which is paid before
 * the container runs again. So the rate is exact, and the overshoot bounded. The limit of CPUs
 * at once is a counter; at the limit the container leaves the comparison until a CPU is
 * given back. A task of a container that waits for its bucket can hold a lock of the kernel:
 * for those who want it that is a wait until the debt is paid, 4 ms / rate, and not until
 * the end of a period.
 *
 * NOBODY WAITS FOR EVER. The kernel ejects a scheduler that leaves a task waiting for 30 s.
 * With weights of 1 : 10000, or thousands of tasks in a container with 1% of a CPU, fair can
 * be longer. So slices are shorter where many wait, and once a second who has waited for ten
 * is run for a moment, out of turn and in debt. Where a CPU may not run the tasks of the
 * first container (affinity), it looks further. Kernel threads bound to a CPU run there
 * at once.
 *
 * COST. Who finds an idle CPU takes no lock of ours; nor who takes over what another task of
 * the container has left; nor who takes the CPU on which it wakes up from who has it.
 * Otherwise the tree of containers, which is behind one spin lock, is looked at, without the
 * lock, and with it put right, in log2(containers) steps. A container which nobody waits for
 * any more stays in it until it comes up as the first one, and who wakes up before that finds
 * it in its place. The queue of each container is behind the lock of its own.
 *
 * KNOWN WEAKNESS. Containers bound to other CPUs are looked at and passed over, one by one.
 * A container's tasks move between CPUs more than with queues of CPUs' own. Who begins to wait
 * while a slice is handed on, and is ahead of what the CPU had come to, waits until the slice
 * is used up. What is left of a slice on a CPU that real-time tasks take, or that goes off
 * line, is paid back when our tasks are back there.
 */
#include "scx.bpf.h"
#include "cloison_sched.h"
#include "state.bpf.h"
#include "give.bpf.h"
#include "groups.bpf.h"
#include "timers.bpf.h"

char _license[] SEC("license") = "GPL";

static __always_inline bool insert_local(struct task_struct *p, u64 slice, u64 flags)
{
	if (bpf_ksym_exists(scx_bpf_dsq_insert___v2))
		return scx_bpf_dsq_insert___v2(p, SCX_DSQ_LOCAL, slice, flags);
	if (bpf_ksym_exists(scx_bpf_dsq_insert))
		scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL, slice, flags);
	return true;
}

static __always_inline void insert(struct task_struct *p, u64 dsq, u64 vtime, u64 flags)
{
	if (bpf_ksym_exists(__scx_bpf_dsq_insert_vtime)) {
		struct scx_bpf_dsq_insert_vtime_args args = {
			.dsq_id = dsq, .slice = SLICE, .vtime = vtime, .enq_flags = flags,
		};

		__scx_bpf_dsq_insert_vtime(p, &args);
	} else if (bpf_ksym_exists(scx_bpf_dsq_insert_vtime)) {
		scx_bpf_dsq_insert_vtime(p, dsq, SLICE, vtime, flags);
	}
}

static __always_inline bool move_to_local(u64 dsq)
{
	if (bpf_ksym_exists(scx_bpf_dsq_move_to_local___v2))
		return scx_bpf_dsq_move_to_local___v2(dsq, SCX_ENQ_IMMED);
	if (bpf_ksym_exists(scx_bpf_dsq_move_to_local))
		return scx_bpf_dsq_move_to_local(dsq);
	return false;
}

static __always_inline void set_slice(struct task_struct *p, u64 slice)
{
	if (bpf_ksym_exists(scx_bpf_task_set_slice))
		scx_bpf_task_set_slice(p, slice);
	else
		p->scx.slice = slice;
}

/* The task holds a CPU, which was granted for @slice. */
static __always_inline void paid(struct task *t, u64 slice)
{
	struct sched_ct *ct = ct_of(t->slot);

	t->paid_vtime = scaled(slice, ct);
	t->paid_ns = slice;
	t->changes = ct->changes;
	t->holds = 1;
}

SEC("struct_ops/select_cpu")
s32 BPF_PROG(select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	struct task *t = task_of(p);
	bool idle = false;
	struct sched_ct *ct;
	u64 slice;
	s32 cpu;

	if (!t)
		return prev_cpu;
	ct = ct_of(t->slot);
	if (ct->throttled || ct->parked)
		return prev_cpu;
	cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &idle);
	if (!idle)
		return cpu;
	slice = slice_of(ct);
	if (!grant(t->slot, slice))
		return cpu;
	no_longer_waits(t);
	paid(t, slice);
	insert_local(p, slice, SCX_ENQ_IMMED);
	return cpu;
}

/* Whose turn is it less than this task's? */
static __always_inline s32 find_victim(struct task_struct *p, struct task *t)
{
	struct sched_ct *ct = ct_of(t->slot);
	s64 most = ct->ms;
	u32 start = scx_bpf_task_cpu(p), looks = nr_cpus < PREEMPT_LOOKS ? nr_cpus : PREEMPT_LOOKS;
	s32 victim = -1;
	int i;

	for (i = 0; i < PREEMPT_LOOKS; i++) {
		u32 cpu = start + i < nr_cpus ? start + i : start + i - nr_cpus;
		struct sched_cpu *c = cpu_of(cpu);
		u32 slot = c->current;
		s64 lead;

		if (i >= looks)
			break;
		if (!slot)
			continue;
		if (slot != t->slot)
			lead = ct_of(slot)->vtime - ct->vtime;
		else
			lead = yields(ct, place_of(ct, t), c->task_place) ? most + 1 : 0;
		if (lead > most && bpf_cpumask_test_cpu(cpu, p->cpus_ptr)) {
			most = lead;
			victim = cpu;
		}
	}
	return victim;
}

/* How far the CPUs have come that a task may run on. */
static __noinline u64 clock_for(struct task_struct *p)
{
	u32 start = scx_bpf_task_cpu(p), looks = nr_cpus < CLOCK_LOOKS ? nr_cpus : CLOCK_LOOKS;
	u64 most = cpu_of(start)->clock;
	int i;

	if (p->nr_cpus_allowed >= (int)nr_cpus)
		return clock;
	bpf_for(i, 1, looks) {
		u32 cpu = (start + i) % nr_cpus;

		if (bpf_cpumask_test_cpu(cpu, p->cpus_ptr) && before(most, cpu_of(cpu)->clock))
			most = cpu_of(cpu)->clock;
	}
	return most;
}

/* A container has somebody waiting: into the tree, if it has not been left there. */
static __noinline void join(u32 slot, u64 now)
{
	struct sched_ct *ct = ct_of(slot);

	catch_up(ct, now);
	if (ct->queued && !before(ct->vtime, ct->key))
		return;
	bpf_spin_lock(&lock);
	if (waits(ct))
		tree_place(slot, true);
	bpf_spin_unlock(&lock);
}

/*
 * It takes the CPU on which it woke up. It need not wait for anybody to choose it, if it is
 * what would be chosen. True: it runs next.
 */
static __always_inline bool take_over(struct task_struct *p, struct task *t, s32 cpu, u64 flags)
{
	u32 first = winner[root & (MAX_CONTAINERS - 1)];
	struct sched_ct *ct = ct_of(t->slot), *other = ct_of(first);
	struct sched_cpu *c = cpu_of(cpu);
	u64 slice = slice_of(ct);

	if (ct->waiting || (ct->max_cpus && ct->running >= ct->max_cpus) ||
	    (first && waits(other) && before(other->key, ct->vtime)))
		return false;
	if (!grant(t->slot, slice))
		return false;
	paid(t, slice);
	/* nor is it taken from the one that comes, until that runs */
	c->current = NOBODY;
	insert_local(p, slice, flags | SCX_ENQ_PREEMPT | SCX_ENQ_IMMED);
	return true;
}

SEC("struct_ops/enqueue")
void BPF_PROG(enqueue, struct task_struct *p, u64 enq_flags)
{
	struct task *t = task_of(p);
	s32 cpu = scx_bpf_task_cpu(p), victim = -1;
	struct sched_ct *ct;

	if (!t) {
		insert_local(p, SLICE, enq_flags);
		return;
	}
	if (t->holds)
		release(p, t);
	if (pinned_kthread(p)) {
		if (enq_flags & SCX_ENQ_WAKEUP) {
			enq_flags |= SCX_ENQ_PREEMPT;
			cpu_of(cpu)->current = NOBODY;
		}
		insert_local(p, SLICE, enq_flags);
		return;
	}
	ct = ct_of(t->slot);
	if (before(t->vtime, ct->clock - SLICE))
		t->vtime = ct->clock - SLICE;
	if ((enq_flags & SCX_ENQ_WAKEUP) && !ct->throttled && !ct->parked) {
		if (!ct->waiting)
			catch_up(ct, clock_for(p));
		victim = find_victim(p, t);
		if (victim == cpu && take_over(p, t, cpu, enq_flags))
			return;
	}
	t->waits_since = 0;
	insert(p, DSQ_OF(t->slot), place_of(ct, t), enq_flags);
	if (!t->waits) {
		t->waits = 1;
		if (!__sync_fetch_and_add(&ct->waiting, 1))
			join(t->slot, clock_for(p));
	}
	if (ct->throttled || ct->parked)
		return;
	cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
	if (cpu >= 0)
		scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
	else if (victim >= 0)
		scx_bpf_kick_cpu(victim, SCX_KICK_PREEMPT);
}

/* --- choosing --- */

/* The first container with somebody waiting, at this moment. */
static __noinline u32 first(void)
{
	u32 slot = winner[root & (MAX_CONTAINERS - 1)];
	struct sched_ct *ct = ct_of(slot);
	int i;

	if (!slot || (waits(ct) && in_place(ct)))
		return slot;
	bpf_spin_lock(&lock);
	bpf_for(i, 0, 64) {
		slot = winner[root & (MAX_CONTAINERS - 1)];
		if (slot == NOBODY)
			break;
		ct = ct_of(slot);
		if (waits(ct) && in_place(ct))
			break;
		tree_settle(slot);
	}
	bpf_spin_unlock(&lock);
	return slot;
}

/* None of its tasks may run here. It is out of the way until settled by unskip(). */
static __always_inline void skip(struct sched_cpu *c, u32 slot)
{
	u32 n = c->skipped;

	if (n >= MAX_SKIPPED)
		return;
	c->skip[n & (MAX_SKIPPED - 1)] = slot;
	c->skipped = n + 1;
	bpf_spin_lock(&lock);
	tree_place(slot, false);
	bpf_spin_unlock(&lock);
}

static __noinline void unskip(s32 cpu)
{
	struct sched_cpu *c = cpu_of(cpu);
	u32 n = c->skipped;
	int i;

	c->skipped = 0;
	bpf_for(i, 0, n) {
		u32 slot = c->skip[i & (MAX_SKIPPED - 1)];
		struct task_struct *p;
		s32 idle = -1;

		bpf_spin_lock(&lock);
		tree_settle(slot);
		bpf_spin_unlock(&lock);
		/* whoever looked in between saw nothing of it */
		if (!bpf_ksym_exists(scx_bpf_dsq_peek))
			continue;
		bpf_rcu_read_lock();
		p = scx_bpf_dsq_peek(DSQ_OF(slot));
		if (p)
			idle = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
		bpf_rcu_read_unlock();
		if (idle >= 0)
			scx_bpf_kick_cpu(idle, SCX_KICK_IDLE);
	}
}

/* Let @prev run on, paid for. */
static __always_inline void keep(struct sched_cpu *c, struct task_struct *prev, struct task *t,
				 u64 slice)
{
	paid(t, slice);
	c->current = t->slot;
	c->task_place = t->turn;
	set_slice(prev, slice);
}

/* Is there a task in the container whose place is before @place? */
static __always_inline bool someone_before(u32 slot, u64 place)
{
	struct task_struct *p;
	bool ret = true;

	if (!ct_of(slot)->waiting)
		return false;
	if (!bpf_ksym_exists(scx_bpf_dsq_peek))
		return true;
	bpf_rcu_read_lock();
	p = scx_bpf_dsq_peek(DSQ_OF(slot));
	ret = p && before(p->scx.dsq_vtime, place);
	bpf_rcu_read_unlock();
	return ret;
}

/* A task of container @slot, which had come to @start, is on its way to the CPU. */
static __always_inline void granted(struct sched_cpu *c, u32 slot, u64 slice, u64 start)
{
	c->granted = slot;
	c->granted_vtime = scaled(slice, ct_of(slot));
	c->granted_ns = slice;
	c->changes = ct_of(slot)->changes;
	c->left = 0;
	wind(c, start);
}

/*
 * May the next task of the container take over what is left of a slice on this CPU? It was its
 * turn, when that was granted; but another one may have come since whose turn it is more.
 */
static __always_inline bool may_hand_on(const struct sched_cpu *c)
{
	const struct sched_ct *ct = ct_of(c->granted);
	u32 other = winner[root & (MAX_CONTAINERS - 1)];

	return c->left && waits(ct) && c->changes == ct->changes &&
	       (!limited(ct) || ct->tokens > 0) &&
	       (!other || other == c->granted || !before(ct_of(other)->key, c->clock));
}

/* The next task of the container that ran here last: no grant, no tree, no lock of ours. */
static __always_inline bool hand_on(struct sched_cpu *c)
{
	u32 slot = c->granted;

	if (!may_hand_on(c) || !take_cpu(slot))
		return false;
	if (move_to_local(DSQ_OF(slot))) {
		c->left = 0;
		return true;
	}
	give_back(slot);
	return false;
}

/*
 * As long as so many containers that are bound elsewhere are more urgent, nobody would see
 * the others here. Each time some of those are looked at, in turn.
 */
static __noinline bool sweep(s32 cpu)
{
	struct sched_cpu *c = cpu_of(cpu);
	u32 n = slots - HOST;
	int i;

	bpf_for(i, 0, MAX_SKIPPED) {
		u32 slot = HOST + c->sweep++ % n;
		struct sched_ct *ct = ct_of(slot);
		u64 slice, start = ct->vtime;

		if (!waits(ct))
			continue;
		slice = slice_of(ct);
		if (!grant(slot, slice))
			continue;
		if (move_to_local(DSQ_OF(slot))) {
			granted(c, slot, slice, start);
			return true;
		}
		refund(slot, scaled(slice, ct), slice);
	}
	return false;
}

SEC("struct_ops/dispatch")
void BPF_PROG(dispatch, s32 cpu, struct task_struct *prev)
{
	struct sched_cpu *c = cpu_of(cpu);
	u64 slice, start, place = 0;
	struct task *t = NULL;
	bool own, done = false;
	u32 slot;
	int i;

	if (prev && (prev->scx.flags & SCX_TASK_QUEUED)) {
		t = task_of(prev);
		if (t) {
			release(prev, t);
			catch_up(ct_of(t->slot), clock_for(prev));
			place = place_of(ct_of(t->slot), t);
		}
	} else if (c->granted && hand_on(c)) {
		return;
	}
	/* or it was paid for a task that went elsewhere before it ran */
	drop(c);
	bpf_for(i, 0, 2 * MAX_SKIPPED) {
		slot = first();
		own = t && (!slot || !before(ct_of(slot)->vtime, ct_of(t->slot)->vtime));
		if (own)
			slot = t->slot;
		if (!slot)
			break;
		slice = slice_of(ct_of(slot));
		start = ct_of(slot)->vtime;
		if (!grant(slot, slice)) {
			if (own)
				t = NULL;
			continue;
		}
		if ((!own || someone_before(slot, place)) && move_to_local(DSQ_OF(slot))) {
			granted(c, slot, slice, start);
			done = true;
			break;
		}
		if (own) {
			wind(c, start);
			keep(c, prev, t, slice);
			done = true;
			break;
		}
		refund(slot, scaled(slice, ct_of(slot)), slice);
		if (c->skipped >= MAX_SKIPPED)
			break;
		skip(c, slot);
	}
	if (!done && c->skipped >= MAX_SKIPPED)
		done = sweep(cpu);
	if (!done && t) {
		slice = slice_of(ct_of(t->slot));
		if (grant(t->slot, slice))
			keep(c, prev, t, slice);
	}
	if (c->skipped)
		unskip(cpu);
}

SEC("struct_ops/running")
void BPF_PROG(running, struct task_struct *p)
{
	struct task *t = task_of(p);
	struct sched_cpu *c = cpu_of(scx_bpf_task_cpu(p));
	struct sched_ct *ct;

	if (!t)
		return;
	ct = ct_of(t->slot);
	no_longer_waits(t);
	if (!t->holds) {
		t->holds = 1;
		/* else it is the kernel's own doing, or a kernel thread */
		if (c->granted != t->slot || c->left)
			__sync_fetch_and_add(&ct->running, 1);
		if (c->granted == t->slot) {
			t->paid_vtime = c->granted_vtime;
			t->paid_ns = c->granted_ns;
			t->changes = c->changes;
			c->granted = NOBODY;
			/* with the tasks before, no longer than it was granted */
			if (t->paid_ns < p->scx.slice)
				set_slice(p, t->paid_ns);
		}
	} else {
		/* it found an idle CPU */
		wind(c, ct->vtime - t->paid_vtime);
	}
	c->current = pinned_kthread(p) ? NOBODY : t->slot;
	c->task_place = place_of(ct, t);
	if (before(ct->clock, t->vtime))
		ct->clock = t->vtime;
}

/* It stops because it goes to sleep. Others do so when they are changed, and then run on. */
static __always_inline bool falls_asleep(const struct task_struct *p)
{
	return p->__state && p == bpf_get_current_task_btf();
}

/* What it took to choose the next one it pays when it is back; who is put aside, in enqueue(). */
SEC("struct_ops/stopping")
void BPF_PROG(stopping, struct task_struct *p, bool runnable)
{
	struct task *t;

	if (runnable || !falls_asleep(p))
		return;
	t = task_of(p);
	if (!t)
		return;
	leave(cpu_of(scx_bpf_task_cpu(p)), p, t);
	t->burst = 0;
}

/* What it ran as another class is not ours. */
SEC("struct_ops/enable")
void BPF_PROG(enable, struct task_struct *p)
{
	struct task *t = task_of(p);

	if (t)
		t->mark = p->se.sum_exec_runtime;
}

SEC("struct_ops/disable")
void BPF_PROG(disable, struct task_struct *p)
{
	struct task *t = task_of(p);

	if (!t)
		return;
	no_longer_waits(t);
	release(p, t);
}

/* Either enqueue() sees the CPU idle, or this sees what it has queued. */
SEC("struct_ops/update_idle")
void BPF_PROG(update_idle, s32 cpu, bool idle)
{
	if (idle) {
		cpu_of(cpu)->current = NOBODY;
		/* The kick is an interrupt from the CPU to itself. One that dies on its way to idle
		 * never gets it, and when it is back, no other such interrupt either.
		 */
		if (!cpu_of(cpu)->offline && winner[root & (MAX_CONTAINERS - 1)])
			scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
	}
}

SEC("struct_ops.s/init")
s32 BPF_PROG(init)
{
	u32 which = TIMER_GUARD, zero = 0;
	struct sched_ended *e = bpf_map_lookup_elem(&ended, &zero);
	struct timer *t;
	s32 err;

	if (e)
		e->since = bpf_ktime_get_boot_ns();
	nr_cpus = scx_bpf_nr_cpu_ids();
	if (nr_cpus > MAX_CPUS)
		return -EINVAL;
	cts[HOST].used = 1;
	cts[HOST].set_weight = host_weight;
	set_weight(&cts[HOST], host_weight);
	err = scx_bpf_create_dsq(DSQ_OF(HOST), -1);
	if (err)
		return err;
	t = bpf_map_lookup_elem(&timers, &which);
	if (!t)
		return -ENOENT;
	bpf_timer_init(&t->timer, &timers, CLOCK_MONOTONIC);
	bpf_timer_set_callback(&t->timer, guard_timer);
	err = bpf_timer_start(&t->timer, GUARD_EVERY, 0);
	if (err)
		return err;
	which = TIMER_REFILL;
	t = bpf_map_lookup_elem(&timers, &which);
	if (!t)
		return -ENOENT;
	bpf_timer_init(&t->timer, &timers, CLOCK_MONOTONIC);
	return bpf_timer_set_callback(&t->timer, refill_timer);
}

SEC("struct_ops/exit")
void BPF_PROG(ended_by, struct scx_exit_info *info)
{
	u32 zero = 0;
	struct sched_ended *e = bpf_map_lookup_elem(&ended, &zero);

	if (!e)
		return;
	e->at = bpf_ktime_get_boot_ns();
	e->code = info->exit_code;
	bpf_probe_read_kernel_str(e->reason, sizeof(e->reason), info->reason);
	bpf_probe_read_kernel_str(e->message, sizeof(e->message), info->msg);
	e->kind = info->kind;
}

SEC("struct_ops/dump")
void BPF_PROG(dump, struct scx_dump_ctx *why)
{
	int i;

	say("root %u slots %u first %u throttled %u rescued %llu", root, slots,
	    winner[root & (MAX_CONTAINERS - 1)], nr_throttled, rescued);
	bpf_for(i, HOST, slots) {
		struct sched_ct *ct = ct_of(i);

		if (!ct->used)
			continue;
		say("CT %u weight %u vtime %llu key %llu waiting %u running %u of %u", ct->ctid,
		    ct->weight, ct->vtime, ct->key, ct->waiting, ct->running, ct->max_cpus);
		say("CT %u queued %u throttled %u parked %u", ct->ctid, ct->queued, ct->throttled,
		    ct->parked);
	}
}

/* How many CPUs a container may have at once, and how it orders its tasks. */
SEC("syscall")
int set_own(struct sched_own *arg)
{
	int i, ret = -ENOENT;

	/* also where the group of its last run is still on its way out */
	bpf_for(i, HOST + 1, slots) {
		struct sched_ct *ct = ct_of(i);

		if (!ct->used || ct->ctid != arg->ctid)
			continue;
		ct->policy = arg->policy;
		if (ct->max_cpus != arg->cpus)
			ct->max_running = 0;
		ct->max_cpus = arg->cpus;
		unpark(i, WAKE_LOOKS);
		ret = 0;
	}
	return ret;
}

SEC(".struct_ops.link")
struct sched_ext_ops cloison = {
	.select_cpu		= (void *)select_cpu,
	.enqueue		= (void *)enqueue,
	.dispatch		= (void *)dispatch,
	.running		= (void *)running,
	.stopping		= (void *)stopping,
	.update_idle		= (void *)update_idle,
	.init_task		= (void *)init_task,
	.enable			= (void *)enable,
	.disable		= (void *)disable,
	.dump			= (void *)dump,
	.cgroup_init		= (void *)cgroup_init,
	.cgroup_exit		= (void *)cgroup_exit,
	.cgroup_move		= (void *)cgroup_move,
	.cgroup_set_weight	= (void *)cgroup_set_weight,
	.cgroup_set_bandwidth	= (void *)cgroup_set_bandwidth,
	.cgroup_set_idle	= (void *)cgroup_set_idle,
	.cpu_online		= (void *)cpu_online,
	.cpu_offline		= (void *)cpu_offline,
	.init			= (void *)init,
	.exit			= (void *)ended_by,
	.flags			= SCX_OPS_KEEP_BUILTIN_IDLE | SCX_OPS_ENQ_LAST |
				  SCX_OPS_ENQ_EXITING | SCX_OPS_ENQ_MIGRATION_DISABLED,
	.name			= "cloison",
};
