// SPDX-License-Identifier: GPL-2.0-only
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <netlink/addr.h>
#include <netlink/msg.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>

#include "error.h"
#include "ethernet.h"
#include "host.h"
#include "macfilter.h"
#include "netif.h"
#include "netns.h"
#include "note.h"
#include "rtnl.h"
#include "util.h"

#define KIND	".netif"

static int note(uint32_t id, const struct netifs *all)
{
	cleanup_free char *text = netifs_text(all);

	return note_save(id, KIND, text);
}

static int noted(uint32_t id, struct netifs *out)
{
	cleanup_free char *text = note_load(id, KIND);

	return netifs_parse(text, out);
}

static void cleanup_nl_addr_fn(struct nl_addr **addr)
{
	nl_addr_put(*addr);
}

#define cleanup_nl_addr	cleanup(cleanup_nl_addr_fn)

static struct nl_addr *mac_address(const unsigned char *mac)
{
	return nl_addr_build(AF_LLC, mac, 6);
}

static int make_pair(struct nl_sock *sock, int netns, const struct netif *n)
{
	struct rtnl_link *link = rtnl_link_veth_alloc(), *peer;
	cleanup_nl_addr struct nl_addr *mac = mac_address(n->mac);
	cleanup_nl_addr struct nl_addr *host_mac = mac_address(n->host_mac);
	int err = -NLE_NOMEM;

	if (link && mac && host_mac) {
		peer = rtnl_link_veth_get_peer(link);
		rtnl_link_set_name(link, n->host_ifname);
		rtnl_link_set_addr(link, host_mac);
		rtnl_link_set_name(peer, n->ifname);
		rtnl_link_set_addr(peer, mac);
		rtnl_link_set_ns_fd(peer, netns);
		rtnl_link_put(peer);
		err = rtnl_link_add(sock, link, NLM_F_CREATE | NLM_F_EXCL);
	}
	rtnl_link_put(link);
	return err ? fail(EXIT_NETIF, "Cannot make interface %s (%s on the host): %s", n->ifname,
			  n->host_ifname, nl_geterror(err)) : 0;
}

/* @name gets @master, if given, or else is set up. */
static int adjust(struct nl_sock *sock, const char *name, int master)
{
	struct rtnl_link *link, *change = rtnl_link_alloc();
	int err = change ? rtnl_link_get_kernel(sock, 0, name, &link) : -NLE_NOMEM;

	if (!err) {
		if (master)
			rtnl_link_set_master(change, master);
		else
			rtnl_link_set_flags(change, IFF_UP);
		err = rtnl_link_change(sock, link, change, 0);
		rtnl_link_put(link);
	}
	rtnl_link_put(change);
	return err ? fail(EXIT_NETIF, "Cannot set up the link %s: %s", name, nl_geterror(err)) : 0;
}

/* @type is RTM_SETLINK or RTM_DELLINK, see bridge(8) and net/bridge/br_netlink.c. */
static int port_vlan(struct nl_sock *sock, int ifindex, int type, unsigned int vlan,
		     unsigned int flags)
{
	struct ifinfomsg port = { .ifi_family = AF_BRIDGE, .ifi_index = ifindex };
	struct bridge_vlan_info info = { .vid = vlan, .flags = flags };
	struct nl_msg *msg = nlmsg_alloc_simple(type, 0);
	struct nlattr *nest;

	if (!msg || nlmsg_append(msg, &port, sizeof(port), NLMSG_ALIGNTO))
		return -NLE_NOMEM;
	nest = nla_nest_start(msg, IFLA_AF_SPEC);
	if (!nest || nla_put(msg, IFLA_BRIDGE_VLAN_INFO, sizeof(info), &info))
		return -NLE_NOMEM;
	nla_nest_end(msg, nest);
	return nl_send_sync(sock, msg);
}

/* Its VLAN instead of the one that a bridge gives to each port. */
static int join_vlan(struct nl_sock *sock, const struct netif *n)
{
	cleanup_free char *filtering =
		xasprintf("/sys/class/net/%s/bridge/vlan_filtering", n->bridge);
	cleanup_free char *usual = xasprintf("/sys/class/net/%s/bridge/default_pvid", n->bridge);
	cleanup_free char *on = read_file(filtering, 16), *text = read_file(usual, 16);
	unsigned int pvid = text ? atoi(text) : 0;
	int port = if_nametoindex(n->host_ifname), err;

	if (!on || *on != '1')
		return fail(EXIT_NETIF,
			    "Interface %s: bridge %s has no VLANs: ip link set %s type bridge vlan_filtering 1",
			    n->ifname, n->bridge, n->bridge);
	err = port_vlan(sock, port, RTM_SETLINK, n->vlan,
			BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED);
	if (!err && pvid && pvid != n->vlan)
		err = port_vlan(sock, port, RTM_DELLINK, pvid, 0);
	return err ? fail(EXIT_NETIF, "Cannot put %s into VLAN %u: %s", n->host_ifname, n->vlan,
			  nl_geterror(err)) : 0;
}

static int join_bridge(struct nl_sock *sock, const struct netif *n)
{
	cleanup_free char *path = xasprintf("/sys/class/net/%s/bridge", n->bridge);
	int bridge = if_nametoindex(n->bridge);

	if (!bridge || access(path, F_OK))
		return fail(EXIT_NETIF, "Interface %s: there is no bridge %s", n->ifname,
			    n->bridge);
	if (adjust(sock, n->host_ifname, bridge))
		return EXIT_NETIF;
	return n->vlan ? join_vlan(sock, n) : 0;
}

/* A link of that name that has the MAC address that we gave it. */
static bool is_ours(struct nl_sock *sock, const struct netif *n)
{
	cleanup_nl_addr struct nl_addr *mac = mac_address(n->host_mac);
	struct rtnl_link *link;
	const char *kind;
	bool ours;

	if (!mac || rtnl_link_get_kernel(sock, 0, n->host_ifname, &link))
		return false;
	kind = rtnl_link_get_type(link);
	ours = kind && strcmp(kind, "veth") == 0 && rtnl_link_get_addr(link) &&
	       nl_addr_cmp(rtnl_link_get_addr(link), mac) == 0;
	rtnl_link_put(link);
	return ours;
}

/* Remove the host's end, if it is there; the other one goes with it. */
static int remove_one(struct nl_sock *sock, const struct netif *n)
{
	struct rtnl_link *link = rtnl_link_alloc();
	int err = link ? 0 : -NLE_NOMEM;

	if (!err && is_ours(sock, n)) {
		rtnl_link_set_name(link, n->host_ifname);
		err = rtnl_link_delete(sock, link);
	}
	rtnl_link_put(link);
	return err && err != -NLE_NODEV && err != -NLE_OBJ_NOTFOUND ?
	       fail(EXIT_NETIF, "Cannot remove the link %s: %s", n->host_ifname,
		    nl_geterror(err)) : 0;
}

static bool same(const struct netif *a, const struct netif *b)
{
	return strcmp(a->ifname, b->ifname) == 0 && strcmp(a->bridge, b->bridge) == 0 &&
	       strcmp(a->host_ifname, b->host_ifname) == 0 && a->unfiltered == b->unfiltered &&
	       a->vlan == b->vlan && memcmp(a->mac, b->mac, sizeof(a->mac)) == 0 &&
	       memcmp(a->host_mac, b->host_mac, sizeof(a->host_mac)) == 0;
}

static bool have(const struct netifs *all, const struct netif *n)
{
	size_t i = netifs_find(all, n->ifname);

	return i < all->count && same(&all->list[i], n);
}

static bool any_filtered(const struct netifs *all)
{
	for (size_t i = 0; i < all->count; i++)
		if (!all->list[i].unfiltered)
			return true;
	return false;
}

/* On the host all is done again, also for one that was there: a command may have been
 * cut off. Inside, that is the container's own business; @fresh: it is not yet.
 */
static int set_up(struct nl_sock *host, struct nl_sock *inside, const struct netif *n,
		  bool fresh)
{
	int ret = 0;

	host_distrust(n->host_ifname, n->bridge[0]);
	if (n->bridge[0])
		ret = join_bridge(host, n);
	else if (n->vlan)
		ret = fail(EXIT_NETIF, "Interface %s: a VLAN is a bridge's, and it has none",
			   n->ifname);
	if (!ret)
		ret = adjust(host, n->host_ifname, 0);
	if (!ret && adjust(inside, n->ifname, 0)) {
		if (fresh)
			return EXIT_NETIF;
		error_clear();
	}
	return ret;
}

/* The pairs first, down; the rules; then all else, so that nothing passes unfiltered. */
static int make(struct nl_sock *host, uint32_t id, int netns, const struct netifs *from,
		const struct netifs *to)
{
	cleanup_free bool *fresh = xcalloc(to->count + 1, sizeof(*fresh));
	cleanup_rtnl struct nl_sock *inside = NULL;
	int ret = rtnl_open(netns, &inside);

	for (size_t i = 0; !ret && i < to->count; i++) {
		fresh[i] = !have(from, &to->list[i]) || !is_ours(host, &to->list[i]);
		if (fresh[i])
			ret = make_pair(host, netns, &to->list[i]);
	}
	if (!ret && (any_filtered(from) || any_filtered(to)))
		ret = macfilter_set(id, to);
	for (size_t i = 0; !ret && i < to->count; i++)
		ret = set_up(host, inside, &to->list[i], fresh[i]);
	return ret;
}

/* What is noted is removed some day: names on the host must be free, or ours already. */
static int check_names(struct nl_sock *host, const struct netifs *has,
		       const struct netifs *wanted)
{
	for (size_t i = 0; i < wanted->count; i++) {
		const struct netif *n = &wanted->list[i];
		bool taken = if_nametoindex(n->host_ifname);

		for (size_t j = 0; taken && j < has->count; j++)
			if (strcmp(has->list[j].host_ifname, n->host_ifname) == 0 &&
			    is_ours(host, &has->list[j]))
				taken = false;
		if (taken)
			return fail(EXIT_NETIF, "Interface %s: the host has a link %s already",
				    n->ifname, n->host_ifname);
	}
	return 0;
}

static int apply(struct nl_sock *host, uint32_t id, int netns, const struct netifs *from,
		 const struct netifs *to)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < from->count; i++)
		if (!have(to, &from->list[i]))
			ret = remove_one(host, &from->list[i]);
	if (!ret)
		ret = note(id, to);
	return ret ? ret : make(host, id, netns, from, to);
}

int ethernet_change(uint32_t id, pid_t pid, const char *netif)
{
	cleanup_netifs struct netifs has = {}, wanted = {};
	cleanup_rtnl struct nl_sock *host = NULL;
	cleanup_free char *why = NULL;
	cleanup_close int netns = -1;
	int ret = netifs_parse(netif, &wanted);

	if (ret)
		return fail_wrap(ret, "NETIF");
	ret = noted(id, &has);
	if (ret || (!has.count && !wanted.count))
		return ret;
	netifs_complete(&wanted, &has, id);
	ret = netns_open(id, pid, &netns);
	if (!ret)
		ret = rtnl_open(-1, &host);
	if (!ret)
		ret = check_names(host, &has, &wanted);
	if (ret)
		return ret;
	ret = apply(host, id, netns, &has, &wanted);
	if (!ret)
		return 0;
	/* back to what it had */
	why = xstrdup(error_text());
	apply(host, id, netns, &wanted, &has);
	return fail(ret, "%s", why);
}

int ethernet_remove(uint32_t id)
{
	static const struct netifs none;
	cleanup_netifs struct netifs has = {};
	cleanup_rtnl struct nl_sock *host = NULL;
	int ret = noted(id, &has);

	if (ret || !has.count)
		return ret;
	ret = rtnl_open(-1, &host);
	for (size_t i = 0; !ret && i < has.count; i++)
		ret = remove_one(host, &has.list[i]);
	/* without its links a rule does nothing: that must not keep a container from stopping */
	if (!ret && any_filtered(&has) && macfilter_clear(id)) {
		warn("%s", error_text());
		error_clear();
	}
	return ret ? ret : note(id, &none);
}

bool ethernet_whole(uint32_t id, bool runs)
{
	cleanup_netifs struct netifs has = {};
	cleanup_rtnl struct nl_sock *host = NULL;
	bool whole = true;

	if (noted(id, &has) || !has.count || (runs && rtnl_open(-1, &host))) {
		error_clear();
		return true;
	}
	for (size_t i = 0; runs && whole && i < has.count; i++)
		whole = is_ours(host, &has.list[i]);
	return runs && whole && macfilter_whole(id, &has);
}

int ethernet_mend(uint32_t id, pid_t pid)
{
	cleanup_netifs struct netifs has = {};
	cleanup_free char *text = NULL;
	int ret = noted(id, &has);

	if (ret || !has.count)
		return ret;
	if (pid <= 0)
		return ethernet_remove(id);
	text = netifs_text(&has);
	return ethernet_change(id, pid, text);
}
