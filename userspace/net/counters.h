/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What passed by a container's interfaces, counted where its root cannot reach: by
 * cloison_net, or on the host's end of the link. A macvlan or ipvlan has no such end and
 * is not among them.
 */
#ifndef CLOISON_COUNTERS_H
#define CLOISON_COUNTERS_H

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

struct flow_counters {
	uint64_t packets, bytes, drops;
};

struct link_counters {
	char ifname[IFNAMSIZ];	/* inside */
	struct flow_counters received, sent;	/* by the container */
};

/* Of running container @id; free() *list. */
void link_counters_read(uint32_t id, struct link_counters **list, size_t *count);

#endif
