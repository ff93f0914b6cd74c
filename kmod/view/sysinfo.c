// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysinfo(2): a BPF program of the tool's, which runs when the system call has filled in
 * the host's figures, has us put the container's in their place.
 *
 * Such a program may not sleep: so only what is at hand is told, and the memory of the
 * caller is written to as it is. The kernel has just written there; where it was taken
 * away meanwhile the host's figures stay. They are what was true for a moment in any case,
 * as other threads of the caller may have seen.
 */
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/sched/loadavg.h>
#include <linux/sysinfo.h>
#include <linux/uaccess.h>

#include "../compat/compat.h"
#include "view.h"

/* The uptime is the container's already, by its time namespace. */
static void view_fill_sysinfo(struct view_ct *ct, struct sysinfo *info)
{
	u64 total, used;
	int i;

	view_memory(ct, &total, &used);
	info->totalram = total;
	info->freeram = total - used;
	info->sharedram = min(view_shmem(ct), used);
	info->bufferram = 0;
	view_swap(ct, &total, &used);
	info->totalswap = total;
	info->freeswap = total - used;
	info->totalhigh = 0;
	info->freehigh = 0;
	info->mem_unit = 1;
	/* The container's init is there before somebody looks. */
	info->procs = clamp(READ_ONCE(ct->threads), 1U, (unsigned int)U16_MAX);
	for (i = 0; i < ARRAY_SIZE(info->loads); i++)
		info->loads[i] = READ_ONCE(ct->load[i]) << (SI_LOAD_SHIFT - FSHIFT);
}

__bpf_kfunc_start_defs();

/* @user: where the caller has his struct sysinfo. */
__bpf_kfunc void view_bpf_sysinfo(u64 user)
{
	struct sysinfo __user *to = (struct sysinfo __user *)(unsigned long)user;
	struct sysinfo info;
	struct view_ct *ct;

	rcu_read_lock();
	ct = view_ct_here();
	if (!IS_ERR_OR_NULL(ct) && !copy_from_user_nofault(&info, to, sizeof(info))) {
		view_fill_sysinfo(ct, &info);
		(void)copy_to_user_nofault(to, &info, sizeof(info));
	}
	rcu_read_unlock();
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(view_kfuncs)
BTF_ID_FLAGS(func, view_bpf_sysinfo)
BTF_KFUNCS_END(view_kfuncs)

static const struct btf_kfunc_id_set view_kfunc_set = {
	.owner	= THIS_MODULE,
	.set	= &view_kfuncs,
};

/* Without a description of this module's types no program can call it; all else works. */
void __init view_sysinfo_init(void)
{
	register_btf_kfunc_id_set(BPF_PROG_TYPE_TRACING, &view_kfunc_set);
}
