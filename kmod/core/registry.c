// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registry: containers by id and by cgroup.
 *
 * Every container's cgroup is at the same depth, so the container of a task is
 * found in one step: take the ancestor of the task's cgroup at that depth,
 * look its id up. Ids of cgroups are never used twice, hence an entry may stay
 * in the table after its cgroup is gone.
 */
#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "../compat/compat.h"
#include "core.h"

/* Every change of the registry and every callback of other modules. */
DEFINE_MUTEX(cloison_mutex);
DEFINE_XARRAY(cloison_ids);

/* Written under cloison_mutex, read under RCU. */
static DEFINE_READ_MOSTLY_HASHTABLE(cloison_cgroups, 10);

/*
 * The depth of all containers, 0 while there are none. A reader that sees an
 * old one looks up another cgroup, which is in no table: it sees the host, as
 * it would have a moment ago.
 */
static int cloison_level __read_mostly;

static struct cloison_container *cloison_find_cgroup(u64 id)
{
	struct cloison_container *c;

	hash_for_each_possible_rcu(cloison_cgroups, c, by_cgroup, id,
				   lockdep_is_held(&cloison_mutex))
		if (c->cgroup_id == id)
			return c;
	return NULL;
}

struct cloison_container *cloison_of_cgroup(struct cgroup *cgrp)
{
	int level = READ_ONCE(cloison_level);

	if (!level)
		return NULL;
	cgrp = cgroup_ancestor(cgrp, level);
	return cgrp ? cloison_find_cgroup(cgroup_id(cgrp)) : NULL;
}
EXPORT_SYMBOL_GPL(cloison_of_cgroup);

struct cloison_container *cloison_of_task(struct task_struct *task)
{
	return cloison_of_cgroup(task_dfl_cgroup(task));
}
EXPORT_SYMBOL_GPL(cloison_of_task);

struct cloison_container *cloison_find(u32 id)
{
	return xa_load(&cloison_ids, id);
}
EXPORT_SYMBOL_GPL(cloison_find);

bool cloison_get(struct cloison_container *c)
{
	return refcount_inc_not_zero(&c->refcount);
}
EXPORT_SYMBOL_GPL(cloison_get);

void cloison_put(struct cloison_container *c)
{
	/* A lookup under RCU may just have found it. */
	if (refcount_dec_and_test(&c->refcount))
		kfree_rcu(c, rcu);
}
EXPORT_SYMBOL_GPL(cloison_put);

struct cloison_container *cloison_find_name(const char *name)
{
	struct cloison_container *c;
	unsigned long id;

	lockdep_assert_held(&cloison_mutex);
	if (!*name)	/* the containers without one */
		return NULL;
	xa_for_each(&cloison_ids, id, c)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

int cloison_rename(struct cloison_container *c, const char *name,
		   struct netlink_ext_ack *extack)
{
	struct cloison_container *other;

	other = cloison_find_name(name);
	if (other && other != c) {
		NL_SET_ERR_MSG(extack, "another container has that name");
		return -EEXIST;
	}
	strscpy(c->name, name, sizeof(c->name));
	return 0;
}

static int cloison_check_cgroup(struct cgroup *cgrp,
				struct netlink_ext_ack *extack)
{
	if (!cgrp->level) {
		NL_SET_ERR_MSG(extack, "the root cgroup cannot be a container");
		return -EINVAL;
	}
	if (cloison_level && cloison_level != cgrp->level) {
		NL_SET_ERR_MSG(extack,
			       "the cgroup is not as deep as those of the other containers");
		return -EINVAL;
	}
	if (cloison_find_cgroup(cgroup_id(cgrp))) {
		NL_SET_ERR_MSG(extack, "another container has that cgroup");
		return -EEXIST;
	}
	/*
	 * It may still be removed at any later time; that is fine. This only
	 * spares the caller a container that could never start.
	 */
	if (!(cgrp->self.flags & CSS_ONLINE)) {
		NL_SET_ERR_MSG(extack, "the cgroup is being removed");
		return -EUCLEAN;
	}
	return 0;
}

/* The container is the registry's: valid while cloison_mutex is held. */
struct cloison_container *cloison_new(u32 id, const char *name, u64 cgrp_id,
				      struct netlink_ext_ack *extack)
{
	struct cloison_container *c;
	struct cgroup *cgrp;
	int err;

	lockdep_assert_held(&cloison_mutex);

	if (cloison_find(id)) {
		NL_SET_ERR_MSG(extack, "another container has that id");
		return ERR_PTR(-EEXIST);
	}

	cgrp = cgroup_get_from_id(cgrp_id);
	if (IS_ERR(cgrp)) {
		NL_SET_ERR_MSG(extack, "no cgroup has that id");
		return ERR_CAST(cgrp);
	}
	err = cloison_check_cgroup(cgrp, extack);
	if (err)
		goto put_cgroup;

	err = -ENOMEM;
	c = kzalloc_obj(*c);
	if (!c)
		goto put_cgroup;
	c->id = id;
	c->cgroup = cgrp;
	c->cgroup_id = cgroup_id(cgrp);
	c->state = CLOISON_STATE_CREATED;
	cloison_init_exit_work(c);
	refcount_set(&c->refcount, 1);

	err = cloison_rename(c, name, extack);
	if (err)
		goto put_container;

	err = cloison_ops_attach(c, extack);
	if (err)
		goto put_container;

	/* From here on others see it, complete. */
	err = xa_insert(&cloison_ids, id, c, GFP_KERNEL);
	if (err)
		goto detach;
	hash_add_rcu(cloison_cgroups, &c->by_cgroup, c->cgroup_id);
	WRITE_ONCE(cloison_level, cgrp->level);
	return c;

detach:
	cloison_ops_detach(c);
put_container:
	cloison_let_go(c);
	cloison_put(c);
	return ERR_PTR(err);

put_cgroup:
	cgroup_put(cgrp);
	return ERR_PTR(err);
}

/* The caller needs a reference of his own to use @c afterwards. */
void cloison_del(struct cloison_container *c)
{
	lockdep_assert_held(&cloison_mutex);

	hash_del_rcu(&c->by_cgroup);
	xa_erase(&cloison_ids, c->id);
	if (xa_empty(&cloison_ids))
		WRITE_ONCE(cloison_level, 0);

	cloison_ops_detach(c);
	cloison_let_go(c);
	cloison_put(c);
}
