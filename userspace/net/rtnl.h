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

/* An address that the host speaks to nobody with, unless he was spoken to there. */
int rtnl_gateway_add(struct nl_sock *sock, int ifindex, const struct address *a);

/*
 * A route to what is owned of @a, over a link without gateway. @source, or NULL: which
 * address of the host's speaks to it. EXIT_IP_IN_USE if there is one that is not ours.
 */
int rtnl_route_to(struct nl_sock *sock, int ifindex, const struct address *a,
		  const struct address *source);
int rtnl_route_away(struct nl_sock *sock, int ifindex, const struct address *a);
/* A default route over the link. */
int rtnl_route_default(struct nl_sock *sock, int ifindex, int family);
/* One by @gateway, which is on that link, whatever addresses say. */
int rtnl_route_via(struct nl_sock *sock, int ifindex, const struct address *gateway);

/* Answer on that link to those who look for the address. */
int rtnl_proxy_add(struct nl_sock *sock, int ifindex, const struct address *a);
int rtnl_proxy_del(struct nl_sock *sock, int ifindex, const struct address *a);

#endif
