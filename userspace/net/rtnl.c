// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/cloison_net.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/addr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/route.h>

#include "cleanup.h"
#include "error.h"
#include "netns.h"
#include "rtnl.h"
#include "rtnl_list.h"
#include "util.h"
#include "venet.h"

#define BUSY_MS	20000

int rtnl_open(int netns, struct nl_sock **sock)
{
	int err;

	*sock = nl_socket_alloc();
	if (!*sock)
		return fail(EXIT_SYSTEM, "Out of memory");
	if (netns >= 0)
		return netns_connect(netns, *sock, NETLINK_ROUTE);
	err = nl_connect(*sock, NETLINK_ROUTE);
	return err ? fail(EXIT_ADD_IP, "Cannot open a netlink socket: %s", nl_geterror(err)) : 0;
}

/* What libnl allocates is small, and as good as always there. */
static void *there(void *object)
{
	if (!object) {
		fputs("Out of memory\n", stderr);
		_exit(EXIT_SYSTEM);
	}
	return object;
}

static int venet_make(struct nl_sock *sock)
{
	struct rtnl_link *link = there(rtnl_link_alloc());
	int err;

	rtnl_link_set_name(link, VENET);
	rtnl_link_set_type(link, CLOISON_NET_LINK_KIND);
	err = rtnl_link_add(sock, link, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_link_put(link);
	return err;
}

static int link_up(struct nl_sock *sock, struct rtnl_link *link)
{
	struct rtnl_link *change = there(rtnl_link_alloc());
	int err;

	rtnl_link_set_flags(change, IFF_UP);
	err = rtnl_link_change(sock, link, change, 0);
	rtnl_link_put(change);
	return err;
}

int rtnl_venet(struct nl_sock *sock, int *ifindex)
{
	struct rtnl_link *link;
	const char *kind;
	int err = rtnl_link_get_kernel(sock, 0, VENET, &link);

	if (err == -NLE_OBJ_NOTFOUND || err == -NLE_NODEV) {
		err = venet_make(sock);
		if (!err)
			err = rtnl_link_get_kernel(sock, 0, VENET, &link);
	}
	if (err)
		return fail(EXIT_ADD_IP, "Cannot make the link " VENET ": %s", nl_geterror(err));
	*ifindex = rtnl_link_get_ifindex(link);
	kind = rtnl_link_get_type(link);
	if (!kind || strcmp(kind, CLOISON_NET_LINK_KIND) != 0) {
		rtnl_link_put(link);
		return fail(EXIT_ADD_IP, "There is a link " VENET " that is not of kind "
			    CLOISON_NET_LINK_KIND);
	}
	if (!(rtnl_link_get_flags(link) & IFF_UP))
		err = link_up(sock, link);
	rtnl_link_put(link);
	return err ? fail(EXIT_ADD_IP, "Cannot set " VENET " up: %s", nl_geterror(err)) : 0;
}

static int ifb_make(struct nl_sock *sock, const char *name)
{
	struct rtnl_link *link = there(rtnl_link_alloc());
	int err;

	rtnl_link_set_name(link, name);
	rtnl_link_set_type(link, "ifb");
	rtnl_link_set_group(link, GROUP_CLOISON);
	err = rtnl_link_add(sock, link, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_link_put(link);
	return err;
}

static bool ifb_ours(struct rtnl_link *link)
{
	const char *kind = rtnl_link_get_type(link);

	return kind && strcmp(kind, "ifb") == 0 && rtnl_link_get_group(link) == GROUP_CLOISON;
}

int rtnl_ifb(struct nl_sock *sock, const char *name, int *ifindex)
{
	struct rtnl_link *link;
	int err = ifb_make(sock, name);
	bool ours;

	if (!err || err == -NLE_EXIST)
		err = rtnl_link_get_kernel(sock, 0, name, &link);
	if (err)
		return fail(EXIT_LIMITS, "Cannot make the link %s: %s", name, nl_geterror(err));
	*ifindex = rtnl_link_get_ifindex(link);
	ours = ifb_ours(link);
	rtnl_link_put(link);
	return ours ? 0 : fail(EXIT_LIMITS, "The host has a link %s already: rename it", name);
}

int rtnl_ifb_find(struct nl_sock *sock, const char *name)
{
	struct rtnl_link *link;
	int ifindex = 0;

	if (rtnl_link_get_kernel(sock, 0, name, &link))
		return 0;
	if (ifb_ours(link))
		ifindex = rtnl_link_get_ifindex(link);
	rtnl_link_put(link);
	return ifindex;
}

int rtnl_ifb_del(struct nl_sock *sock, int ifindex)
{
	struct rtnl_link *link = there(rtnl_link_alloc());
	int err;

	rtnl_link_set_ifindex(link, ifindex);
	err = rtnl_link_delete(sock, link);
	rtnl_link_put(link);
	return err && err != -NLE_NODEV && err != -NLE_OBJ_NOTFOUND ?
	       fail(EXIT_LIMITS, "Cannot remove a link: %s", nl_geterror(err)) : 0;
}

int rtnl_up(struct nl_sock *sock, int ifindex)
{
	struct rtnl_link *link;
	int err = rtnl_link_get_kernel(sock, ifindex, NULL, &link);

	if (!err) {
		err = link_up(sock, link);
		rtnl_link_put(link);
	}
	return err ? fail(EXIT_ADD_IP, "Cannot set a link up: %s", nl_geterror(err)) : 0;
}

bool rtnl_is_up(struct nl_sock *sock, int ifindex)
{
	struct rtnl_link *link;
	bool up;

	if (rtnl_link_get_kernel(sock, ifindex, NULL, &link))
		return false;
	up = rtnl_link_get_flags(link) & IFF_UP;
	rtnl_link_put(link);
	return up;
}

static struct nl_addr *nl_address(const struct address *a, unsigned int prefix)
{
	struct nl_addr *addr = there(nl_addr_build(a->family, a->bytes, a->bits / 8));

	nl_addr_set_prefixlen(addr, prefix);
	return addr;
}

static int failed(const struct address *a, const char *what, int err)
{
	cleanup_free char *text = address_text(a);

	return fail(EXIT_ADD_IP, "%s %s: %s", what, text, nl_geterror(err));
}

int rtnl_ifindex(struct nl_sock *sock, const char *name, int *ifindex)
{
	struct rtnl_link *link;
	int err = rtnl_link_get_kernel(sock, 0, name, &link);

	if (err)
		return fail(EXIT_ADD_IP, "There is no link %s: %s", name, nl_geterror(err));
	*ifindex = rtnl_link_get_ifindex(link);
	rtnl_link_put(link);
	return 0;
}

static int address_add(struct nl_sock *sock, int ifindex, const struct address *a, int scope,
		       int if_there)
{
	struct rtnl_addr *addr = there(rtnl_addr_alloc());
	struct nl_addr *local = nl_address(a, a->mask);
	int err;

	rtnl_addr_set_ifindex(addr, ifindex);
	rtnl_addr_set_local(addr, local);
	rtnl_addr_set_scope(addr, scope);
	/* whether it is in use was asked on the host's links */
	rtnl_addr_set_flags(addr, IFA_F_NODAD);
	err = rtnl_addr_add(sock, addr, if_there);
	nl_addr_put(local);
	rtnl_addr_put(addr);
	return err;
}

static int set_address(struct nl_sock *sock, int ifindex, const struct address *a, int scope)
{
	int err = address_add(sock, ifindex, a, scope, NLM_F_EXCL);

	return err && err != -NLE_EXIST ? failed(a, "Cannot set address", err) : 0;
}

int rtnl_address_add(struct nl_sock *sock, int ifindex, const struct address *a)
{
	return set_address(sock, ifindex, a, RT_SCOPE_UNIVERSE);
}

/*
 * Replacing what is there fails with that error only where another link has the address.
 * To look for it instead would be to read all that the container's root has made.
 */
int rtnl_address_take(struct nl_sock *sock, int ifindex, const struct address *a)
{
	int64_t end = now_ms() + BUSY_MS;
	int err;

	do {
		err = address_add(sock, ifindex, a, RT_SCOPE_UNIVERSE, NLM_F_REPLACE);
		if (!err)
			return 0;
		if (err != -NLE_EXIST)
			return failed(a, "Cannot set address", err);
		sleep_ms(50);
	} while (now_ms() < end);
	return failed(a, "Another interface on that link has the address", err);
}

const struct address *rtnl_gateway(int family)
{
	static const struct address v4 = { AF_INET, { 169, 254, 1, 1 }, 32, 32, 32 };
	static const struct address v6 = { AF_INET6, { 0xfe, 0x80, [15] = 1 }, 128, 128, 64 };

	return family == AF_INET ? &v4 : &v6;
}

int rtnl_gateway_add(struct nl_sock *sock, int ifindex, const struct address *a)
{
	/* with the scope of a host it is no source that IPv4 chooses; IPv6 knows by itself */
	return set_address(sock, ifindex, a,
			   a->family == AF_INET ? RT_SCOPE_HOST : RT_SCOPE_LINK);
}

/*
 * One address, in one request: to look for it among all would be to read as many as the
 * container's root likes to make, and as often as he changes them.
 */
static int address_del(struct nl_sock *sock, int ifindex, const struct address *a,
		       unsigned int prefix)
{
	struct ifaddrmsg ifa = {
		.ifa_family = a->family, .ifa_prefixlen = prefix, .ifa_index = ifindex,
	};
	struct nl_msg *msg = there(nlmsg_alloc_simple(RTM_DELADDR, 0));

	/* without IFA_ADDRESS the kernel does not look at the length, in IPv4 */
	if (nlmsg_append(msg, &ifa, sizeof(ifa), NLMSG_ALIGNTO) ||
	    nla_put(msg, IFA_LOCAL, a->bits / 8, a->bytes)) {
		nlmsg_free(msg);
		return -NLE_NOMEM;
	}
	return nl_send_sync(sock, msg);
}

int rtnl_address_del(struct nl_sock *sock, int ifindex, const struct address *a)
{
	int err = address_del(sock, ifindex, a, a->mask);

	for (unsigned int prefix = a->bits; err == -NLE_NOADDR && a->family == AF_INET6 &&
	     prefix >= 16; prefix--)
		err = address_del(sock, ifindex, a, prefix);
	return err && err != -NLE_NOADDR ? failed(a, "Cannot remove address", err) : 0;
}

static struct rtnl_route *route_of(int ifindex, const struct address *a, unsigned int prefix)
{
	struct rtnl_nexthop *hop = there(rtnl_route_nh_alloc());
	struct rtnl_route *route = there(rtnl_route_alloc());
	struct nl_addr *dst = nl_address(a, prefix);

	rtnl_route_set_family(route, a->family);
	rtnl_route_set_table(route, RT_TABLE_MAIN);
	rtnl_route_set_protocol(route, RTPROT_CLOISON);
	rtnl_route_set_scope(route, a->family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE);
	rtnl_route_set_dst(route, dst);
	rtnl_route_nh_set_ifindex(hop, ifindex);
	rtnl_route_add_nexthop(route, hop);
	nl_addr_put(dst);
	return route;
}

/* It is on that link, whatever addresses say. */
static void set_gateway(struct rtnl_route *route, const struct address *gateway)
{
	struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, 0);
	struct nl_addr *via = nl_address(gateway, gateway->bits);

	rtnl_route_set_scope(route, RT_SCOPE_UNIVERSE);
	rtnl_route_nh_set_gateway(hop, via);
	rtnl_route_nh_set_flags(hop, RTNH_F_ONLINK);
	nl_addr_put(via);
}

static bool route_there(int ifindex, const struct address *a)
{
	cleanup_rtnl_list struct rtnl_list routes = {};

	return rtnl_list_routes(&routes) == 0 && rtnl_list_has(&routes, ifindex, a);
}

int rtnl_route_to(struct nl_sock *sock, int ifindex, const struct address *a,
		  const struct address *gateway, const struct address *source)
{
	struct rtnl_route *route = route_of(ifindex, a, a->owned);
	struct nl_addr *src = source ? nl_address(source, source->bits) : NULL;
	int err;

	if (gateway)
		set_gateway(route, gateway);
	if (src)
		rtnl_route_set_pref_src(route, src);
	err = rtnl_route_add(sock, route, NLM_F_EXCL);
	if (src)
		nl_addr_put(src);
	rtnl_route_put(route);
	if (err == -NLE_EXIST && route_there(ifindex, a))
		return 0;
	if (err == -NLE_EXIST) {
		cleanup_free char *text = address_owned(a);

		return fail(EXIT_IP_IN_USE,
			    "Address %s: the host has a route to it already: see ip route show %s",
			    text, text);
	}
	return err ? failed(a, "Cannot make a route to", err) : 0;
}

int rtnl_route_away(struct nl_sock *sock, int ifindex, const struct address *a)
{
	struct rtnl_route *route = route_of(ifindex, a, a->owned);
	int err = rtnl_route_delete(sock, route, 0);

	rtnl_route_put(route);
	return err && err != -NLE_OBJ_NOTFOUND && err != -NLE_NODEV ?
	       failed(a, "Cannot remove the route to", err) : 0;
}

/* Adds it, and lets go of it. */
static int add_default(struct nl_sock *sock, struct rtnl_route *route)
{
	int err;

	rtnl_route_set_protocol(route, RTPROT_BOOT);
	err = rtnl_route_add(sock, route, NLM_F_EXCL);
	rtnl_route_put(route);
	return err && err != -NLE_EXIST ?
	       fail(EXIT_ADD_IP, "Cannot set the default route: %s", nl_geterror(err)) : 0;
}

int rtnl_route_default(struct nl_sock *sock, int ifindex)
{
	static const struct address any = { .family = AF_INET, .bits = 32 };

	return add_default(sock, route_of(ifindex, &any, 0));
}

static struct rtnl_route *default_via(int ifindex, const struct address *gateway)
{
	struct address any = { .family = gateway->family, .bits = gateway->bits };
	struct rtnl_route *route = route_of(ifindex, &any, 0);

	set_gateway(route, gateway);
	return route;
}

int rtnl_route_via(struct nl_sock *sock, int ifindex, const struct address *gateway)
{
	return add_default(sock, default_via(ifindex, gateway));
}

int rtnl_route_via_away(struct nl_sock *sock, int ifindex, const struct address *gateway)
{
	struct rtnl_route *route = default_via(ifindex, gateway);
	int err;

	rtnl_route_set_protocol(route, RTPROT_BOOT);
	err = rtnl_route_delete(sock, route, 0);
	rtnl_route_put(route);
	return err && err != -NLE_OBJ_NOTFOUND ?
	       fail(EXIT_ADD_IP, "Cannot remove the default route: %s", nl_geterror(err)) : 0;
}

static struct rtnl_neigh *proxy_of(int ifindex, const struct address *a)
{
	struct rtnl_neigh *neigh = there(rtnl_neigh_alloc());
	struct nl_addr *dst = nl_address(a, a->bits);

	rtnl_neigh_set_ifindex(neigh, ifindex);
	rtnl_neigh_set_family(neigh, a->family);
	rtnl_neigh_set_flags(neigh, NTF_PROXY);
	rtnl_neigh_set_dst(neigh, dst);
	nl_addr_put(dst);
	return neigh;
}

int rtnl_proxy_add(struct nl_sock *sock, int ifindex, const struct address *a)
{
	struct rtnl_neigh *neigh = proxy_of(ifindex, a);
	int err = rtnl_neigh_add(sock, neigh, NLM_F_CREATE);

	rtnl_neigh_put(neigh);
	return err && err != -NLE_EXIST ? failed(a, "Cannot answer for", err) : 0;
}

int rtnl_proxy_del(struct nl_sock *sock, int ifindex, const struct address *a)
{
	struct rtnl_neigh *neigh = proxy_of(ifindex, a);
	int err = rtnl_neigh_delete(sock, neigh, 0);

	rtnl_neigh_put(neigh);
	return err && err != -NLE_OBJ_NOTFOUND && err != -NLE_NODEV ?
	       failed(a, "Cannot stop answering for", err) : 0;
}
