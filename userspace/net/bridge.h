/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's ends of veth pairs in bridges of the administrator's. */
#ifndef CLOISON_BRIDGE_H
#define CLOISON_BRIDGE_H

#include <stdbool.h>

#include <netlink/route/link.h>
#include <netlink/socket.h>

#include "netif.h"

/* Into the bridge and VLAN of @n, which has one; what it was in before, it leaves. EXIT_NETIF. */
int bridge_join(struct nl_sock *sock, const struct netif *n);
/* Is it there, and in no other VLAN? @port is the host's end. */
bool bridge_joined(struct rtnl_link *port, const struct netif *n);

#endif
