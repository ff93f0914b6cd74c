// SPDX-License-Identifier: GPL-2.0-only
/*
 * For BPF programs: the container of a cgroup, and of a task.
 *
 * Both are KF_RCU. The verifier lets a program call them with a pointer that it
 * trusts, such as the arguments of its callback, or with one that it has read
 * under RCU: of either, the memory stays until we return. They may be called in any
 * context, with the lock of a runqueue held too; they take no lock and do not sleep.
 * What they return is a number and no pointer: it keeps nothing, and nothing has to
 * be released.
 *
 * A program that calls them holds a reference to this module from its verification
 * until it is freed. So the functions never go away under it, and there is no
 * counterpart of the registration.
 */
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/module.h>

#include "sched.h"

__bpf_kfunc_start_defs();

/* The id of the container in whose subtree @cgrp is, that is @cgrp or above; 0: the host. */
__bpf_kfunc u32 cloison_cgroup_ctid(struct cgroup *cgrp)
{
	struct cloison_container *c;
	u32 id;

	rcu_read_lock();
	c = cloison_of_cgroup(cgrp);
	id = c ? c->id : 0;
	rcu_read_unlock();
	return id;
}

/* The id of the container that @p is in at this moment; 0: the host. */
__bpf_kfunc u32 cloison_task_ctid(struct task_struct *p)
{
	struct cloison_container *c;
	u32 id;

	rcu_read_lock();
	c = cloison_of_task(p);
	id = c ? c->id : 0;
	rcu_read_unlock();
	return id;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(sched_kfunc_ids)
BTF_ID_FLAGS(func, cloison_cgroup_ctid, KF_RCU)
BTF_ID_FLAGS(func, cloison_task_ctid, KF_RCU)
BTF_KFUNCS_END(sched_kfunc_ids)

static const struct btf_kfunc_id_set sched_kfuncs = {
	.owner	= THIS_MODULE,
	.set	= &sched_kfunc_ids,
};

/* Accounting works without: a module that was built without BTF has no kfuncs. */
void __init sched_kfunc_init(void)
{
	static const enum bpf_prog_type types[] = {
		BPF_PROG_TYPE_STRUCT_OPS, BPF_PROG_TYPE_SYSCALL, BPF_PROG_TYPE_TRACING,
	};
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		err = register_btf_kfunc_id_set(types[i], &sched_kfuncs);
		if (err) {
			pr_warn("cloison_sched: no functions for BPF programs: %d\n", err);
			return;
		}
	}
}
