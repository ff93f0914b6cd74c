/* SPDX-License-Identifier: GPL-2.0-only */
/* Tasks and cgroups come, change and go. */
#ifndef CLOISON_GROUPS_BPF_H
#define CLOISON_GROUPS_BPF_H

#include "give.bpf.h"


static __always_inline u32 slot_of(struct cgroup *cgrp)
{
	struct group *g = bpf_cgrp_storage_get(&groups, cgrp, 0, 0);

	return g ? g->slot : HOST;
}

SEC("struct_ops/init_task")
s32 BPF_PROG(init_task, struct task_struct *p, struct scx_init_task_args *args)
{
	struct task *t = bpf_task_storage_get(&tasks, p, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!t)
		return -ENOMEM;
	t->slot = slot_of(args->cgroup);
	t->mark = p->se.sum_exec_runtime;
	t->vtime = ct_of(t->slot)->clock;
	return 0;
}

SEC("struct_ops/cgroup_move")
void BPF_PROG(cgroup_move, struct task_struct *p, struct cgroup *from, struct cgroup *to)
{
	struct task *t = task_of(p);
	u32 slot = slot_of(to);

	if (!t || t->slot == slot)
		return;
	no_longer_waits(t);
	release(p, t);
	/* as far from the others as it was */
	t->vtime += ct_of(slot)->clock - ct_of(t->slot)->clock;
	t->slot = slot;
}

/* The number that the name of a container's cgroup is; 0: it is none. */
static __noinline u32 number(const char *name)
{
	char text[12] = {};
	u32 n = 0;
	int i;

	if (bpf_probe_read_kernel_str(text, sizeof(text), name) < 0)
		return 0;
	for (i = 0; i < 11; i++) {
		if (!text[i])
			break;
		if (text[i] < '0' || text[i] > '9')
			return 0;
		n = n * 10 + (text[i] - '0');
	}
	return n;
}

static bool is_parent(struct cgroup *cgrp)
{
	char text[8] = {};

	return bpf_probe_read_kernel_str(text, sizeof(text), cgrp->kn->name) == 8 &&
	       !__builtin_memcmp(text, "cloison", 8);
}

/* The container whose own cgroup this is; 0: none's. @inside: the slot of its parent. */
static u32 container_of_group(struct cgroup *cgrp, u32 *inside)
{
	struct cgroup *parent;
	u32 id = 0;

	*inside = HOST;
	if (!cgrp->level)
		return 0;
	parent = bpf_cgroup_ancestor(cgrp, cgrp->level - 1);
	if (!parent)
		return 0;
	*inside = slot_of(parent);
	if (*inside == HOST) {
		/* one that is about to be made is not known there yet */
		if (bpf_ksym_exists(cloison_cgroup_ctid))
			id = cloison_cgroup_ctid(cgrp);
		if (!id && cgrp->level == 2 && is_parent(parent))
			id = number(cgrp->kn->name);
	}
	bpf_cgroup_release(parent);
	return id;
}

static u32 new_slot(void)
{
	int i;

	bpf_for(i, HOST + 1, MAX_CONTAINERS) {
		if (!ct_of(i)->used && !__sync_val_compare_and_swap(&ct_of(i)->used, 0, 1))
			return i;
	}
	return NOBODY;
}

/* The tree has leaves for as many as there were at once. */
static __always_inline void grow(u32 slot)
{
	int i;

	bpf_spin_lock(&lock);
	if (slot >= slots)
		slots = slot + 1;
	bpf_for(i, 0, TREE_LEVELS) {
		u32 n = (root >> 1) & (MAX_CONTAINERS / 2 - 1);

		if (!n || slot < MAX_CONTAINERS / root)
			break;
		winner[n] = earlier(winner[2 * n], winner[2 * n + 1]);
		root = n;
	}
	bpf_spin_unlock(&lock);
}

static __always_inline void set_bandwidth(struct sched_ct *ct, u64 period_us, u64 quota_us,
					  u64 burst_us)
{
	/* "max" is more than can be told in ns */
	bool none = quota_us >= 1ULL << 44 || !period_us;

	ct->quota = 0;
	ct->period = period_us * 1000;
	ct->burst = burst_us * 1000;
	ct->tokens = none ? 0 : quota_us * 1000;
	ct->filled_at = scx_bpf_now();
	ct->quota = none ? 0 : quota_us * 1000;
	ct->changes++;
}

SEC("struct_ops.s/cgroup_init")
s32 BPF_PROG(cgroup_init, struct cgroup *cgrp, struct scx_cgroup_init_args *args)
{
	struct group *g;
	struct sched_ct *ct;
	u32 slot, id;
	s32 err;

	g = bpf_cgrp_storage_get(&groups, cgrp, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!g)
		return -ENOMEM;
	id = container_of_group(cgrp, &slot);
	g->slot = slot;
	g->top = 0;
	if (!id)
		return 0;
	slot = new_slot();
	if (!slot)
		return 0;
	err = scx_bpf_create_dsq(DSQ_OF(slot), -1);
	if (err && err != -EEXIST) {
		ct_of(slot)->used = 0;
		return err;
	}
	ct = ct_of(slot);
	ct->ctid = id;
	ct->cgid = cgrp->kn->id;
	ct->set_weight = args->weight;
	ct->idle = args->sched_idle;
	set_weight(ct, ct->idle ? 1 : ct->set_weight);
	ct->max_cpus = ct->max_running = 0;
	ct->policy = SCHED_DEFAULT;
	ct->throttles = ct->throttled_ns = 0;
	/* neither what whoever had the slot before owed, nor a lead of all that went by */
	ct->vtime = ct->key = clock;
	set_bandwidth(ct, args->bw_period_us, args->bw_quota_us, args->bw_burst_us);
	grow(slot);
	g->slot = slot;
	g->top = 1;
	return 0;
}

static __always_inline u32 own_slot(struct cgroup *cgrp)
{
	struct group *g = bpf_cgrp_storage_get(&groups, cgrp, 0, 0);

	return g && g->top ? g->slot : NOBODY;
}

SEC("struct_ops.s/cgroup_exit")
void BPF_PROG(cgroup_exit, struct cgroup *cgrp)
{
	u32 slot = own_slot(cgrp);

	if (!slot)
		return;
	bpf_spin_lock(&lock);
	if (ct_of(slot)->throttled)
		__sync_fetch_and_sub(&nr_throttled, 1);
	ct_of(slot)->throttled = 0;
	ct_of(slot)->parked = 0;
	tree_place(slot, false);
	bpf_spin_unlock(&lock);
	scx_bpf_destroy_dsq(DSQ_OF(slot));
	ct_of(slot)->ctid = 0;
	ct_of(slot)->used = 0;
}

SEC("struct_ops/cgroup_set_weight")
void BPF_PROG(cgroup_set_weight, struct cgroup *cgrp, u32 weight)
{
	struct sched_ct *ct = ct_of(own_slot(cgrp));

	ct->set_weight = weight;
	set_weight(ct, ct->idle ? 1 : weight);
}

SEC("struct_ops/cgroup_set_idle")
void BPF_PROG(cgroup_set_idle, struct cgroup *cgrp, bool idle)
{
	struct sched_ct *ct = ct_of(own_slot(cgrp));

	ct->idle = idle;
	set_weight(ct, idle ? 1 : ct->set_weight);
}

SEC("struct_ops/cgroup_set_bandwidth")
void BPF_PROG(cgroup_set_bandwidth, struct cgroup *cgrp, u64 period_us, u64 quota_us,
	      u64 burst_us)
{
	u32 slot = own_slot(cgrp);

	if (slot) {
		set_bandwidth(ct_of(slot), period_us, quota_us, burst_us);
		if (ct_of(slot)->throttled)
			arm_refill();
	}
}

SEC("struct_ops/cpu_online")
void BPF_PROG(cpu_online, s32 cpu)
{
	cpu_of(cpu)->offline = 0;
}

SEC("struct_ops/cpu_offline")
void BPF_PROG(cpu_offline, s32 cpu)
{
	cpu_of(cpu)->offline = 1;
}

#endif
