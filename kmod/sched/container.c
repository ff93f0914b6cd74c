// SPDX-License-Identifier: GPL-2.0-only
/* Containers, and the host: where their figures are. */
#include <linux/cpu.h>
#include <linux/module.h>
#include <linux/timekeeping.h>
#include <linux/xarray.h>

#include "sched.h"

struct sched_ct sched_host;

/* The ids that there are, in order. Written under the core's mutex, read under RCU. */
static DEFINE_XARRAY(sched_ids);

struct sched_ct *sched_ct_of(struct cgroup *cgrp)
{
	struct cloison_container *c = cloison_of_cgroup(cgrp);
	struct sched_ct *ct = c ? cloison_priv(c, &sched_cloison_ops) : NULL;

	return ct ?: &sched_host;
}

struct sched_ct *sched_ct_find(u32 id)
{
	struct cloison_container *c;

	if (!id)
		return &sched_host;
	c = cloison_find(id);
	return c ? cloison_priv(c, &sched_cloison_ops) : NULL;
}

s64 sched_next_id(u64 from)
{
	unsigned long id = from;

	if (!from)
		return 0;
	return xa_find(&sched_ids, &id, CLOISON_ID_MAX, XA_PRESENT) ? id : -1;
}

bool cloison_sched_figures(u32 id, struct cloison_sched_figures *f)
{
	struct sched_ct *ct;

	rcu_read_lock();
	ct = sched_ct_find(id);
	if (ct)
		sched_sum(ct, f);
	rcu_read_unlock();
	return ct;
}
EXPORT_SYMBOL_GPL(cloison_sched_figures);

static int sched_ct_init(struct sched_ct *ct)
{
	ct->count = alloc_percpu(struct sched_count);
	ct->since = ktime_get_boottime_ns();
	return ct->count ? 0 : -ENOMEM;
}

static int sched_attach(struct cloison_container *c, void *priv,
			struct netlink_ext_ack *extack)
{
	struct sched_ct *ct = priv;
	int err;

	err = sched_ct_init(ct);
	if (!err)
		err = xa_err(xa_store(&sched_ids, c->id, ct, GFP_KERNEL));
	if (err)
		free_percpu(ct->count);
	return err;
}

/* Tasks may have been in its cgroup before it was a container's. */
static void sched_start(struct cloison_container *c, void *priv)
{
	sched_recount();
}

/* No lookup finds it any more, but CPUs may have done theirs before. */
static void sched_detach(struct cloison_container *c, void *priv)
{
	struct sched_ct *ct = priv;

	xa_erase(&sched_ids, c->id);
	sched_recount();
	free_percpu(ct->count);
}

struct cloison_ops sched_cloison_ops = {
	.name	= "cloison_sched",
	.size	= sizeof(struct sched_ct),
	.attach	= sched_attach,
	.start	= sched_start,
	.detach	= sched_detach,
};

int sched_container_init(void)
{
	int err;

	err = sched_ct_init(&sched_host);
	if (err)
		return err;
	err = cloison_register_ops(&sched_cloison_ops);
	if (err)
		free_percpu(sched_host.count);
	return err;
}

void sched_container_exit(void)
{
	cloison_unregister_ops(&sched_cloison_ops);
	free_percpu(sched_host.count);
}
