/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Talking to cloison_net.ko; the commands are described in linux/cloison_net.h. All
 * return 0 or an exit status with the error noted, EXIT_KERNEL when it is not loaded.
 */
#ifndef CLOISON_VENET_H
#define CLOISON_VENET_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "counters.h"

/* The name of the link, on the host and in a container. */
#define VENET	"venet0"

bool venet_loaded(void);

/* @netns is a descriptor of the container's network namespace. */
int venet_bind(uint32_t id, int netns);

/*
 * What the container has already is no error, nor what it has not. EXIT_IP_IN_USE
 * names the container that has the address.
 */
int venet_add(uint32_t id, const struct address *a);
int venet_del(uint32_t id, const struct address *a);

/*
 * Its packets wait, or those that open a TCP connection to it; they go on. For what has no
 * network, or is not on hold, that is no error.
 */
int venet_hold(uint32_t id, bool new_only);
int venet_release(uint32_t id);

/* Whether packets of containers may pass by the host's routing, netfilter and tc. */
int venet_set_host_shortcut(bool may);

/* Whether its packets may pass by the host's tc, if the host's switch has it so. */
int venet_set_shortcut(uint32_t id, bool may);

/* What passed, if it has such a device; false if not, or it cannot be had. */
bool venet_counters(uint32_t id, struct link_counters *out);

/* What it has, without masks; nothing if it is not registered. */
int venet_list(uint32_t id, struct addresses *out);

#endif
