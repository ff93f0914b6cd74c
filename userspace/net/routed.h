/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interfaces of type routed: veth pairs whose host's end is a router to the container, by
 * one address on all of them. What leads there is noted in /run/cloison/net/CTID.routed.
 */
#ifndef CLOISON_ROUTED_H
#define CLOISON_ROUTED_H

#include <stdbool.h>
#include <stdint.h>

#include <netlink/socket.h>

#include "neighbour.h"
#include "netif.h"

/* Addresses on their way to a container. */
struct routed {
	struct addresses fresh;
	struct neighbours neighbours;
	struct probe probe;
};

/*
 * Before: are those of @netif (NETIF's text or NULL) free that container @id has not yet?
 * The host is made a router. EXIT_IP_IN_USE, EXIT_ADD_IP. routed_close() whatever it
 * returns.
 */
int routed_ask(uint32_t id, const char *netif, struct routed *r);
int routed_settle(struct routed *r);
void routed_close(struct routed *r);

#define cleanup_routed	cleanup(routed_close)

/* The host's end of @n, which is up, and routes and neighbours. EXIT_ADD_IP. */
int routed_connect(struct nl_sock *host, uint32_t id, const struct netif *n);
/* Tell the neighbours of all that are noted. */
void routed_announce(uint32_t id);
/* Inside: @n's addresses instead of those of @old, which may be NULL, and default routes. */
int routed_inside(struct nl_sock *inside, const struct netif *n, const struct netif *old);
/* Undo what is noted and not for @all. */
int routed_trim(struct nl_sock *host, uint32_t id, const struct netifs *all);
bool routed_whole(uint32_t id, const struct netifs *all);

#endif
