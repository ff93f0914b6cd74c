/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Device nodes of the host's in a container's /dev. A user namespace cannot make
 * any, so the host makes them, with the container's ids for owners, in a
 * directory that is closed to all others, and they are mounted over empty files.
 */
#ifndef CLOISON_DEVNODES_H
#define CLOISON_DEVNODES_H

#include <stdint.h>

#include "attach.h"
#include "devices.h"

/* Detached mounts of the nodes of a set, to be attached from inside. */
struct devnodes {
	const struct device_set *set;
	int mounts[DEVICES_MAX];
};

/*
 * On the host: make the nodes for container @id, whose ids begin at @base, and
 * open their mounts. EXIT_DEVICES if one cannot be made.
 */
int devnodes_open(uint32_t id, uint32_t base, const struct device_set *set,
		  struct devnodes *nodes);
void devnodes_close(struct devnodes *nodes);
/* Where a node is on the host; to be freed. */
char *devnodes_path(uint32_t id, const struct device_node *node);

/* Inside, before the root is changed: attach them to /dev below @root. */
int devnodes_attach(int root, const struct devnodes *nodes);

/* Give a running container those it does not have yet. */
int devnodes_add(const struct attached *in, const struct devnodes *nodes);

/* Take the nodes of container @id away from the host. */
void devnodes_sweep(uint32_t id);

#endif
