// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the birth of a container's init to its death.
 *
 * While a container runs, its entry keeps the struct pid of its init and a
 * reference to this module. The death of init is learnt from the tracepoint
 * sched_process_exit, where we must not sleep: the probe only notes the exit
 * status and queues work that does the rest. Nothing of it depends on the
 * cgroup or the namespaces still being there.
 */
#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/timekeeping.h>
#include <linux/tracepoint.h>
#include <trace/events/sched.h>

#include "../compat/compat.h"
#include "core.h"

/* Running containers by struct pid. Written under cloison_mutex, read under RCU. */
static DEFINE_HASHTABLE(cloison_inits, 8);

/* Ordered: events are sent in the order in which the inits died. */
static struct workqueue_struct *cloison_wq;
static struct tracepoint *cloison_exit_tp;

unsigned int cloison_running;

static struct cloison_container *cloison_find_init(struct pid *pid)
{
	struct cloison_container *c;

	hash_for_each_possible_rcu(cloison_inits, c, by_init,
				   (unsigned long)pid,
				   lockdep_is_held(&cloison_mutex))
		if (READ_ONCE(c->init) == pid)
			return c;
	return NULL;
}

/* Gives up what an entry holds while it lives, in whatever state it is. */
void cloison_let_go(struct cloison_container *c)
{
	struct pid *pid = c->init;

	lockdep_assert_held(&cloison_mutex);

	if (pid) {
		hash_del_rcu(&c->by_init);
		WRITE_ONCE(c->init, NULL);
		put_pid(pid);
		WRITE_ONCE(cloison_running, cloison_running - 1);
		module_put(THIS_MODULE);
	}
	if (c->cgroup) {
		cgroup_put(c->cgroup);
		c->cgroup = NULL;
	}
}

static void cloison_exit_work(struct work_struct *work)
{
	struct cloison_container *c =
		container_of(work, struct cloison_container, exit_work);

	mutex_lock(&cloison_mutex);
	/* Else it was deleted before we got here. */
	if (c->init) {
		c->state = CLOISON_STATE_DEAD;
		cloison_ops_exit(c);
		cloison_let_go(c);
		cloison_notify(c, CLOISON_EVENT_EXITED);
	}
	mutex_unlock(&cloison_mutex);
	cloison_put(c);
}

void cloison_init_exit_work(struct cloison_container *c)
{
	INIT_WORK(&c->exit_work, cloison_exit_work);
}

/*
 * Any context, under RCU. May be called twice: by the probe, and by
 * cloison_start() that looks whether the probe came too early.
 *
 * do_exit() settles the exit code of the group before it counts its last thread
 * out. One thing changes it afterwards, zap_pid_ns_processes(): the pid
 * namespace called reboot(2), which has left its mark already.
 */
static void cloison_init_died(struct cloison_container *c, struct pid *pid,
			      const struct signal_struct *signal)
{
	int reboot = READ_ONCE(ns_of_pid(pid)->reboot);

	if (xchg(&c->init_died, 1))
		return;
	c->exit_status = reboot ?: READ_ONCE(signal->group_exit_code);
	if (cloison_get(c))
		queue_work(cloison_wq, &c->exit_work);
}

/*
 * Runs at every exit of a thread on the machine, and must not sleep: there may
 * be probes around it that rely on that, and older kernels disable preemption.
 * Newer ones hold only SRCU here, hence the rcu_read_lock().
 */
static void cloison_process_exit(struct task_struct *p, bool group_dead)
{
	struct pid *pid = task_tgid(p);
	struct cloison_container *c;

	if (!group_dead || !pid->level || !is_child_reaper(pid))
		return;

	rcu_read_lock();
	c = cloison_find_init(pid);
	if (c)
		cloison_init_died(c, pid, p->signal);
	rcu_read_unlock();
}

COMPAT_SCHED_PROCESS_EXIT(cloison_probe_exit, cloison_process_exit)

static int cloison_check_init(struct cloison_container *c, struct pid *pid,
			      struct task_struct *init,
			      struct netlink_ext_ack *extack)
{
	bool inside;

	if (!is_child_reaper(pid) ||
	    pid->level <= task_active_pid_ns(current)->level) {
		NL_SET_ERR_MSG(extack,
			       "the process is not the init of a pid namespace below the caller's");
		return -EINVAL;
	}

	rcu_read_lock();
	inside = cgroup_is_descendant(task_dfl_cgroup(init), c->cgroup);
	rcu_read_unlock();
	if (!inside) {
		NL_SET_ERR_MSG(extack,
			       "the process is not in the cgroup of the container");
		return -EINVAL;
	}

	/* It was moved to our cgroup after another container had started. */
	if (cloison_find_init(pid)) {
		NL_SET_ERR_MSG(extack,
			       "the process is the init of another container");
		return -EINVAL;
	}
	return 0;
}

int cloison_start(struct cloison_container *c, struct pid *pid,
		  struct netlink_ext_ack *extack)
{
	struct task_struct *init;
	int err;

	lockdep_assert_held(&cloison_mutex);

	if (c->state != CLOISON_STATE_CREATED) {
		NL_SET_ERR_MSG(extack, "the container had its init already");
		return -EBUSY;
	}

	/* A reference to the task keeps its signal_struct, dead or alive. */
	init = get_pid_task(pid, PIDTYPE_PID);
	if (!init) {
		NL_SET_ERR_MSG(extack, "no such process");
		return -ESRCH;
	}

	err = cloison_check_init(c, pid, init, extack);
	if (err)
		goto put_task;

	/* Until cloison_let_go(), so that the death of init finds us here. */
	if (!try_module_get(THIS_MODULE)) {
		NL_SET_ERR_MSG(extack, "the module is being unloaded");
		err = -ESHUTDOWN;
		goto put_task;
	}

	c->state = CLOISON_STATE_RUNNING;
	c->started = ktime_get_boottime_ns();
	c->init = get_pid(pid);
	WRITE_ONCE(cloison_running, cloison_running + 1);
	hash_add_rcu(cloison_inits, &c->by_init, (unsigned long)pid);

	cloison_ops_start(c);
	cloison_notify(c, CLOISON_EVENT_STARTED);

	/*
	 * do_exit() counts the thread out, then calls the probe. Either the
	 * probe found the entry in the table or we find the count at zero. The
	 * work needs the mutex that we hold: it comes after the start.
	 */
	smp_mb(); /* pairs with atomic_dec_and_test(&signal->live) */
	if (!atomic_read(&init->signal->live))
		cloison_init_died(c, pid, init->signal);

put_task:
	put_task_struct(init);
	return err;
}

static void cloison_match_tracepoint(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "sched_process_exit"))
		cloison_exit_tp = tp;
}

int cloison_lifetime_init(void)
{
	int err;

	cloison_wq = alloc_ordered_workqueue("cloison", 0);
	if (!cloison_wq)
		return -ENOMEM;

	/* Registration takes a void pointer: let the compiler see the type. */
	check_trace_callback_type_sched_process_exit(cloison_probe_exit);

	err = -ENOENT;
	for_each_kernel_tracepoint(cloison_match_tracepoint, NULL);
	if (cloison_exit_tp)
		err = tracepoint_probe_register(cloison_exit_tp,
						cloison_probe_exit, NULL);
	if (err)
		destroy_workqueue(cloison_wq);
	return err;
}

/* Also waits for the work that has just given up the module's last reference. */
void cloison_lifetime_exit(void)
{
	tracepoint_probe_unregister(cloison_exit_tp, cloison_probe_exit, NULL);
	tracepoint_synchronize_unregister();
	destroy_workqueue(cloison_wq);
}
