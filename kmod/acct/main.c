// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resource accounting: what containers hold, held at most, may hold and were
 * refused, as OpenVZ's beancounters.
 */
#include <linux/module.h>

#include "acct.h"

static int __init cloison_acct_init(void)
{
	int err;

	err = acct_cgroup_init();
	if (err)
		return err;
	err = acct_enforce_init();
	if (err)
		goto exit_cgroup;
	err = acct_proc_init();
	if (err)
		goto exit_enforce;
	err = cloison_register_ops(&acct_cloison_ops);
	if (err)
		goto exit_proc;
	err = acct_sampler_init();
	if (err)
		goto unregister;
	err = acct_netlink_init();
	if (err)
		goto exit_sampler;
	return 0;

exit_sampler:
	acct_sampler_exit();
unregister:
	cloison_unregister_ops(&acct_cloison_ops);
exit_proc:
	acct_proc_exit();
exit_enforce:
	acct_enforce_exit();
exit_cgroup:
	acct_cgroup_exit();
	return err;
}

static void __exit cloison_acct_exit(void)
{
	acct_netlink_exit();
	acct_sampler_exit();
	cloison_unregister_ops(&acct_cloison_ops);
	acct_proc_exit();
	acct_enforce_exit();
	acct_cgroup_exit();
}

module_init(cloison_acct_init);
module_exit(cloison_acct_exit);

MODULE_DESCRIPTION("Cloison: resource accounting");
MODULE_VERSION(CLOISON_VERSION);
MODULE_LICENSE("GPL");
