// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux 6.9, "filelock: split common fields into struct file_lock_core": what
 * locks and leases share is a structure of its own.
 */
#include <linux/filelock.h>

static inline struct file *check(struct file_lock_core *core)
{
	return core->flc_file;
}
