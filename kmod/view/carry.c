// SPDX-License-Identifier: GPL-2.0-only
/* A container that goes on somewhere else, or later: neither CPU times nor load begin anew. */
#include <linux/bits.h>
#include <linux/capability.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/cloison_view.h>

#include "view.h"

#define VIEW_LOAD_UNIT	BIT(16)
#define VIEW_LOAD_MAX	BIT_ULL(32)
#define VIEW_TIME_MAX	BIT_ULL(56)

static_assert(CLOISON_VIEW_TIMES == VIEW_TIMES);

static int view_carry_get(struct view_ct *ct, struct cloison_view_carried *c)
{
	struct view_cputime *each = kvcalloc(nr_cpu_ids, sizeof(*each), GFP_KERNEL);
	u32 had = c->cpus;
	int err, i;

	if (!each)
		return -ENOMEM;
	err = view_cputimes_all(ct, each, &c->cpus);
	if (!err && c->cpus > had)
		err = -ENOSPC;
	if (!err && copy_to_user(u64_to_user_ptr(c->times), each, c->cpus * sizeof(*each)))
		err = -EFAULT;
	for (i = 0; i < ARRAY_SIZE(c->load); i++)
		c->load[i] = READ_ONCE(ct->load[i]) * (VIEW_LOAD_UNIT / FIXED_1);
	kvfree(each);
	return err;
}

static int view_carry_set(struct view_ct *ct, const struct cloison_view_carried *c)
{
	struct view_cputime *each;
	unsigned long load[3];
	u32 cpu;
	int i;

	each = vmemdup_user(u64_to_user_ptr(c->times), c->cpus * sizeof(*each));
	if (IS_ERR(each))
		return PTR_ERR(each);
	for (cpu = 0; cpu < c->cpus; cpu++)
		for (i = 0; i < VIEW_TIMES; i++)
			each[cpu].t[i] = min(each[cpu].t[i], VIEW_TIME_MAX);
	view_cputimes_add(ct, each, c->cpus);
	kvfree(each);
	for (i = 0; i < ARRAY_SIZE(load); i++)
		load[i] = min(c->load[i], VIEW_LOAD_MAX) / (VIEW_LOAD_UNIT / FIXED_1);
	view_load_set(ct, load);
	return 0;
}

/* In sleepable context. */
long view_carry_ioctl(unsigned int cmd, void __user *arg)
{
	struct cloison_view_carried c;
	struct view_ct *ct;
	int err;

	if (cmd != CLOISON_VIEW_IOC_GET && cmd != CLOISON_VIEW_IOC_CARRY)
		return -ENOTTY;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (copy_from_user(&c, arg, sizeof(c)))
		return -EFAULT;
	if (!c.cpus || c.cpus > CLOISON_VIEW_CPUS_MAX)
		return -EINVAL;
	ct = view_ct_find(c.id);
	if (!ct)
		return -ENOENT;
	if (cmd == CLOISON_VIEW_IOC_CARRY) {
		err = view_carry_set(ct, &c);
	} else {
		err = view_carry_get(ct, &c);
		if (!err && copy_to_user(arg, &c, sizeof(c)))
			err = -EFAULT;
	}
	view_ct_put(ct);
	return err;
}
