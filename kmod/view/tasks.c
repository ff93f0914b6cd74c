// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tasks of a container, counted by its pid namespace; and the averages of
 * their number, computed from a sample every five seconds by the kernel's own
 * formula.
 */
#include <linux/idr.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "view.h"

/* Looked at in one go. */
#define VIEW_BATCH	128

static void view_count(struct task_struct *task, struct view_tasks *tasks)
{
	unsigned int state = READ_ONCE(task->__state);

	tasks->total++;
	tasks->running += state == TASK_RUNNING;
	tasks->blocked += task->in_iowait;
	/* As the scheduler has it when it puts a task to sleep. */
	tasks->active += state == TASK_RUNNING ||
		((state & TASK_UNINTERRUPTIBLE) && !(state & (TASK_NOLOAD | TASK_FROZEN)));
}

void view_tasks(struct view_ct *ct, struct view_tasks *tasks)
{
	/* Set by view_start(). */
	struct pid *init = smp_load_acquire(&ct->init), *pid;
	struct pid_namespace *ns;
	struct task_struct *task;
	int nr = 1, n = 0;

	*tasks = (struct view_tasks) {};
	if (!init)
		return;
	/* The pid keeps its namespace. */
	ns = ns_of_pid(init);
	rcu_read_lock();
	idr_for_each_entry_continue(&ns->idr, pid, nr) {
		task = pid_task(pid, PIDTYPE_PID);
		if (task)
			view_count(task, tasks);
		if (++n % VIEW_BATCH == 0) {
			rcu_read_unlock();
			cond_resched();
			rcu_read_lock();
		}
	}
	rcu_read_unlock();
}

static DEFINE_MUTEX(view_loads_mutex);
static LIST_HEAD(view_loads);

static void view_load_sample(struct work_struct *work)
{
	static const unsigned long exp[] = { EXP_1, EXP_5, EXP_15 };
	struct view_tasks tasks;
	struct view_ct *ct;
	int i;

	view_host_swap_update();
	mutex_lock(&view_loads_mutex);
	list_for_each_entry(ct, &view_loads, list) {
		view_tasks(ct, &tasks);
		WRITE_ONCE(ct->threads, tasks.total);
		for (i = 0; i < ARRAY_SIZE(exp); i++)
			WRITE_ONCE(ct->load[i], calc_load(ct->load[i], exp[i],
							  tasks.active * FIXED_1));
	}
	if (!list_empty(&view_loads))
		schedule_delayed_work(to_delayed_work(work), LOAD_FREQ);
	mutex_unlock(&view_loads_mutex);
}

static DECLARE_DELAYED_WORK(view_load_work, view_load_sample);

void view_load_add(struct view_ct *ct)
{
	mutex_lock(&view_loads_mutex);
	list_add_tail(&ct->list, &view_loads);
	schedule_delayed_work(&view_load_work, LOAD_FREQ);
	mutex_unlock(&view_loads_mutex);
}

void view_load_del(struct view_ct *ct)
{
	mutex_lock(&view_loads_mutex);
	list_del(&ct->list);
	mutex_unlock(&view_loads_mutex);
}

void view_load_get(struct view_ct *ct, unsigned long load[3])
{
	int i;

	for (i = 0; i < 3; i++)
		load[i] = READ_ONCE(ct->load[i]) + FIXED_1 / 200;
}

/* In the place of what it had. */
void view_load_set(struct view_ct *ct, const unsigned long load[3])
{
	int i;

	mutex_lock(&view_loads_mutex);
	for (i = 0; i < 3; i++)
		WRITE_ONCE(ct->load[i], load[i]);
	mutex_unlock(&view_loads_mutex);
}

/* With a reference; NULL: there is none. Sleeps. */
struct view_ct *view_ct_find(u32 id)
{
	struct view_ct *ct, *found = NULL;

	mutex_lock(&view_loads_mutex);
	list_for_each_entry(ct, &view_loads, list) {
		if (ct->id != id)
			continue;
		/* The registry's own reference is there until it is off the list. */
		refcount_inc(&ct->refcount);
		found = ct;
		break;
	}
	mutex_unlock(&view_loads_mutex);
	return found;
}

/* For the host alone: the number and the averages of each container. */
int view_show_loads(struct seq_file *m, struct view_ct *reader)
{
	unsigned long load[3];
	struct view_ct *ct;

	if (reader)
		return -EACCES;
	mutex_lock(&view_loads_mutex);
	list_for_each_entry(ct, &view_loads, list) {
		view_load_get(ct, load);
		seq_printf(m, "%u %lu.%02lu %lu.%02lu %lu.%02lu\n", ct->id,
			   LOAD_INT(load[0]), LOAD_FRAC(load[0]), LOAD_INT(load[1]),
			   LOAD_FRAC(load[1]), LOAD_INT(load[2]), LOAD_FRAC(load[2]));
	}
	mutex_unlock(&view_loads_mutex);
	return 0;
}

/* No container is left. */
void view_load_exit(void)
{
	cancel_delayed_work_sync(&view_load_work);
}
