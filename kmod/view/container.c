// SPDX-License-Identifier: GPL-2.0-only
/* What is kept of each container to answer for it. */
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "../compat/compat.h"
#include "view.h"

struct view_priv {
	struct view_ct *ct;	/* NULL: its cgroup was gone before we came */
};

static void view_ct_free(struct view_ct *ct)
{
	put_pid(ct->init);
	if (ct->memcg)
		css_put(&ct->memcg->css);
	path_put(&ct->dir);
	kfree(ct->cpus);
	kfree(ct);
}

void view_ct_put(struct view_ct *ct)
{
	if (refcount_dec_and_test(&ct->refcount))
		view_ct_free(ct);
}

struct view_ct *view_ct_here(void)
{
	struct cloison_container *c = cloison_of_task(current);
	struct view_priv *priv;

	if (!c)
		return NULL;
	priv = cloison_priv(c, &view_cloison_ops);
	return priv && priv->ct ? priv->ct : ERR_PTR(-ENODEV);
}

struct view_ct *view_ct_get(void)
{
	struct view_ct *ct;

	rcu_read_lock();
	ct = view_ct_here();
	/* The registry's own reference is there until detach. */
	if (!IS_ERR_OR_NULL(ct))
		refcount_inc(&ct->refcount);
	rcu_read_unlock();
	return ct;
}

static int view_find_dir(struct view_ct *ct, struct cgroup *cgrp)
{
	struct path root = view_cgroup_root();
	struct file *file;
	char *name;
	int err;

	name = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!name)
		return -ENOMEM;
	err = cgroup_path(cgrp, name, PATH_MAX);
	if (err < 0)
		goto free;
	file = view_open(&root, name + 1, O_DIRECTORY);
	err = PTR_ERR_OR_ZERO(file);
	if (err)
		goto free;
	/* Not one that has taken its place. */
	if (file_inode(file)->i_ino == cgroup_id(cgrp)) {
		ct->dir = file->f_path;
		path_get(&ct->dir);
	} else {
		err = -ENOENT;
	}
	fput(file);
free:
	kfree(name);
	return err;
}

static int view_attach(struct cloison_container *c, void *data,
		       struct netlink_ext_ack *extack)
{
	struct view_priv *priv = data;
	struct view_ct *ct;
	int err = -ENOMEM;

	/* It is dead. */
	if (!c->cgroup)
		return 0;
	ct = kzalloc_obj(*ct);
	if (!ct)
		return -ENOMEM;
	ct->id = c->id;
	ct->cpus = kcalloc(nr_cpu_ids, sizeof(*ct->cpus), GFP_KERNEL);
	if (!ct->cpus)
		goto free;
	err = view_find_dir(ct, c->cgroup);
	if (err)
		goto free_cpus;
	ct->memcg = mem_cgroup_from_css(cgroup_get_e_css(c->cgroup, &memory_cgrp_subsys));
	refcount_set(&ct->refcount, 1);
	spin_lock_init(&ct->lock);
	ct->then = ktime_get_boottime_ns();
	view_host_swap_update();
	view_load_add(ct);
	priv->ct = ct;
	return 0;

free_cpus:
	kfree(ct->cpus);
free:
	kfree(ct);
	/* Its cgroup was removed: it can do no more than be deleted. */
	return err == -ENOENT || err == -ENODEV ? 0 : err;
}

static void view_start(struct cloison_container *c, void *data)
{
	struct view_priv *priv = data;

	if (priv->ct)
		/* Who sees it sees all of it, see view_tasks(). */
		smp_store_release(&priv->ct->init, get_pid(c->init));
}

/* Readers may go on with it for a while. */
static void view_detach(struct cloison_container *c, void *data)
{
	struct view_priv *priv = data;

	if (!priv->ct)
		return;
	view_load_del(priv->ct);
	view_ct_put(priv->ct);
}

struct cloison_ops view_cloison_ops = {
	.name	= "cloison_view",
	.size	= sizeof(struct view_priv),
	.attach	= view_attach,
	.start	= view_start,
	.detach	= view_detach,
};
