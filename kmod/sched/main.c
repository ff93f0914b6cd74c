// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scheduling: what CPU time containers got, waited for and were denied, and the
 * functions by which a BPF scheduler knows containers.
 */
#include <linux/module.h>

#include "sched.h"

static int __init cloison_sched_init(void)
{
	sched_kfunc_init();
	return 0;
}

static void __exit cloison_sched_exit(void)
{
}

module_init(cloison_sched_init);
module_exit(cloison_sched_exit);

MODULE_DESCRIPTION("Cloison: accounting of CPU time");
MODULE_VERSION(CLOISON_VERSION);
MODULE_LICENSE("GPL");
