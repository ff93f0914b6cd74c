/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Links of the host's that interfaces of type macvlan and ipvlan share: one that is there,
 * or, with a VLAN, one that is made for it, eth0.7, as long as a container uses it. All
 * that leaves such a one is of containers: a table of nftables, cloison_eth0.7, keeps it
 * to their addresses. What is noted of all containers (CTID.netif) says who they are.
 */
#ifndef CLOISON_UPLINK_H
#define CLOISON_UPLINK_H

#include <stdbool.h>
#include <stdint.h>

#include <netlink/socket.h>

#include "netif.h"

/* The note of a container's interfaces, see note.h. */
#define NETIF_NOTE	".netif"

/* Around what follows and the notes of it, if it is about such interfaces. */
int uplink_lock(const struct netifs *from, const struct netifs *to, int *lock);
/* Can @all, of container @id, share their links with those that are noted? EXIT_NETIF. */
int uplink_check(uint32_t id, const struct netifs *all);
/*
 * Make or remove what those of @all that have a VLAN share, as the notes have it, and of
 * container @id as @has says. EXIT_NETIF.
 */
int uplink_update(struct nl_sock *host, const struct netifs *all, uint32_t id,
		  const struct netifs *has);
/* The index of the link that @n shares. EXIT_NETIF. */
int uplink_of(const struct netif *n, int *ifindex);
/* Those of @all are made, each on the link that is there now. */
int uplink_note(uint32_t id, const struct netifs *all);
/* Is the link of @n, one of @has, as it should be, and still that one? */
bool uplink_whole(struct nl_sock *host, uint32_t id, const struct netifs *has,
		  const struct netif *n);

#endif
