// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <net/if.h>
#include <string.h>

#include <netlink/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>

#include "bridge.h"
#include "error.h"
#include "ethernet.h"
#include "host.h"
#include "link.h"
#include "macfilter.h"
#include "netif.h"
#include "netns.h"
#include "note.h"
#include "rate.h"
#include "routed.h"
#include "rtnl.h"
#include "serve.h"
#include "uplink.h"
#include "upper.h"
#include "util.h"

static int note(uint32_t id, const struct netifs *all)
{
	cleanup_free char *text = netifs_text(all);

	return note_save(id, NETIF_NOTE, text);
}

int ethernet_noted(uint32_t id, struct netifs *out)
{
	cleanup_free char *text = note_load(id, NETIF_NOTE);

	return netifs_parse(text, out);
}

/*
 * What addresses interfaces that stay are about to get inside, as NETIF would have it: the other
 * note has those that they had, until they have these. Who finds it takes away what is not noted
 * there.
 */
#define COMING_NOTE	".coming"

/* Those that are on their way to the same interface, too. */
static void add_coming(uint32_t id, struct netifs *all)
{
	cleanup_free char *text = note_load(id, COMING_NOTE);
	cleanup_netifs struct netifs coming = {};

	if (netifs_parse(text, &coming))
		error_clear();
	for (size_t i = 0; i < coming.count; i++) {
		size_t k = netifs_find(all, coming.list[i].ifname);

		for (size_t j = 0; k < all->count && j < coming.list[i].ip.count; j++)
			if (!addresses_have(&all->list[k].ip, &coming.list[i].ip.list[j]))
				addresses_add(&all->list[k].ip, &coming.list[i].ip.list[j]);
	}
}

static bool is_coming(uint32_t id)
{
	cleanup_free char *text = note_load(id, COMING_NOTE);

	return *text;
}

static int come(uint32_t id)
{
	return note_save(id, COMING_NOTE, "");
}

static struct nl_addr *mac_address(const unsigned char *mac)
{
	return nl_addr_build(AF_LLC, mac, 6);
}

/* The container's end is called @name, in @netns. */
static int make_pair(struct nl_sock *sock, int netns, const struct netif *n, const char *name)
{
	struct rtnl_link *link = rtnl_link_veth_alloc(), *peer;
	cleanup_nl_addr struct nl_addr *mac = mac_address(n->mac);
	cleanup_nl_addr struct nl_addr *host_mac = mac_address(n->host_mac);
	int err = -NLE_NOMEM;

	if (link && mac && host_mac) {
		peer = rtnl_link_veth_get_peer(link);
		rtnl_link_set_name(link, n->host_ifname);
		rtnl_link_set_addr(link, host_mac);
		rtnl_link_set_name(peer, name);
		rtnl_link_set_addr(peer, mac);
		rtnl_link_set_ns_fd(peer, netns);
		rtnl_link_put(peer);
		err = rtnl_link_add(sock, link, NLM_F_CREATE | NLM_F_EXCL);
	}
	rtnl_link_put(link);
	return err ? fail(EXIT_NETIF, "Cannot make interface %s (%s on the host): %s", n->ifname,
			  n->host_ifname, nl_geterror(err)) : 0;
}

/* One that has the MAC address that we gave it. @link may be NULL. */
static bool is_its(struct rtnl_link *link, const struct netif *n)
{
	cleanup_nl_addr struct nl_addr *mac = mac_address(n->host_mac);

	return mac && link_is(link, "veth") && rtnl_link_get_addr(link) &&
	       nl_addr_cmp(rtnl_link_get_addr(link), mac) == 0;
}

static bool is_ours(struct nl_sock *sock, const struct netif *n)
{
	cleanup_link struct rtnl_link *link = link_get(sock, n->host_ifname);

	return is_its(link, n);
}

static bool is_whole(struct nl_sock *sock, const struct netif *n)
{
	cleanup_link struct rtnl_link *link = link_get(sock, n->host_ifname);

	return is_its(link, n) && (rtnl_link_get_flags(link) & IFF_UP) &&
	       (!n->bridge[0] || bridge_joined(link, n));
}

/* Remove the host's end, if it is there; the other one goes with it. @inside: NULL where
 * all that was inside is gone.
 */
static int remove_one(struct nl_sock *host, struct nl_sock *inside, const struct netif *n)
{
	if (netif_is_upper(n))
		return inside ? upper_remove(inside, n) : 0;
	return is_ours(host, n) ? link_delete(host, n->host_ifname) : 0;
}

/* One and the same link; all else about it can be changed while it is there. */
static bool same(const struct netif *a, const struct netif *b)
{
	if (a->type != b->type || strcmp(a->ifname, b->ifname) != 0 ||
	    memcmp(a->mac, b->mac, sizeof(a->mac)) != 0)
		return false;
	if (netif_is_upper(a))
		return strcmp(a->link, b->link) == 0 && a->vlan == b->vlan &&
		       a->unfiltered == b->unfiltered;
	return strcmp(a->host_ifname, b->host_ifname) == 0 &&
	       memcmp(a->host_mac, b->host_mac, sizeof(a->host_mac)) == 0;
}

/* The one in @all that is @n, or NULL. */
static const struct netif *find(const struct netifs *all, const struct netif *n)
{
	size_t i = netifs_find(all, n->ifname);

	return i < all->count && same(&all->list[i], n) ? &all->list[i] : NULL;
}

/* What is done inside can be hindered by the container's root, whose loss it is; @fresh: he
 * was not there yet.
 */
static int in_vain(int ret, bool fresh)
{
	if (!ret || fresh)
		return ret;
	warn("Inside the container: %s", error_text());
	error_clear();
	return 0;
}

static int leave_bridge(struct nl_sock *host, const struct netif *n)
{
	return n->type == NETIF_VETH ? link_master(host, n->host_ifname, 0) : 0;
}

/* On the host all is done again, also for one that was there, as @old: a command may have
 * been cut off.
 */
static int set_up(struct nl_sock *host, struct nl_sock *inside, uint32_t id,
		  const struct netif *n, const struct netif *old)
{
	int ret = 0;

	if (netif_is_upper(n))
		return in_vain(upper_set_up(inside, n, old), !old);
	host_distrust(n->host_ifname, n->bridge[0]);
	if (n->bridge[0])
		ret = bridge_join(host, n);
	else if (old)
		ret = leave_bridge(host, n);
	if (!ret)
		ret = link_up(host, n->host_ifname);
	if (!ret)
		ret = in_vain(link_up(inside, n->ifname), !old);
	if (ret || n->type != NETIF_ROUTED)
		return ret;
	ret = in_vain(routed_inside(inside, n, old), !old);
	return ret ? ret : routed_connect(host, id, n);
}

static bool is_there(struct nl_sock *host, struct nl_sock *inside, const struct netif *n)
{
	return netif_is_upper(n) ? upper_there(inside, n) : is_ours(host, n);
}

/* The pairs first, down; the rules; then all else, so that nothing passes unfiltered or
 * faster than it may.
 */
static int make(struct nl_sock *host, struct nl_sock *inside, uint32_t id, int netns,
		const struct netifs *from, const struct netifs *to)
{
	cleanup_free const struct netif **old = xcalloc(to->count + 1, sizeof(*old));
	int ret = 0;

	for (size_t i = 0; !ret && i < to->count; i++) {
		const struct netif *n = &to->list[i];

		old[i] = find(from, n);
		if (old[i] && is_there(host, inside, n))
			continue;
		old[i] = NULL;
		ret = netif_is_upper(n) ? upper_make(host, inside, id, netns, n) :
					  make_pair(host, netns, n, n->ifname);
	}
	if (!ret && macfilter_wanted(to))
		ret = macfilter_set(id, from, to);
	if (!ret)
		ret = rate_again(id);
	for (size_t i = 0; !ret && i < to->count; i++)
		ret = set_up(host, inside, id, &to->list[i], old[i]);
	return ret;
}

/* What is noted is removed some day: names on the host must be free, or ours already. */
static int check_names(struct nl_sock *host, const struct netifs *has,
		       const struct netifs *wanted)
{
	for (size_t i = 0; i < wanted->count; i++) {
		const struct netif *n = &wanted->list[i];
		bool taken = !netif_is_upper(n) && link_index(n->host_ifname);

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

/* Links are noted before they are there; of those that stay it is noted how they are, until
 * they are otherwise, and before those that are new.
 */
static int note_before(uint32_t id, const struct netifs *from, const struct netifs *to)
{
	cleanup_netifs struct netifs all = {}, has = {};
	size_t stay = 0;

	netifs_copy(to, &all);
	netifs_copy(from, &has);
	for (size_t i = 0; i < all.count; i++) {
		struct netif *old = (struct netif *)find(&has, &all.list[i]), new;

		if (!old)
			continue;
		new = all.list[i];
		all.list[i] = all.list[stay];
		all.list[stay++] = *old;
		*old = new;
	}
	return note(id, &all);
}

static int note_coming(uint32_t id, const struct netifs *from, const struct netifs *to)
{
	cleanup_free char *text = NULL;
	cleanup_netifs struct netifs all = {};
	bool more = false;

	for (size_t i = 0; i < to->count; i++) {
		const struct netif *old = find(from, &to->list[i]);

		for (size_t j = 0; old && j < to->list[i].ip.count; j++)
			more |= !addresses_have(&old->ip, &to->list[i].ip.list[j]);
	}
	if (!more)
		return 0;
	netifs_copy(to, &all);
	add_coming(id, &all);
	text = netifs_text(&all);
	return note_save(id, COMING_NOTE, text);
}

/* Its filter goes, but the link itself is found by its name alone. */
static void warn_hidden(struct nl_sock *inside, const struct netif *n)
{
	if (netif_is_upper(n) && !upper_there(inside, n))
		warn("Inside the container: there is no interface %s; under another name it "
		     "is there until the container stops", n->ifname);
}

/* @back: what was half-made goes again. */
static int apply(struct nl_sock *host, uint32_t id, int netns, const struct netifs *from,
		 const struct netifs *to, bool back)
{
	cleanup_rtnl struct nl_sock *inside = NULL;
	cleanup_netifs struct netifs inside_it = {};
	cleanup_close int lock = -1;
	int ret = rtnl_open(netns, &inside);

	netifs_copy(from, &inside_it);
	add_coming(id, &inside_it);
	if (!ret)
		ret = uplink_lock(from, to, &lock);
	if (!ret)
		ret = uplink_check(id, to);
	for (size_t i = 0; !ret && i < from->count; i++) {
		if (find(to, &from->list[i]))
			continue;
		if (!back)
			warn_hidden(inside, &from->list[i]);
		ret = remove_one(host, inside, &from->list[i]);
	}
	if (!ret)
		ret = routed_trim(host, id, to);
	if (!ret)
		ret = uplink_update(host, from, id, to);
	/* nothing would tell of the rules when the note is gone */
	if (!ret && macfilter_wanted(from) && !macfilter_wanted(to))
		ret = macfilter_set(id, from, to);
	if (!ret)
		ret = note_before(id, from, to);
	if (!ret)
		ret = note_coming(id, from, to);
	if (!ret)
		ret = uplink_update(host, to, id, to);
	if (!ret)
		ret = make(host, inside, id, netns, &inside_it, to);
	if (!ret)
		ret = note(id, to);
	if (!ret)
		ret = come(id);
	if (!ret)
		ret = uplink_note(id, to);
	/* what is taken past the filter is what the note says that it would let pass */
	return ret ? ret : rate_again(id);
}

/*
 * Where a command was cut off that moved an address to a new interface, note_before() has it for
 * both. The first one has it; a new one to which nothing else is routed was none yet.
 */
static void give_once(struct netifs *all)
{
	cleanup_addresses struct addresses given = {};
	size_t count = 0;

	for (size_t i = 0; i < all->count; i++) {
		struct netif n = all->list[i];
		struct addresses once = {};

		for (size_t j = 0; n.type == NETIF_ROUTED && j < n.ip.count; j++) {
			if (addresses_have(&given, &n.ip.list[j]))
				continue;
			addresses_add(&given, &n.ip.list[j]);
			addresses_add(&once, &n.ip.list[j]);
		}
		if (n.type == NETIF_ROUTED) {
			addresses_free(&n.ip);
			n.ip = once;
		}
		if (n.type != NETIF_ROUTED || n.ip.count)
			all->list[count++] = n;
	}
	all->count = count;
}

int ethernet_change(uint32_t id, pid_t pid, const char *netif)
{
	cleanup_netifs struct netifs has = {}, wanted = {}, before = {};
	cleanup_rtnl struct nl_sock *host = NULL;
	cleanup_free char *why = NULL;
	cleanup_close int netns = -1;
	int ret = netifs_parse(netif, &wanted);

	if (ret)
		return fail_wrap(ret, "NETIF");
	ret = netifs_check(&wanted);
	if (!ret)
		ret = ethernet_noted(id, &has);
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
	ret = apply(host, id, netns, &has, &wanted, false);
	if (!ret)
		return 0;
	/* back to what it had */
	why = xstrdup(error_text());
	netifs_copy(&has, &before);
	give_once(&before);
	apply(host, id, netns, &wanted, &before, true);
	return fail(ret, "%s", why);
}

char *ethernet_waiting(uint32_t id, size_t index)
{
	return xasprintf("c%u.%zu", id, index);
}

int ethernet_stand_in(uint32_t id, const char *netif)
{
	cleanup_close int netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	cleanup_netifs struct netifs all = {};
	cleanup_rtnl struct nl_sock *sock = NULL;
	int ret = netifs_parse(netif, &all);

	if (ret || !all.count)
		return ret;
	ret = rtnl_open(-1, &sock);
	for (size_t i = 0; !ret && i < all.count; i++) {
		cleanup_free char *name = ethernet_waiting(id, i);

		ret = make_pair(sock, netns, &all.list[i], name);
	}
	return ret;
}

int ethernet_expect(uint32_t id, const char *netif)
{
	static const struct netifs none;
	cleanup_netifs struct netifs all = {};
	cleanup_rtnl struct nl_sock *host = NULL;
	int ret = netifs_parse(netif, &all);

	if (ret || !all.count)
		return ret;
	ret = rtnl_open(-1, &host);
	if (!ret)
		ret = check_names(host, &none, &all);
	if (!ret)
		ret = note(id, &all);
	return ret ? ret : ethernet_stand_in(id, netif);
}

int ethernet_remove(uint32_t id)
{
	static const struct netifs none;
	cleanup_netifs struct netifs has = {};
	cleanup_rtnl struct nl_sock *host = NULL;
	cleanup_close int lock = -1;
	int ret = ethernet_noted(id, &has);

	if (ret || !has.count)
		return ret;
	ret = rtnl_open(-1, &host);
	if (!ret)
		ret = uplink_lock(&has, &none, &lock);
	for (size_t i = 0; !ret && i < has.count; i++)
		ret = remove_one(host, NULL, &has.list[i]);
	/* without its links a rule does nothing: that must not keep a container from stopping */
	if (!ret && macfilter_wanted(&has) && macfilter_set(id, &has, &none)) {
		warn("%s", error_text());
		error_clear();
	}
	if (!ret)
		ret = routed_trim(host, id, &none);
	if (!ret)
		ret = uplink_update(host, &has, id, &none);
	if (!ret)
		ret = uplink_note(id, &none);
	if (!ret)
		ret = come(id);
	return ret ? ret : note(id, &none);
}

int ethernet_pause(uint32_t id)
{
	const struct serve serve = { .id = id, .kind = SERVE_ROUTED };
	cleanup_netifs struct netifs has = {};
	cleanup_rtnl struct nl_sock *host = NULL;
	int ret = ethernet_noted(id, &has);

	if (ret || !has.count)
		return ret;
	ret = rtnl_open(-1, &host);
	if (!ret)
		ret = serve_pause(host, &serve);
	/* routes by it go, and nobody inside hears who is asked for */
	for (size_t i = 0; !ret && i < has.count; i++)
		if (!netif_is_upper(&has.list[i]) && is_ours(host, &has.list[i]))
			ret = link_down(host, has.list[i].host_ifname);
	return ret;
}

bool ethernet_whole(uint32_t id, bool runs)
{
	cleanup_netifs struct netifs has = {};
	cleanup_rtnl struct nl_sock *host = NULL;
	bool whole = true;

	if (ethernet_noted(id, &has) || !has.count || (runs && rtnl_open(-1, &host))) {
		error_clear();
		return true;
	}
	for (size_t i = 0; runs && whole && i < has.count; i++)
		whole = netif_is_upper(&has.list[i]) ? uplink_whole(host, id, &has, &has.list[i]) :
			is_whole(host, &has.list[i]);
	return runs && whole && !is_coming(id) && macfilter_whole(id, &has) &&
	       routed_whole(id, &has);
}

int ethernet_mend(uint32_t id, pid_t pid)
{
	cleanup_netifs struct netifs has = {};
	cleanup_free char *text = NULL;
	int ret = ethernet_noted(id, &has);

	if (ret || !has.count)
		return ret;
	if (pid <= 0)
		return ethernet_remove(id);
	give_once(&has);
	text = netifs_text(&has);
	return ethernet_change(id, pid, text);
}
