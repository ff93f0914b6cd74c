// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"
#include "error.h"
#include "ethernet.h"
#include "util.h"
#include "value.h"
#include "venet.h"

const char *const drop_reasons[CLOISON_NET_DROP_MAX + 1] = {
	[CLOISON_NET_DROP_INVALID] = "invalid",
	[CLOISON_NET_DROP_SCOPE] = "scope",
	[CLOISON_NET_DROP_SPOOFED] = "spoofed",
	[CLOISON_NET_DROP_NO_OWNER] = "no_owner",
	[CLOISON_NET_DROP_NO_DEVICE] = "no_device",
	[CLOISON_NET_DROP_BACKLOG] = "backlog",
	[CLOISON_NET_DROP_HOLD_FULL] = "hold_full",
	[CLOISON_NET_DROP_DISCARDED] = "discarded",
	[CLOISON_NET_DROP_LOOPED] = "looped",
};

static void add(struct link_counters **list, size_t *count, const struct link_counters *l)
{
	*list = xrealloc(*list, (*count + 1) * sizeof(**list));
	(*list)[(*count)++] = *l;
}

static bool read_one(int dir, const char *name, uint64_t *out)
{
	cleanup_free char *text = read_file_at(dir, name, 64);

	return text && parse_line_number(text, out);
}

/* What the host's end sent the container received. */
static bool read_host_end(const struct netif *n, struct link_counters *l)
{
	cleanup_free char *path = xasprintf("/sys/class/net/%s/statistics", n->host_ifname);
	cleanup_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return false;
	snprintf(l->ifname, sizeof(l->ifname), "%s", n->ifname);
	return read_one(dir, "tx_packets", &l->received.packets) &&
	       read_one(dir, "tx_bytes", &l->received.bytes) &&
	       read_one(dir, "tx_dropped", &l->received.drops) &&
	       read_one(dir, "rx_packets", &l->sent.packets) &&
	       read_one(dir, "rx_bytes", &l->sent.bytes) &&
	       read_one(dir, "rx_dropped", &l->sent.drops);
}

void link_counters_read(uint32_t id, struct link_counters **list, size_t *count)
{
	cleanup_netifs struct netifs all = {};
	struct link_counters l = {};

	*list = NULL;
	*count = 0;
	if (venet_loaded() && venet_counters(id, &l))
		add(list, count, &l);
	if (ethernet_noted(id, &all))
		error_clear();
	for (size_t i = 0; i < all.count; i++) {
		l = (struct link_counters){};
		/* one that took venet's name would be counted as that */
		if (strcmp(all.list[i].ifname, VENET) != 0 && !netif_is_upper(&all.list[i]) &&
		    read_host_end(&all.list[i], &l))
			add(list, count, &l);
	}
}
