// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>

#include "bridge.h"
#include "error.h"
#include "link.h"
#include "rtnl.h"
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

/* By default the one that a bridge gives to each port. */
static unsigned int wanted_vlan(const struct netif *n)
{
	return n->vlan ? n->vlan : setting(n->bridge, "default_pvid");
}

/* That one and no other. */
static int join_vlan(struct nl_sock *sock, const struct netif *n)
{
	unsigned int vlan = wanted_vlan(n);
	int port = link_index(n->host_ifname), err = 0;

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

/* The VLANs of a port: how many, and is one of them @vlan as we want it? */
struct membership {
	unsigned int vlan, count;
	bool has;
};

static int see_vlans(struct nl_msg *msg, void *arg)
{
	const unsigned int flags = BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED;
	struct membership *m = arg;
	struct nlattr *entry;
	int left;

	nlmsg_for_each_attr(entry, nlmsg_hdr(msg), sizeof(struct br_vlan_msg), left) {
		struct nlattr *tb[BRIDGE_VLANDB_ENTRY_MAX + 1];
		struct bridge_vlan_info info;

		if (nla_type(entry) != BRIDGE_VLANDB_ENTRY ||
		    nla_parse_nested(tb, BRIDGE_VLANDB_ENTRY_MAX, entry, NULL) ||
		    !tb[BRIDGE_VLANDB_ENTRY_INFO])
			continue;
		nla_memcpy(&info, tb[BRIDGE_VLANDB_ENTRY_INFO], sizeof(info));
		m->count++;
		m->has = m->has || (info.vid == m->vlan && !tb[BRIDGE_VLANDB_ENTRY_RANGE] &&
				    (info.flags & flags) == flags);
	}
	return NL_OK;
}

static bool in_vlan(const struct netif *n)
{
	struct br_vlan_msg port = { .family = AF_BRIDGE };
	struct membership m = { .vlan = wanted_vlan(n) };
	cleanup_rtnl struct nl_sock *sock = NULL;

	port.ifindex = link_index(n->host_ifname);
	if (rtnl_open(-1, &sock)) {
		error_clear();
		return false;
	}
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, see_vlans, &m);
	return nl_send_simple(sock, RTM_GETVLAN, NLM_F_DUMP, &port, sizeof(port)) >= 0 &&
	       nl_recvmsgs_default(sock) >= 0 && m.count == !!m.vlan && m.has == !!m.vlan;
}

bool bridge_joined(struct rtnl_link *port, const struct netif *n)
{
	int bridge = link_index(n->bridge);

	return bridge && rtnl_link_get_master(port) == bridge &&
	       (!setting(n->bridge, "vlan_filtering") || in_vlan(n));
}

/* Into another bridge only while it is down: there it is in the VLAN of all at first. */
static int change_bridge(struct nl_sock *sock, const struct netif *n, int bridge)
{
	cleanup_link struct rtnl_link *link = link_get(sock, n->host_ifname);

	if (link && rtnl_link_get_master(link) == bridge)
		return 0;
	return link_down(sock, n->host_ifname) || link_master(sock, n->host_ifname, bridge) ?
	       EXIT_NETIF : 0;
}

static void set_port(const struct netif *n, const char *what, const char *value)
{
	cleanup_free char *path = xasprintf("/sys/class/net/%s/brport/%s", n->host_ifname, what);

	/* one that knows no multicast has no such file */
	if (write_file_at(-1, path, value) && errno != ENOENT)
		warn("Cannot write to %s", path);
}

/*
 * What the bridge itself hears before any filter, see portfilter.h. With STP, what a container with
 * a limit says about that: who wants to be the root is cut off. And who says that he is
 * a router of multicast is not sent all of it for that.
 */
static void restrict_port(const struct netif *n)
{
	set_port(n, "root_block", n->unfiltered ? "0" : "1");
	set_port(n, "multicast_router", n->unfiltered ? "1" : "0");
}

int bridge_join(struct nl_sock *sock, const struct netif *n)
{
	cleanup_free char *path = xasprintf("/sys/class/net/%s/bridge", n->bridge);
	int bridge = link_index(n->bridge);
	bool filters = setting(n->bridge, "vlan_filtering");

	if (!bridge || access(path, F_OK))
		return fail(EXIT_NETIF, "Interface %s: there is no bridge %s", n->ifname,
			    n->bridge);
	if (n->vlan && !filters)
		return fail(EXIT_NETIF,
			    "Interface %s: bridge %s has no VLANs: ip link set %s type bridge vlan_filtering 1",
			    n->ifname, n->bridge, n->bridge);
	if (change_bridge(sock, n, bridge))
		return EXIT_NETIF;
	restrict_port(n);
	return filters ? join_vlan(sock, n) : 0;
}
