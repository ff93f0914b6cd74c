// SPDX-License-Identifier: GPL-2.0-only
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/route/addr.h>

#include "error.h"
#include "link.h"
#include "rtnl.h"
#include "uplink.h"
#include "upper.h"
#include "util.h"

static const char *kind_of(const struct netif *n)
{
	return n->type == NETIF_MACVLAN ? "macvlan" : "ipvlan";
}

/*
 * libnl knows no flags of ipvlan. Neighbours on one link hear of each other only if that is
 * what the operator wants: between them there is no filter. For ipvlan it is VEPA that keeps
 * them apart: being private, it hands what is for its own MAC address, but for no ipvlan, to
 * the host, past the filter.
 */
static int put_info(struct nl_msg *msg, const struct netif *n)
{
	struct nlattr *info = nla_nest_start(msg, IFLA_LINKINFO), *data;
	int err = info ? nla_put_string(msg, IFLA_INFO_KIND, kind_of(n)) : -NLE_NOMEM;

	data = err ? NULL : nla_nest_start(msg, IFLA_INFO_DATA);
	if (!data)
		return -NLE_NOMEM;
	if (n->type == NETIF_MACVLAN) {
		err = nla_put_u32(msg, IFLA_MACVLAN_MODE,
				  n->unfiltered ? MACVLAN_MODE_BRIDGE : MACVLAN_MODE_PRIVATE);
	} else {
		err = nla_put_u16(msg, IFLA_IPVLAN_MODE,
				  n->type == NETIF_IPVLAN ? IPVLAN_MODE_L2 : IPVLAN_MODE_L3);
		if (!err)
			err = nla_put_u16(msg, IFLA_IPVLAN_FLAGS,
					  n->unfiltered ? 0 : IPVLAN_F_VEPA);
	}
	nla_nest_end(msg, data);
	nla_nest_end(msg, info);
	return err;
}

static int make(struct nl_sock *host, int netns, const char *name, int link,
		const struct netif *n)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct nl_msg *msg;
	int err;

	msg = nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	err = msg ? nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) : -NLE_NOMEM;
	if (!err)
		err = nla_put_string(msg, IFLA_IFNAME, name);
	if (!err)
		err = nla_put_u32(msg, IFLA_LINK, link);
	if (!err)
		err = nla_put_u32(msg, IFLA_NET_NS_FD, netns);
	if (!err && n->type == NETIF_MACVLAN)
		err = nla_put(msg, IFLA_ADDRESS, sizeof(n->mac), n->mac);
	if (!err)
		err = put_info(msg, n);
	if (err)
		nlmsg_free(msg);
	else
		err = nl_send_sync(host, msg);
	return err ? fail(EXIT_NETIF, "Cannot make interface %s of kind %s: %s", n->ifname,
			  kind_of(n), nl_geterror(err)) : 0;
}

static bool has_addresses(const char *link)
{
	struct ifaddrs *all, *i;
	bool has = false;

	if (getifaddrs(&all))
		return false;
	for (i = all; i && !has; i = i->ifa_next) {
		const struct sockaddr_in6 *v6 = (const void *)i->ifa_addr;

		has = v6 && strcmp(i->ifa_name, link) == 0 &&
		      (v6->sin6_family == AF_INET ||
		       (v6->sin6_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr)));
	}
	freeifaddrs(all);
	return has;
}

/* By a macvlan of mode source, which root in the container may make beside his own. */
static void warn_taken(const struct netif *n)
{
	if (n->type == NETIF_MACVLAN && !n->vlan && has_addresses(n->link))
		warn("Interface %s: root in the container can take away whatever others "
		     "receive on %s, the host itself too", n->ifname, n->link);
}

/*
 * Kernels before 6.15 look on the host whether the name is free, which eth0 is not: the link
 * gets its own in the container. There may be one that a killed command left.
 */
int upper_make(struct nl_sock *host, struct nl_sock *inside, uint32_t id, int netns,
	       const struct netif *n)
{
	cleanup_free char *name = xasprintf("cl%u", id), *why = NULL;
	int link, ret = uplink_of(n, &link);

	if (!ret)
		ret = link_delete(inside, name);
	if (!ret)
		ret = make(host, netns, name, link, n);
	if (!ret)
		warn_taken(n);
	if (ret || !link_rename(inside, name, n->ifname))
		return ret;
	why = xstrdup(error_text());
	link_delete(inside, name);
	return fail(EXIT_NETIF, "%s", why);
}

bool upper_there(struct nl_sock *inside, const struct netif *n)
{
	cleanup_link struct rtnl_link *link = link_get(inside, n->ifname);

	return link_is(link, kind_of(n));
}

int upper_remove(struct nl_sock *inside, const struct netif *n)
{
	return upper_there(inside, n) ? link_delete(inside, n->ifname) : 0;
}

int upper_set_up(struct nl_sock *inside, const struct netif *n, const struct netif *old)
{
	int ifindex = 0, ret = link_up(inside, n->ifname);

	if (!ret)
		ret = rtnl_ifindex(inside, n->ifname, &ifindex);
	for (size_t i = 0; !ret && old && i < old->ip.count; i++)
		if (address_is_single(&old->ip.list[i]) &&
		    !addresses_have(&n->ip, &old->ip.list[i]))
			ret = rtnl_address_del(inside, ifindex, &old->ip.list[i]);
	for (size_t i = 0; !ret && i < n->ip.count; i++)
		if (address_is_single(&n->ip.list[i]))
			ret = old ? rtnl_address_add(inside, ifindex, &n->ip.list[i]) :
				    rtnl_address_take(inside, ifindex, &n->ip.list[i]);
	for (size_t i = 0; !ret && n->type == NETIF_IPVLAN_L3 && i < n->ip.count; i++)
		ret = rtnl_route_via(inside, ifindex, rtnl_gateway(n->ip.list[i].family));
	return ret;
}
