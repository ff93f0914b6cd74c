/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which devices a container may use: a BPF program on its cgroup, which lives
 * as long as the cgroup (BPF_CGROUP_DEVICE; Documentation/admin-guide/cgroup-v2.rst,
 * Device controller). All else is refused with EPERM, whatever node is found.
 */
#ifndef CLOISON_DEVICES_H
#define CLOISON_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "conf.h"

#define DEVICE_MINOR_ANY	(~0U)
#define DEVICES_MAX		64

/* A device, or all of one major number, and what may be done with it. */
struct device_rule {
	bool block;
	unsigned int major, minor;	/* DEVICE_MINOR_ANY: all of them */
	unsigned int access;		/* BPF_DEVCG_ACC_ bits */
};

/* A node the container finds in its /dev */
struct device_node {
	char *name;			/* below /dev, on the host as in the container */
	dev_t dev;
	mode_t mode;			/* as on the host, S_IFCHR or S_IFBLK with it */
};

/* What its configuration adds to what all have. */
struct device_set {
	struct device_rule rules[DEVICES_MAX];
	size_t rules_count;
	struct device_node nodes[DEVICES_MAX];
	size_t nodes_count;
};

/* The nodes every container has in its /dev; NULL ends the list. */
extern const char *const device_names[];

/*
 * The values of DEVICES and DEVNODES after @arg was said: "c:10:200:rw" (all for
 * the minor number: every one; none for the access: no longer), "net/tun:rw". To
 * be freed; NULL if @arg is not that.
 */
char *devices_merge(const char *arg, const char *old);
char *devnodes_merge(const char *arg, const char *old);

/*
 * What DEVICES, DEVNODES and FEATURES of @conf say. EXIT_BAD_VALUE names the bad
 * word, EXIT_DEVICES the node that the host does not have.
 */
int devices_read(const struct conf *conf, struct device_set *set);
void devices_free(struct device_set *set);

#define cleanup_devices	cleanup(devices_free)

/* Let the cgroup's tasks use those of @set and what all may use, and no others. */
int devices_restrict(int cgroup_fd, const struct device_set *set);

#endif
