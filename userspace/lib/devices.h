/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which devices a container may use: a BPF program on its cgroup, which lives
 * as long as the cgroup (BPF_CGROUP_DEVICE; Documentation/admin-guide/cgroup-v2.rst,
 * Device controller). All else is refused with EPERM, whatever node is found.
 */
#ifndef CLOISON_DEVICES_H
#define CLOISON_DEVICES_H

#include <sys/types.h>

/* The nodes every container has in its /dev; a NULL name ends the list. */
struct device_node {
	const char *name;
	unsigned int major, minor;
};

extern const struct device_node device_nodes[];

int devices_restrict(int cgroup_fd);

#endif
