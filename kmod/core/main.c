// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cloison: containers as objects of the kernel. The core keeps the registry,
 * speaks with the tool and lets the other modules attach.
 */
#include <linux/module.h>

#include "core.h"

/* Why rmmod says that the module is in use: each running container uses it. */
static int running_set(const char *val, const struct kernel_param *kp)
{
	return -EPERM;
}

static const struct kernel_param_ops running_ops = {
	.set = running_set,
	.get = param_get_uint,
};
module_param_cb(running, &running_ops, &cloison_running, 0444);
MODULE_PARM_DESC(running, "number of running containers (read only)");

static int __init cloison_init(void)
{
	int err;

	err = cloison_lifetime_init();
	if (err)
		return err;

	err = cloison_netlink_init();
	if (err)
		cloison_lifetime_exit();
	return err;
}

static void __exit cloison_exit(void)
{
	struct cloison_container *c;
	unsigned long id;

	/*
	 * No container runs, else the module would be in use; and with the
	 * family gone none can start any more. What is left was never started
	 * or is dead, and no other module is attached, since all of them need
	 * our symbols.
	 */
	cloison_netlink_exit();
	cloison_lifetime_exit();

	mutex_lock(&cloison_mutex);
	xa_for_each(&cloison_ids, id, c)
		cloison_del(c);
	mutex_unlock(&cloison_mutex);
}

module_init(cloison_init);
module_exit(cloison_exit);

/*
 * There is no alias for the netlink family on purpose: a container must not be
 * able to have the module loaded.
 */
MODULE_DESCRIPTION("Cloison: registry of containers");
MODULE_VERSION(CLOISON_VERSION);
MODULE_LICENSE("GPL");
