// SPDX-License-Identifier: GPL-2.0-only
/* A container that goes on somewhere else, or later: no figure of it begins anew. */
#include <linux/capability.h>
#include <linux/uaccess.h>
#include <uapi/linux/cloison_view.h>

#include "view.h"

#define VIEW_LOAD_UNIT	(1UL << 16)

static int view_carry_get(struct view_ct *ct, struct cloison_view_carried *c)
{
	int cpus = view_cpus(ct), err, i;
	struct view_cputime sum;

	if (cpus < 0)
		return cpus;
	err = view_cputimes(ct, cpus, &sum, NULL);
	if (err)
		return err;
	memcpy(c->times, sum.t, sizeof(c->times));
	for (i = 0; i < ARRAY_SIZE(c->load); i++)
		c->load[i] = READ_ONCE(ct->load[i]) * (VIEW_LOAD_UNIT / FIXED_1);
	return 0;
}

static int view_carry_set(struct view_ct *ct, const struct cloison_view_carried *c)
{
	int cpus = view_cpus(ct), i;
	unsigned long load[3];

	if (cpus < 0)
		return cpus;
	for (i = 0; i < ARRAY_SIZE(c->times); i++)
		if (c->times[i] >> 60)
			return -ERANGE;
	for (i = 0; i < ARRAY_SIZE(c->load); i++) {
		if (c->load[i] >> 32)
			return -ERANGE;
		load[i] = c->load[i] / (VIEW_LOAD_UNIT / FIXED_1);
	}
	view_cputimes_add(ct, cpus, c->times);
	view_load_set(ct, load);
	return 0;
}

/* In sleepable context. */
long view_carry_ioctl(unsigned int cmd, void __user *arg)
{
	struct cloison_view_carried c;
	struct view_ct *ct;
	int err;

	BUILD_BUG_ON(ARRAY_SIZE(c.times) != VIEW_TIMES);
	if (cmd != CLOISON_VIEW_IOC_GET && cmd != CLOISON_VIEW_IOC_CARRY)
		return -ENOTTY;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (copy_from_user(&c, arg, sizeof(c)))
		return -EFAULT;
	if (c.reserved)
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
