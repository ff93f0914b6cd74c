// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may have more than the container may. First, the host itself.
 *
 * And visitors, processes that the host has put into the container. When that has all it may
 * have, its operator must still get in and look: he has a reserve beyond the limit.
 * What runs then are the container's own programs, so they are not trusted, and the reserve
 * is small. It is for the visitor's session, as long as the visitor lives: a session is joined
 * by birth only, and a daemon that he starts leaves it.
 */
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "../compat/compat.h"
#include "acct.h"

/* A program has open what it runs, the libraries it maps, and a few files: a pipe of some. */
#define ACCT_RESERVE_FILES	128
#define ACCT_RESERVE		16

struct acct_visitor {
	struct list_head	node;
	struct pid		*pid;	/* a reference */
	struct rcu_head		rcu;
};

/* Readers compare the pid, and look into it only if it is that of their own session. */
static void acct_visitor_free(struct acct_visitor *v)
{
	put_pid(v->pid);
	kfree_rcu(v, rcu);
}

int acct_visit(struct acct_ct *ct, struct pid *pid)
{
	struct acct_visitor *v, *tmp, *new = kzalloc_obj(*new);

	if (!new)
		return -ENOMEM;
	new->pid = get_pid(pid);
	spin_lock(&ct->lock);
	list_for_each_entry_safe(v, tmp, &ct->visitors, node) {
		if (pid_has_task(v->pid, PIDTYPE_PID))
			continue;
		list_del_rcu(&v->node);
		acct_visitor_free(v);
	}
	list_add_rcu(&new->node, &ct->visitors);
	spin_unlock(&ct->lock);
	return 0;
}

static bool acct_visitor_may(struct acct_ct *ct, u32 r, long beyond)
{
	struct acct_visitor *v;
	struct pid *session;
	bool ret = false;

	if (beyond >= (r == CLOISON_ACCT_NUMFILE ? ACCT_RESERVE_FILES : ACCT_RESERVE))
		return false;
	rcu_read_lock();
	/* It is in use, so it stays until the unlock, also if another thread leaves it now. */
	session = task_session(current);
	list_for_each_entry_rcu(v, &ct->visitors, node) {
		ret = v->pid == session && pid_has_task(session, PIDTYPE_PID);
		if (ret)
			break;
	}
	rcu_read_unlock();
	return ret;
}

/*
 * Is it the host's doing? To dump a container at its limit CRIU opens files with the
 * container's ids, and has its processes make sockets. The former is in no container; of the
 * latter only who may do so from outside can seize a process: one that asks to be traced
 * is not.
 */
static bool acct_for_host(void)
{
	bool ret;

	rcu_read_lock();
	ret = !cloison_of_task(current) ||
	      (READ_ONCE(current->ptrace) & PT_SEIZED &&
	       __task_cred(rcu_dereference(current->parent))->user_ns == &init_user_ns);
	rcu_read_unlock();
	return ret;
}

bool acct_may_exceed(struct acct_ct *ct, u32 r, long beyond)
{
	return in_task() && (acct_for_host() || acct_visitor_may(ct, r, beyond));
}

/* The last reference is gone: nobody adds any, but one under RCU may still read them. */
void acct_visitors_free(struct acct_ct *ct)
{
	struct acct_visitor *v, *tmp;

	list_for_each_entry_safe(v, tmp, &ct->visitors, node)
		acct_visitor_free(v);
}
