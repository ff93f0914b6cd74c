/* SPDX-License-Identifier: GPL-2.0-only */
/* Exit statuses: the numbers of vzctl(8), so that scripts written for it work. */
#ifndef CLOISON_EXIT_H
#define CLOISON_EXIT_H

enum exit_status {
	EXIT_OK			= 0,
	EXIT_LIMITS		= 1,	/* a resource limit could not be set */
	EXIT_INVALID		= 2,	/* vzcfgvalidate: the file, vzcpucheck: the options */
	EXIT_SYSTEM		= 3,	/* a system call failed */
	EXIT_KERNEL		= 5,	/* modules not loaded, kernel lacks something */
	EXIT_START		= 7,	/* the container's environment could not be made */
	EXIT_COMMAND		= 8,	/* the executed command failed */
	EXIT_LOCKED		= 9,	/* another command works on the container */
	EXIT_NO_GLOBAL_CONF	= 10,
	EXIT_PERM		= 12,	/* must be root */
	EXIT_NO_CONF		= 14,	/* the container has no configuration file */
	EXIT_PAUSE		= 16,	/* it could not be frozen */
	EXIT_UNPAUSE		= 17,
	EXIT_BAD_OPTION		= 20,
	EXIT_BAD_VALUE		= 21,
	EXIT_NO_OSTEMPLATE	= 29,	/* none named, no default */
	EXIT_NOT_RUNNING	= 31,
	EXIT_RUNNING		= 32,
	EXIT_STOP		= 33,
	EXIT_ADD_IP		= 34,	/* an address could not be assigned */
	EXIT_NOT_MOUNTED	= 40,
	EXIT_MOUNTED		= 41,
	EXIT_NO_PRIVATE		= 43,
	EXIT_PRIVATE_EXISTS	= 44,
	EXIT_NO_SPACE		= 46,
	EXIT_BAD_TEMPLATE	= 47,
	EXIT_CREATE		= 48,	/* the private area could not be made */
	EXIT_MOUNT		= 50,
	EXIT_UMOUNT		= 51,
	EXIT_DESTROY		= 52,
	EXIT_TEMPLATE_USED	= 53,	/* a container shares its files */
	EXIT_INIT		= 61,	/* init could not be run */
	EXIT_QUOTA		= 62,	/* a disk limit could not be set */
	EXIT_NO_DISKSPACE	= 63,	/* an image was asked for, and no size */
	EXIT_BAD_IP		= 71,
	EXIT_USERPASSWD		= 74,
	EXIT_IP_IN_USE		= 78,	/* another container or machine has the address */
	EXIT_ACTION		= 79,	/* an action script failed */
	EXIT_CREATE_SAMPLE	= 82,	/* create --config failed */
	EXIT_DEVICES		= 86,
	EXIT_NO_TEMPLATE	= 91,	/* no such OS template */
	EXIT_NO_PLOOP		= 99,	/* a disk image was asked for */
	EXIT_NETDEV		= 104,	/* a device of the host's cannot be given */
	EXIT_DISABLED		= 105,
	EXIT_DIST_CONF		= 107,	/* no configuration for the distribution */
	EXIT_DIST_SCRIPT	= 108,	/* a script of it failed, or is missing */
	EXIT_SAMPLE		= 109,	/* set --applyconfig failed */
	EXIT_NETIF		= 130,	/* an Ethernet interface could not be made */
	EXIT_NAME		= 131,	/* somebody has that name */
	EXIT_WAIT		= 133,	/* start --wait: it did not come up */
	EXIT_CONF_SAVE		= 139,
	EXIT_IO			= 148,	/* I/O limits */
	EXIT_CREATE_IMAGE	= 151,
	EXIT_MOUNT_IMAGE	= 152,
	EXIT_RESIZE_IMAGE	= 154,
	EXIT_CONVERT		= 155,
	EXIT_SNAPSHOT		= 156,	/* it could not be made */
	EXIT_SNAPSHOT_DELETE	= 158,
	EXIT_SNAPSHOT_SWITCH	= 159,
	EXIT_SNAPSHOT_MOUNT	= 160,
	EXIT_SNAPSHOT_UMOUNT	= 161,
	EXIT_COMPACT		= 166,
	EXIT_SNAPSHOT_LIST	= 167,
	EXIT_BACKUP		= 170,	/* a backup could not be made or removed; not vzctl's */
	EXIT_RESTORE		= 171,	/* it is damaged, or cannot be restored */
	EXIT_NO_BACKUP		= 172,	/* there is none of that name */
};

#endif
