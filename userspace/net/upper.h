/* SPDX-License-Identifier: GPL-2.0-only */
/* Interfaces of type macvlan and ipvlan: in the container only. EXIT_NETIF. */
#ifndef CLOISON_UPPER_H
#define CLOISON_UPPER_H

#include <stdbool.h>
#include <stdint.h>

#include <netlink/socket.h>

#include "netif.h"

/* In the network namespace @netns of container @id, in which @inside is. */
int upper_make(struct nl_sock *host, struct nl_sock *inside, uint32_t id, int netns,
	       const struct netif *n);
/* It is called so, whatever else became of it. */
bool upper_there(struct nl_sock *inside, const struct netif *n);
int upper_remove(struct nl_sock *inside, const struct netif *n);
/* Up, with its addresses instead of those of @old, which may be NULL. */
int upper_set_up(struct nl_sock *inside, const struct netif *n, const struct netif *old);

#endif
