/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Containers, for the other modules: find the container of a task, and hang
 * data of your own on every container. See Documentation/core.rst.
 */
#ifndef _CLOISON_H
#define _CLOISON_H

#include <linux/cgroup.h>
#include <linux/netlink.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <uapi/linux/cloison.h>

#define CLOISON_OPS_MAX	8

struct cloison_container {
	/*
	 * Whoever got here by a lookup may read these until rcu_read_unlock(),
	 * or for as long as he keeps a reference.
	 */
	u32			id;
	u64			cgroup_id;

	/* private: together with the above, what a lookup touches */
	struct hlist_node	by_cgroup;
	void __rcu		*priv[CLOISON_OPS_MAX];	/* what readers see */

	/* public, under the registry's mutex: for callbacks */
	char			name[CLOISON_NAME_MAX + 1];
	enum cloison_state	state;
	u32			exit_status;	/* once DEAD */
	u64			started;	/* CLOCK_BOOTTIME, ns */
	struct cgroup		*cgroup;	/* NULL once DEAD */
	struct pid		*init;		/* while RUNNING */

	/* private: the core's own */
	void			*data[CLOISON_OPS_MAX];	/* what will be freed */
	struct hlist_node	by_init;
	int			init_died;
	refcount_t		refcount;
	struct work_struct	exit_work;
	struct rcu_head		rcu;
};

/**
 * struct cloison_ops - what a module does for every container
 * @name: for messages
 * @size: bytes of private data per container, allocated and zeroed for @attach
 * @attach: the container comes; an error refuses it, and may be explained in
 *	@extack (which is NULL for containers older than the registration)
 * @start: it has its init
 * @exit: its init has died; see cloison_container.exit_status. The last
 *	processes of the container may still be about to die.
 * @detach: it goes, in whatever state; no reader of the private data is left,
 *	the core frees it afterwards
 * @slot: private to the core
 *
 * Each callback may be NULL. They run in process context with the registry's
 * mutex held: they may sleep, they must not register or unregister ops. Several
 * modules are called in one order for attach and start, in the reverse one for
 * exit and detach.
 */
struct cloison_ops {
	const char	*name;
	size_t		size;
	int		(*attach)(struct cloison_container *c, void *priv,
				  struct netlink_ext_ack *extack);
	void		(*start)(struct cloison_container *c, void *priv);
	void		(*exit)(struct cloison_container *c, void *priv);
	void		(*detach)(struct cloison_container *c, void *priv);
	unsigned int	slot;
};

/*
 * Existing containers are attached, and started if they run, before
 * cloison_register_ops() returns; unregistering detaches them. Call
 * cloison_priv() only between the two. Both sleep.
 */
int cloison_register_ops(struct cloison_ops *ops);
void cloison_unregister_ops(struct cloison_ops *ops);

/*
 * Lookups: any context, under rcu_read_lock(). NULL is the host, or for
 * cloison_find() no such container.
 */
struct cloison_container *cloison_of_task(struct task_struct *task);
struct cloison_container *cloison_of_cgroup(struct cgroup *cgrp);
struct cloison_container *cloison_find(u32 id);

/*
 * To keep what a lookup found beyond rcu_read_unlock(). cloison_get() fails when
 * the container is just being deleted. A reference keeps the memory only: the
 * container may be deleted meanwhile, and cloison_priv() is then NULL.
 */
bool cloison_get(struct cloison_container *c);
void cloison_put(struct cloison_container *c);

/*
 * The private data of a module, under rcu_read_lock(). NULL before its attach
 * has succeeded and from the deletion on; detach waits for all who still read.
 */
static inline void *cloison_priv(const struct cloison_container *c,
				 const struct cloison_ops *ops)
{
	return rcu_dereference(c->priv[ops->slot]);
}

#endif /* _CLOISON_H */
