// SPDX-License-Identifier: GPL-2.0-only
/*
 * Containers: from what their figures come, and how long.
 *
 * An entry outlives its container for readers that have got it. What it has of
 * the container (cgroup, init) it lets go at the death of init, as the core does;
 * then it holds nothing, and the figures that stay are kept in it.
 */
#include <linux/file.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "../compat/compat.h"
#include "acct.h"

/* Written under the core's mutex, read under RCU. */
static DEFINE_XARRAY(acct_cts);

/* Written under the same. */
static u32 acct_cts_number;

u32 acct_containers(void)
{
	return READ_ONCE(acct_cts_number);
}

struct acct_ct *acct_get(u32 id)
{
	struct acct_ct *ct;

	rcu_read_lock();
	ct = xa_load(&acct_cts, id);
	if (ct && !refcount_inc_not_zero(&ct->refcount))
		ct = NULL;
	rcu_read_unlock();
	return ct;
}

struct acct_ct *acct_next(u64 from)
{
	unsigned long id = from;
	struct acct_ct *ct;

	rcu_read_lock();
	xa_for_each_start(&acct_cts, id, ct, from)
		if (refcount_inc_not_zero(&ct->refcount))
			break;
	rcu_read_unlock();
	return ct;
}

void acct_put(struct acct_ct *ct)
{
	if (!refcount_dec_and_test(&ct->refcount))
		return;
	acct_visitors_free(ct);
	/* A lookup under RCU may just have found it. */
	kfree_rcu(ct, rcu);
}

void acct_source_get(struct acct_ct *ct, struct acct_source *src)
{
	spin_lock(&ct->lock);
	*src = ct->source;
	if (src->cgroup) {
		cgroup_get(src->cgroup);
		get_file(src->dir);
	}
	get_pid(src->init);
	spin_unlock(&ct->lock);
}

void acct_source_put(struct acct_source *src)
{
	put_pid(src->init);
	if (!src->cgroup)
		return;
	fput(src->dir);
	cgroup_put(src->cgroup);
}

static void acct_let_go(struct acct_ct *ct)
{
	struct acct_source src;

	spin_lock(&ct->lock);
	src = ct->source;
	memset(&ct->source, 0, sizeof(ct->source));
	spin_unlock(&ct->lock);
	acct_source_put(&src);
}

static int acct_find_source(struct acct_ct *ct, struct cgroup *cgroup,
			    struct netlink_ext_ack *extack)
{
	struct file *dir;
	int err;

	dir = acct_cgroup_open(cgroup);
	err = PTR_ERR_OR_ZERO(dir);
	/* It was removed: the container can do no more than be deleted. */
	if (err == -ENOENT || err == -ENODEV)
		return 0;
	if (err) {
		NL_SET_ERR_MSG(extack, "the directory of the cgroup cannot be opened");
		return err;
	}
	cgroup_get(cgroup);
	ct->source.cgroup = cgroup;
	ct->source.dir = dir;
	return 0;
}

static int acct_attach(struct cloison_container *c, void *priv,
		       struct netlink_ext_ack *extack)
{
	struct acct_ct *ct;
	int err;
	u32 r;

	ct = kzalloc_obj(*ct);
	if (!ct)
		return -ENOMEM;
	ct->id = c->id;
	refcount_set(&ct->refcount, 1);
	spin_lock_init(&ct->lock);
	mutex_init(&ct->recount);
	INIT_LIST_HEAD(&ct->visitors);
	for (r = 0; r < CLOISON_ACCT_RESOURCES; r++)
		ct->charge[r].limit = CLOISON_ACCT_UNLIMITED;
	/* One that is older than this module may be dead. */
	err = c->cgroup ? acct_find_source(ct, c->cgroup, extack) : 0;
	if (err)
		goto free;
	err = acct_proc_add(ct);
	if (err)
		goto let_go;
	err = xa_insert(&acct_cts, ct->id, ct, GFP_KERNEL);
	if (err)
		goto del_proc;
	WRITE_ONCE(acct_cts_number, acct_cts_number + 1);
	return 0;

del_proc:
	acct_proc_del(ct);
let_go:
	acct_let_go(ct);
free:
	kfree(ct);
	return err;
}

static void acct_start(struct cloison_container *c, void *priv)
{
	struct acct_ct *ct = xa_load(&acct_cts, c->id);

	spin_lock(&ct->lock);
	ct->source.init = get_pid(c->init);
	ct->source.started = c->started;
	spin_unlock(&ct->lock);
}

/* What the kernel has kept of its maxima is looked up for the last time. */
static void acct_exit(struct cloison_container *c, void *priv)
{
	struct acct_ct *ct = xa_load(&acct_cts, c->id);

	acct_sample_last(ct);
	acct_let_go(ct);
}

static void acct_detach(struct cloison_container *c, void *priv)
{
	struct acct_ct *ct = xa_erase(&acct_cts, c->id);

	WRITE_ONCE(acct_cts_number, acct_cts_number - 1);
	/* Waits for readers: they take no lock of the core's. */
	acct_proc_del(ct);
	acct_unenforce(ct);
	acct_let_go(ct);
	acct_put(ct);
}

struct cloison_ops acct_cloison_ops = {
	.name	= "cloison_acct",
	.attach	= acct_attach,
	.start	= acct_start,
	.exit	= acct_exit,
	.detach	= acct_detach,
};
