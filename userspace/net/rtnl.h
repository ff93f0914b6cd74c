/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Links, addresses, routes and neighbours of a network namespace, see rtnetlink(7).
 * All that make or remove something return 0 or EXIT_ADD_IP with the error noted;
 * to make what is there, or remove what is not, is no error.
 */
#ifndef CLOISON_RTNL_H
#define CLOISON_RTNL_H

#include <stdbool.h>
#include <stddef.h>

#include <netlink/socket.h>

#include "address.h"

/* The number that marks our routes, in /etc/iproute2/rt_protos and `ip route`. */
#define RTPROT_CLOISON	67
/* And the group of our links: `ip link show group 67`. */
#define GROUP_CLOISON	67

/* A socket in the namespace that descriptor @netns stands for; our own with -1. */
int rtnl_open(int netns, struct nl_sock **sock);

static inline void cleanup_rtnl_fn(struct nl_sock **sock)
{
	nl_socket_free(*sock);
}

#define cleanup_rtnl	cleanup(cleanup_rtnl_fn)

/* Make the venet link if there is none, and set it up. */
int rtnl_venet(struct nl_sock *sock, int *ifindex);

/*
 * The link @name of kind ifb, through which packets of others pass; made if there is none.
 * Ours are in a group of links of their own: what is not is refused, and never removed.
 */
int rtnl_ifb(struct nl_sock *sock, const char *name, int *ifindex);
/* 0 if there is none of ours. */
int rtnl_ifb_find(struct nl_sock *sock, const char *name);
int rtnl_ifb_del(struct nl_sock *sock, int ifindex);
int rtnl_up(struct nl_sock *sock, int ifindex);
bool rtnl_is_up(struct nl_sock *sock, int ifindex);

int rtnl_address_add(struct nl_sock *sock, int ifindex, const struct address *a);
/* The same where another link, which is going, may have it still: of an ipvlan's. */
int rtnl_address_take(struct nl_sock *sock, int ifindex, const struct address *a);
/* With whatever mask. */
int rtnl_address_del(struct nl_sock *sock, int ifindex, const struct address *a);

/* The index of link @name. */
int rtnl_ifindex(struct nl_sock *sock, const char *name, int *ifindex);

/*
 * The gateway of every container, 169.254.1.1 or fe80::1. The host's end of a routed link has
 * it; on a link without neighbours nobody need have it: there a route by it is one neighbour
 * to the kernel, a route without one for each destination, and those that it has for IPv6, or
 * for IPv4, are all containers' and the host's together (gc_thresh3, 1024).
 */
const struct address *rtnl_gateway(int family);

/* An address that the host speaks to nobody with, unless he was spoken to there. */
int rtnl_gateway_add(struct nl_sock *sock, int ifindex, const struct address *a);

/*
 * A route to what is owned of @a, over a link, by @gateway or, NULL, without. @source, or
 * NULL: which address of the host's speaks to it. EXIT_IP_IN_USE if there is one that is not
 * ours.
 */
int rtnl_route_to(struct nl_sock *sock, int ifindex, const struct address *a,
		  const struct address *gateway, const struct address *source);
int rtnl_route_away(struct nl_sock *sock, int ifindex, const struct address *a);
/* A default route for IPv4 over the link, without gateway. */
int rtnl_route_default(struct nl_sock *sock, int ifindex);
/* One by @gateway, which is on that link, whatever addresses say. */
int rtnl_route_via(struct nl_sock *sock, int ifindex, const struct address *gateway);
int rtnl_route_via_away(struct nl_sock *sock, int ifindex, const struct address *gateway);

/* Answer on that link to those who look for the address. */
int rtnl_proxy_add(struct nl_sock *sock, int ifindex, const struct address *a);
int rtnl_proxy_del(struct nl_sock *sock, int ifindex, const struct address *a);

#endif
