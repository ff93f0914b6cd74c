/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What passed by a container's interfaces, counted where its root cannot reach: by
 * cloison_net, or on the host's end of the link. A macvlan or ipvlan has no such end and
 * is not among them.
 */
#ifndef CLOISON_COUNTERS_H
#define CLOISON_COUNTERS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/cloison_net.h>

struct flow_counters {
	uint64_t packets, bytes, drops;
	/* those by reason, and what the hold had and has; of venet only */
	uint64_t dropped[CLOISON_NET_DROP_MAX + 1];
	uint64_t held, queued_packets, queued_bytes;
};

struct link_counters {
	char ifname[IFNAMSIZ];	/* inside */
	bool is_venet;
	struct flow_counters received, sent;	/* by the container */
};

/* By enum cloison_net_drop; NULL for what is none. */
extern const char *const drop_reasons[CLOISON_NET_DROP_MAX + 1];

/* Of running container @id; free() *list. */
void link_counters_read(uint32_t id, struct link_counters **list, size_t *count);

#endif
