// SPDX-License-Identifier: GPL-2.0-only
/*
 * A container's own view of the machine: files in the formats of /proc and
 * /sys that answer for the container of whoever reads them.
 */
#include <linux/module.h>

#include "view.h"

static int __init cloison_view_init(void)
{
	int err;

	err = view_source_init();
	if (err)
		return err;
	err = cloison_register_ops(&view_cloison_ops);
	if (err)
		goto exit_load;
	err = view_fs_init();
	if (err)
		goto unregister;
	view_sysinfo_init();
	return 0;

unregister:
	cloison_unregister_ops(&view_cloison_ops);
exit_load:
	/* Containers were there for a moment. */
	view_load_exit();
	view_source_exit();
	return err;
}

static void __exit cloison_view_exit(void)
{
	/* It is mounted nowhere: each mount, and each open file, keeps us. */
	view_fs_exit();
	cloison_unregister_ops(&view_cloison_ops);
	view_load_exit();
	view_source_exit();
}

module_init(cloison_view_init);
module_exit(cloison_view_exit);

/*
 * There is no alias for the file system on purpose: a container must not be
 * able to have the module loaded.
 */
MODULE_DESCRIPTION("Cloison: a container's own view of the machine");
MODULE_VERSION(CLOISON_VERSION);
MODULE_LICENSE("GPL");
