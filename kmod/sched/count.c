// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens at every switch of tasks.
 *
 * The kernel keeps, in each task, how long it ran and how long it waited for a CPU,
 * by the clock of the runqueue. What a task did between its arrival on a CPU and
 * its leaving is the difference: no clock is read, and nothing is done at a wakeup.
 * What a task had waited in all when it last left a CPU is kept in a table of ours,
 * as a waiting task may be moved from one runqueue to another.
 *
 * A CPU writes to its own counters only, with interrupts off and the lock of its
 * runqueue held: there is no lock of ours, no allocation and no wakeup. The state of
 * the CPU names the task that runs now, so that a reader can add what it did so far.
 */
#include <linux/hash.h>
#include <linux/module.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/seqlock.h>
#include <linux/smp.h>
#include <linux/tracepoint.h>
#include <linux/vmalloc.h>
#include <trace/events/cgroup.h>
#include <trace/events/sched.h>

#include "../compat/compat.h"
#include "sched.h"

struct sched_cpu {
	seqcount_t		seq;
	struct task_struct	*task;	/* that runs; NULL: not known yet */
	struct cgroup		*cgrp;	/* of it, NULL: idle. Not a reference: to compare */
	struct sched_ct		*ct;	/* of that, NULL: idle */
	struct sched_count	*count;	/* of that, here */
	u64			exec;	/* what the task had run when it came */
	u64			delay;	/* what it had waited when it left the last time */
	bool			woken;	/* and whether it slept then */
	call_single_data_t	moved;
};

static DEFINE_PER_CPU(struct sched_cpu, sched_cpus);
/* For idle CPUs, which are nobody's. */
static DEFINE_PER_CPU(struct sched_count, sched_nobody);

/*
 * Of tasks that are on no CPU: what they had waited when they left, in ns modulo
 * 2^41 (36 minutes: nobody waits longer), whether they left to sleep, and their
 * pid, which is below 2^22. One word, so that it is read and written whole. Tasks
 * may meet in an entry; then one of them loses it.
 */
#define SCHED_LEFT_BITS		15
#define SCHED_LEFT_DELAY	GENMASK_ULL(40, 0)
#define SCHED_LEFT_SLEEPS	BIT_ULL(41)
#define SCHED_LEFT_PID_SHIFT	42

static u64 *sched_left;

static struct tracepoint *sched_switch_tp, *sched_attach_tp;

static u64 *sched_left_of(const struct task_struct *task)
{
	return &sched_left[hash_32(task->pid, SCHED_LEFT_BITS)];
}

/* What the running task did is its container's, also if it was moved meanwhile. */
static __always_inline void sched_settle(struct sched_cpu *pc, const struct task_struct *task)
{
	u64 waited = task->sched_info.run_delay - pc->delay;
	struct sched_count *n = pc->count;

	n->run += task->se.sum_exec_runtime - pc->exec;
	n->wait += waited;
	if (waited > n->wait_max)
		n->wait_max = waited;
	if (pc->woken) {
		n->latency_sum += waited;
		n->latency[min(fls64(waited >> CLOISON_SCHED_BUCKET_SHIFT),
			       CLOISON_SCHED_BUCKETS - 1)]++;
	}
}

static void sched_leave(struct sched_ct *ct, struct sched_count *n, u64 now)
{
	n->left = now;
	if (ct && ct != &sched_host)
		atomic_dec(&ct->running);
}

/*
 * The first of @ct's tasks after others comes to this CPU. It had to wait for them
 * as long as it was ready to run, but no longer than they were here: in the
 * meantime its own container may have kept it waiting.
 */
static void sched_enter(struct sched_cpu *pc, struct sched_ct *ct,
			const struct task_struct *task, u64 now)
{
	u64 queued = task->sched_info.last_queued;
	u64 waited = task->sched_info.run_delay - pc->delay;
	int running, peak;

	if (queued && now > queued)
		waited += now - queued;
	pc->count->steal += min(waited, now - pc->count->left);
	if (ct == &sched_host)
		return;
	running = atomic_inc_return(&ct->running);
	peak = READ_ONCE(ct->peak);
	while (running > peak && !try_cmpxchg(&ct->peak, &peak, running))
		;
}

/* Once the task is @pc's. Rarely needed where one container has a CPU for a while. */
static noinline void sched_change(struct sched_cpu *pc, struct cgroup *cgrp,
				  const struct task_struct *task)
{
	struct sched_ct *ct;
	u64 now;

	rcu_read_lock();
	ct = cgrp ? sched_ct_of(cgrp) : NULL;
	pc->cgrp = cgrp;
	if (ct != pc->ct) {
		now = local_clock();
		sched_leave(pc->ct, pc->count, now);
		pc->ct = ct;
		pc->count = ct ? this_cpu_ptr(ct->count) : this_cpu_ptr(&sched_nobody);
		if (ct)
			sched_enter(pc, ct, task, now);
	}
	rcu_read_unlock();
}

static struct cgroup *sched_cgroup(struct task_struct *task)
{
	return is_idle_task(task) ? NULL : task_dfl_cgroup(task);
}

/* When @task comes to the CPU, before the kernel counts the end of its wait. */
static void sched_arrive(struct sched_cpu *pc, struct task_struct *task)
{
	u64 delay = task->sched_info.run_delay, left = READ_ONCE(*sched_left_of(task));

	if (!task->sched_info.pcount) {
		pc->delay = 0;	/* it never ran: it is new, and there is no entry of it */
		pc->woken = true;
	} else if (left >> SCHED_LEFT_PID_SHIFT == task->pid) {
		pc->delay = delay - ((delay - left) & SCHED_LEFT_DELAY);
		pc->woken = left & SCHED_LEFT_SLEEPS;
	} else {
		/* It is lost rather in a long sleep than in a wait. */
		pc->delay = delay;
		pc->woken = true;
	}
}

static void sched_probe_switch(void *data, bool preempt, struct task_struct *prev,
			       struct task_struct *next, unsigned int prev_state)
{
	struct sched_cpu *pc = this_cpu_ptr(&sched_cpus);
	bool sleeps = !preempt && prev_state;
	struct cgroup *cgrp;

	raw_write_seqcount_begin(&pc->seq);
	if (likely(pc->task == prev)) {
		sched_settle(pc, prev);
		if (sleeps)
			pc->count->voluntary++;
		else
			pc->count->involuntary++;
	} else if (unlikely(pc->task)) {
		/*
		 * The last switch of a CPU that goes offline is not traced, and this is the first
		 * one since: that was from the CPU's own stopper, which stays.
		 */
		sched_settle(pc, pc->task);
	}
	if (!is_idle_task(prev))
		WRITE_ONCE(*sched_left_of(prev),
			   (u64)prev->pid << SCHED_LEFT_PID_SHIFT |
			   (sleeps ? SCHED_LEFT_SLEEPS : 0) |
			   (prev->sched_info.run_delay & SCHED_LEFT_DELAY));

	pc->task = next;
	pc->exec = next->se.sum_exec_runtime;
	sched_arrive(pc, next);
	/* Interrupts are off: that is as good as rcu_read_lock(). */
	cgrp = sched_cgroup(next);
	if (cgrp != pc->cgrp)
		sched_change(pc, cgrp, next);
	raw_write_seqcount_end(&pc->seq);
}

/* On the CPU in question, in an interrupt: @current is the task of the last switch. */
static void sched_begin(void *unused)
{
	struct sched_cpu *pc = this_cpu_ptr(&sched_cpus);

	raw_write_seqcount_begin(&pc->seq);
	if (pc->task == current)
		sched_settle(pc, current);
	pc->task = current;
	pc->exec = current->se.sum_exec_runtime;
	pc->delay = current->sched_info.run_delay;
	pc->woken = false;
	sched_change(pc, sched_cgroup(current), current);
	raw_write_seqcount_end(&pc->seq);
}

/* Who has not begun has nothing to forget. */
static void sched_look(void *unused)
{
	if (this_cpu_read(sched_cpus.task))
		sched_begin(NULL);
}

void sched_recount(void)
{
	on_each_cpu(sched_look, NULL, 1);
}

/*
 * Tasks were moved to another cgroup. Those that run may do so for long without a
 * switch. Interrupts are off here, so other CPUs are asked and not waited for.
 */
static void sched_probe_attach(void *data, struct cgroup *dst, const char *path,
			       struct task_struct *leader, bool threadgroup)
{
	struct task_struct *task;
	struct sched_cpu *pc;
	unsigned int cpu;

	rcu_read_lock();	/* a task that has left its CPU is freed after a grace period */
	for_each_online_cpu(cpu) {
		pc = per_cpu_ptr(&sched_cpus, cpu);
		task = READ_ONCE(pc->task);
		/* If one is under way already, it will see what is now. */
		if (task && (task == leader || (threadgroup && task->signal == leader->signal)))
			smp_call_function_single_async(cpu, &pc->moved);
	}
	rcu_read_unlock();
}

void sched_sum(struct sched_ct *ct, struct cloison_sched_figures *f)
{
	struct sched_count one, *n;
	u64 run, wait;
	unsigned int cpu, seq;
	bool running;
	int i;

	memset(f, 0, sizeof(*f));
	f->since = ct->since;
	f->peak = READ_ONCE(ct->peak);
	for_each_possible_cpu(cpu) {
		struct sched_cpu *pc = per_cpu_ptr(&sched_cpus, cpu);

		n = per_cpu_ptr(ct->count, cpu);
		do {
			seq = read_seqcount_begin(&pc->seq);
			/* What changes meanwhile is read again. */
			one = data_race(*n);
			/* The same. */
			running = data_race(pc->ct == ct);
			run = 0;
			wait = 0;
			if (running) {
				/* It may be leaving right now; see above, as to its memory. */
				struct task_struct *task = READ_ONCE(pc->task);

				run = READ_ONCE(task->se.sum_exec_runtime) - pc->exec;
				wait = READ_ONCE(task->sched_info.run_delay) - pc->delay;
			}
		} while (read_seqcount_retry(&pc->seq, seq));
		f->running += running && cpu_online(cpu);
		f->run += one.run + run;
		f->wait += one.wait + wait;
		f->wait_max = max3(f->wait_max, one.wait_max, wait);
		f->steal += one.steal;
		f->voluntary += one.voluntary;
		f->involuntary += one.involuntary;
		f->latency_sum += one.latency_sum;
		for (i = 0; i < CLOISON_SCHED_BUCKETS; i++)
			f->latency[i] += one.latency[i];
	}
}

static void sched_match_tracepoint(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "sched_switch"))
		sched_switch_tp = tp;
	else if (!strcmp(tp->name, "cgroup_attach_task"))
		sched_attach_tp = tp;
}

int sched_count_init(void)
{
	unsigned int cpu;
	int err;

	/* Registration takes a void pointer: let the compiler see the type. */
	check_trace_callback_type_sched_switch(sched_probe_switch);
	check_trace_callback_type_cgroup_attach_task(sched_probe_attach);

	for_each_kernel_tracepoint(sched_match_tracepoint, NULL);
	if (!sched_switch_tp || !sched_attach_tp)
		return -ENOENT;
	sched_left = vzalloc(sizeof(*sched_left) << SCHED_LEFT_BITS);
	if (!sched_left)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct sched_cpu *pc = per_cpu_ptr(&sched_cpus, cpu);

		seqcount_init(&pc->seq);
		pc->count = per_cpu_ptr(&sched_nobody, cpu);
		INIT_CSD(&pc->moved, sched_look, NULL);
	}
	err = tracepoint_probe_register(sched_switch_tp, sched_probe_switch, NULL);
	if (err)
		goto free;
	err = tracepoint_probe_register(sched_attach_tp, sched_probe_attach, NULL);
	if (err)
		goto unregister;
	/* those that run since before */
	on_each_cpu(sched_begin, NULL, 1);
	return 0;

unregister:
	tracepoint_probe_unregister(sched_switch_tp, sched_probe_switch, NULL);
	tracepoint_synchronize_unregister();
free:
	vfree(sched_left);
	return err;
}

static void sched_nothing(void *unused)
{
}

void sched_count_exit(void)
{
	tracepoint_probe_unregister(sched_attach_tp, sched_probe_attach, NULL);
	tracepoint_probe_unregister(sched_switch_tp, sched_probe_switch, NULL);
	tracepoint_synchronize_unregister();
	/*
	 * Other CPUs may still be asked to look. They do it in the interrupt in which
	 * they do this at the latest, and that ends before a grace period does.
	 */
	on_each_cpu(sched_nothing, NULL, 1);
	synchronize_rcu();
	vfree(sched_left);
}
