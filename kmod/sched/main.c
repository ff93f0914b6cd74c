// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scheduling: what CPU time containers got, waited for and were denied, and the
 * functions by which a BPF scheduler knows containers.
 */
#include <linux/module.h>

#include "sched.h"

static int __init cloison_sched_init(void)
{
	int err;

	err = sched_container_init();
	if (err)
		return err;
	err = sched_count_init();
	if (err)
		goto exit_container;
	err = sched_netlink_init();
	if (err)
		goto exit_count;
	sched_kfunc_init();
	return 0;

exit_count:
	sched_count_exit();
exit_container:
	sched_container_exit();
	return err;
}

static void __exit cloison_sched_exit(void)
{
	sched_netlink_exit();
	sched_count_exit();
	sched_container_exit();
}

module_init(cloison_sched_init);
module_exit(cloison_sched_exit);

MODULE_DESCRIPTION("Cloison: accounting of CPU time");
MODULE_VERSION(CLOISON_VERSION);
MODULE_LICENSE("GPL");
