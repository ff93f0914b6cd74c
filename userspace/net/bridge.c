// SPDX-License-Identifier: GPL-2.0-only
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>

#include "bridge.h"
#include "error.h"
#include "link.h"
#include "util.h"

#define LAST_VLAN	4094

static int put_vlan(struct nl_msg *msg, unsigned int vlan, unsigned int flags)
{
	struct bridge_vlan_info info = { .vid = vlan, .flags = flags };

	return nla_put(msg, IFLA_BRIDGE_VLAN_INFO, sizeof(info), &info);
}

/* @type is RTM_SETLINK or RTM_DELLINK, see bridge(8) and net/bridge/br_netlink.c. */
static int port_vlans(struct nl_sock *sock, int ifindex, int type, unsigned int first,
		      unsigned int last, unsigned int flags)
{
	struct ifinfomsg port = { .ifi_family = AF_BRIDGE, .ifi_index = ifindex };
	struct nl_msg *msg;
	struct nlattr *nest;
	int err;

	if (first > last)
		return 0;
	msg = nlmsg_alloc_simple(type, 0);
	if (!msg || nlmsg_append(msg, &port, sizeof(port), NLMSG_ALIGNTO))
		return -NLE_NOMEM;
	nest = nla_nest_start(msg, IFLA_AF_SPEC);
	if (!nest)
		return -NLE_NOMEM;
	if (first == last)
		err = put_vlan(msg, first, flags);
	else
		err = put_vlan(msg, first, flags | BRIDGE_VLAN_INFO_RANGE_BEGIN) ?:
		      put_vlan(msg, last, flags | BRIDGE_VLAN_INFO_RANGE_END);
	if (err)
		return err;
	nla_nest_end(msg, nest);
	return nl_send_sync(sock, msg);
}

/* Of what bridge @name says about VLANs; 0 if it says nothing. */
static unsigned int setting(const char *name, const char *what)
{
	cleanup_free char *path = xasprintf("/sys/class/net/%s/bridge/%s", name, what);
	cleanup_free char *text = read_file(path, 16);

	return text ? atoi(text) : 0;
}

/* That one and no other; by default the one that a bridge gives to each port. */
static int join_vlan(struct nl_sock *sock, const struct netif *n)
{
	unsigned int vlan = n->vlan ? n->vlan : setting(n->bridge, "default_pvid");
	int port = if_nametoindex(n->host_ifname), err = 0;

	if (vlan)
		err = port_vlans(sock, port, RTM_SETLINK, vlan, vlan,
				 BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED);
	if (!err && vlan)
		err = port_vlans(sock, port, RTM_DELLINK, 1, vlan - 1, 0);
	if (!err)
		err = port_vlans(sock, port, RTM_DELLINK, vlan + 1, LAST_VLAN, 0);
	return err ? fail(EXIT_NETIF, "Cannot put %s into VLAN %u: %s", n->host_ifname, vlan,
			  nl_geterror(err)) : 0;
}

int bridge_join(struct nl_sock *sock, const struct netif *n)
{
	cleanup_free char *path = xasprintf("/sys/class/net/%s/bridge", n->bridge);
	int bridge = if_nametoindex(n->bridge);
	bool filters = setting(n->bridge, "vlan_filtering");

	if (!bridge || access(path, F_OK))
		return fail(EXIT_NETIF, "Interface %s: there is no bridge %s", n->ifname,
			    n->bridge);
	if (n->vlan && !filters)
		return fail(EXIT_NETIF,
			    "Interface %s: bridge %s has no VLANs: ip link set %s type bridge vlan_filtering 1",
			    n->ifname, n->bridge, n->bridge);
	if (link_master(sock, n->host_ifname, bridge))
		return EXIT_NETIF;
	return filters ? join_vlan(sock, n) : 0;
}
