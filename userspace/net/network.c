// SPDX-License-Identifier: GPL-2.0-only
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "error.h"
#include "ethernet.h"
#include "footprint.h"
#include "global.h"
#include "host.h"
#include "nat.h"
#include "netns.h"
#include "network.h"
#include "rtnl.h"
#include "util.h"
#include "venet.h"

static bool within(const struct address *prefix, const struct address *a)
{
	struct address cut = *a;

	if (a->family != prefix->family)
		return false;
	for (unsigned int i = prefix->owned; i < a->bits; i++)
		cut.bytes[i / 8] &= ~(0x80 >> i % 8);
	return memcmp(cut.bytes, prefix->bytes, sizeof(cut.bytes)) == 0;
}

/* An address of the host's never reaches a container: the host takes the packets. */
static int check_own(const struct addresses *own, const struct addresses *all)
{
	for (size_t i = 0; i < own->count; i++)
		for (size_t j = 0; j < all->count; j++) {
			cleanup_free char *text = NULL;

			if (!within(&all->list[j], &own->list[i]))
				continue;
			text = address_owned(&own->list[i]);
			return fail(EXIT_IP_IN_USE, "Address %s: the host itself has it", text);
		}
	return 0;
}

/* @net->addresses are read. */
static int prepare(struct network *net)
{
	int ret;

	host_module();
	ret = rtnl_open(-1, &net->host);
	if (!ret)
		ret = rtnl_venet(net->host, &net->venet);
	/* without the module there is no such link */
	if (ret && !venet_loaded())
		return fail(EXIT_KERNEL,
			    "The kernel module cloison_net, which addresses need, is not loaded; "
			    "load it with: modprobe cloison_net");
	if (!ret)
		ret = host_forward(&net->addresses);
	if (!ret)
		ret = neighbours_find(net->host, &net->neighbours);
	if (!ret)
		ret = check_own(&net->neighbours.own, &net->addresses);
	/* behind the host's own address it has no neighbours */
	if (!ret && nat_wanted(net->conf))
		neighbours_free(&net->neighbours);
	return ret;
}

/* The same for addresses that it does not use yet: are they free? */
static int prepare_new(struct network *net)
{
	int ret = prepare(net);

	if (!ret && !global.skip_arpdetect)
		probe_begin(&net->probe, &net->neighbours, &net->addresses);
	return ret;
}

int network_prepare(const struct conf *conf, struct network *net)
{
	int ret;

	*net = (struct network){ .conf = conf };
	ret = addresses_parse(conf_get(conf, "IP_ADDRESS"), &net->addresses);
	if (ret)
		return fail_wrap(ret, "IP_ADDRESS");
	return net->addresses.count ? prepare_new(net) : 0;
}

int network_reserve(uint32_t id, struct network *net)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < net->addresses.count; i++)
		ret = venet_add(id, &net->addresses.list[i]);
	return ret;
}

/* Nobody else has them, or the operator does not mind. */
static int settle(struct network *net)
{
	int ret = net->probe.sockets ? probe_end(&net->probe) : 0;

	if (!ret || global.error_on_arpfail)
		return ret;
	warn("%s", error_text());
	error_clear();
	return 0;
}

static int set_up(const struct addresses *all, int netns)
{
	cleanup_rtnl struct nl_sock *sock = NULL;
	int ret = rtnl_open(netns, &sock), link = 0;

	if (!ret)
		ret = rtnl_venet(sock, &link);
	/* a prefix is the container's to take addresses from */
	for (size_t i = 0; !ret && i < all->count; i++)
		if (address_is_single(&all->list[i]))
			ret = rtnl_address_add(sock, link, &all->list[i]);
	for (size_t i = 0; !ret && i < all->count; i++)
		ret = rtnl_route_default(sock, link, all->list[i].family);
	return ret;
}

int network_inside(uint32_t id, struct network *net, pid_t pid)
{
	cleanup_close int netns = -1;
	int ret = 0;

	if (net->addresses.count) {
		/* not a packet before */
		ret = settle(net);
		if (!ret)
			ret = netns_open(id, pid, &netns);
		if (!ret)
			ret = venet_bind(id, netns);
		if (!ret)
			ret = set_up(&net->addresses, netns);
	}
	return ret ? ret : ethernet_change(id, pid, conf_get(net->conf, "NETIF"));
}

/* Which of the host's addresses speaks to a container: VE_ROUTE_SRC_DEV's first one. */
static const struct address *source_for(const struct network *net, int family)
{
	const char *dev = global.route_src_dev;

	for (size_t i = 0; dev && i < net->neighbours.count; i++) {
		const struct neighbour *n = &net->neighbours.list[i];

		for (size_t j = 0; strcmp(n->name, dev) == 0 && j < n->own.count; j++)
			if (n->own.list[j].family == family &&
			    !IN6_IS_ADDR_LINKLOCAL(n->own.list[j].bytes))
				return &n->own.list[j];
	}
	return NULL;
}

/* The names of those that look for @a, with blanks between. */
static char *links_for(const struct neighbours *on, const struct address *a)
{
	char *links = xstrdup("");

	for (size_t i = 0; i < on->count; i++) {
		cleanup_free char *before = links;

		links = neighbour_wants(on, &on->list[i], a) ?
			xasprintf("%s%s%s", before, *before ? " " : "", on->list[i].name) :
			xstrdup(before);
	}
	return links;
}

static int connect_one(uint32_t id, const struct network *net, const struct address *a)
{
	const struct neighbours *on = &net->neighbours;
	cleanup_free char *links = links_for(on, a);
	int ret = footprint_note(id, a, links);

	if (!ret)
		ret = rtnl_route_to(net->host, net->venet, a, source_for(net, a->family));
	for (size_t i = 0; !ret && i < on->count; i++) {
		if (!neighbour_wants(on, &on->list[i], a))
			continue;
		host_answer(&on->list[i]);
		ret = rtnl_proxy_add(net->host, on->list[i].ifindex, a);
		if (!ret)
			neighbour_announce(&on->list[i], a);
	}
	return ret;
}

/* @all: what it has then. */
static int connect_all(uint32_t id, struct network *net, const struct addresses *all)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < net->addresses.count; i++)
		ret = connect_one(id, net, &net->addresses.list[i]);
	return ret ? ret : nat_set(id, net->conf, all);
}

int network_connect(uint32_t id, struct network *net)
{
	return connect_all(id, net, &net->addresses);
}

void network_close(struct network *net)
{
	probe_cancel(&net->probe);
	neighbours_free(&net->neighbours);
	addresses_free(&net->addresses);
	nl_socket_free(net->host);
	*net = (struct network){};
}

static int disconnect_one(struct nl_sock *host, uint32_t id, const struct address *a)
{
	cleanup_free char *links = footprint_links(id, a);
	char *rest = links, *name;
	int venet = if_nametoindex(VENET), ret = 0;

	/* another container may have it by now */
	if (!links)
		return 0;
	while (!ret && (name = strsep(&rest, " "))) {
		int ifindex = *name ? if_nametoindex(name) : 0;

		if (ifindex)
			ret = rtnl_proxy_del(host, ifindex, a);
	}
	if (!ret && venet)
		ret = rtnl_route_away(host, venet, a);
	return ret ? ret : footprint_forget(id, a);
}

int network_disconnect(uint32_t id)
{
	cleanup_addresses struct addresses all = {};
	cleanup_rtnl struct nl_sock *host = NULL;
	int ret;

	ret = ethernet_remove(id);
	if (!ret)
		ret = nat_clear(id);
	if (ret)
		return ret;
	footprint_addresses(id, &all);
	if (!all.count)
		return 0;
	ret = rtnl_open(-1, &host);
	for (size_t i = 0; !ret && i < all.count; i++)
		ret = disconnect_one(host, id, &all.list[i]);
	return ret;
}

/* Those of @all that @but has not. */
static void minus(const struct addresses *all, const struct addresses *but, struct addresses *out)
{
	*out = (struct addresses){};
	for (size_t i = 0; i < all->count; i++)
		if (!addresses_have(but, &all->list[i]))
			addresses_add(out, &all->list[i]);
}

/* What is done inside can be hindered by the container's root, whose loss it is. */
static void in_vain(int ret)
{
	if (!ret)
		return;
	warn("Inside the container: %s", error_text());
	error_clear();
}

static int take_inside(uint32_t id, pid_t pid, const struct addresses *gone)
{
	cleanup_rtnl struct nl_sock *sock = NULL;
	cleanup_close int netns = -1;
	int ret = netns_open(id, pid, &netns), link = 0;

	if (!ret)
		ret = rtnl_open(netns, &sock);
	if (!ret)
		ret = rtnl_venet(sock, &link);
	for (size_t i = 0; !ret && i < gone->count; i++)
		if (address_is_single(&gone->list[i]))
			ret = rtnl_address_del(sock, link, &gone->list[i]);
	return ret;
}

/* It loses them: for the neighbours first, then in the table. All of them, whatever
 * becomes of one.
 */
static int take_away(uint32_t id, pid_t pid, const struct addresses *gone)
{
	cleanup_rtnl struct nl_sock *host = NULL;
	int ret = rtnl_open(-1, &host), failed = 0;

	for (size_t i = 0; !ret && i < gone->count; i++) {
		int one = disconnect_one(host, id, &gone->list[i]);

		if (!one)
			one = venet_del(id, &gone->list[i]);
		if (one)
			failed = one;
	}
	if (!ret && !failed)
		in_vain(take_inside(id, pid, gone));
	return ret ? ret : failed;
}

/* What it has inside is added to, for a container that runs. */
static int give_inside(uint32_t id, pid_t pid, const struct addresses *all)
{
	cleanup_close int netns = -1;
	int ret = netns_open(id, pid, &netns);

	if (!ret)
		ret = venet_bind(id, netns);
	if (!ret)
		in_vain(set_up(all, netns));
	return ret;
}

static int give(uint32_t id, pid_t pid, struct network *net, const struct addresses *wanted)
{
	cleanup_free char *why = NULL;
	int ret = prepare_new(net);

	if (!ret)
		ret = settle(net);
	if (!ret)
		ret = network_reserve(id, net);
	if (!ret)
		ret = give_inside(id, pid, &net->addresses);
	if (!ret)
		ret = connect_all(id, net, wanted);
	if (!ret || !venet_loaded())
		return ret;
	why = xstrdup(error_text());
	take_away(id, pid, &net->addresses);
	return fail(ret, "%s", why);
}

int network_addresses(uint32_t id, struct addresses *out)
{
	cleanup_addresses struct addresses noted = {};
	int ret = 0;

	*out = (struct addresses){};
	if (venet_loaded())
		ret = venet_list(id, out);
	footprint_addresses(id, &noted);
	for (size_t i = 0; i < out->count; i++)
		for (size_t j = 0; j < noted.count; j++)
			if (address_same(&out->list[i], &noted.list[j]))
				out->list[i].mask = noted.list[j].mask;
	return ret;
}

static void say_addresses(const char *what, const struct addresses *all)
{
	cleanup_free char *text = addresses_text(all);

	if (all->count)
		say("%s IP address(es): %s", what, text);
}

int network_change(uint32_t id, pid_t pid, const struct conf *conf,
		   const struct addresses *wanted)
{
	cleanup_addresses struct addresses has = {}, gone = {};
	struct network net = { .conf = conf };
	int ret = network_addresses(id, &has);

	if (ret)
		return ret;
	minus(wanted, &has, &net.addresses);
	minus(&has, wanted, &gone);
	say_addresses("Adding", &net.addresses);
	if (net.addresses.count)
		ret = give(id, pid, &net, wanted);
	network_close(&net);
	if (!ret && gone.count) {
		say_addresses("Deleting", &gone);
		ret = take_away(id, pid, &gone);
		if (!ret)
			ret = nat_set(id, conf, wanted);
		/* with the first address of a subnet the kernel removed the others */
		if (!ret && wanted->count)
			ret = give_inside(id, pid, wanted);
	}
	/* a command before this one may have been cut off */
	if (!ret && !network_whole(id, conf, true))
		ret = network_mend(id, pid, conf);
	return ret;
}

static bool one_whole(struct nl_sock *host, uint32_t id, const struct neighbours *on,
		      const struct address *a)
{
	cleanup_free char *wanted = links_for(on, a), *links = footprint_links(id, a);

	if (!links || strcmp(links, wanted) != 0 ||
	    !rtnl_route_there(host, if_nametoindex(VENET), a))
		return false;
	for (size_t i = 0; i < on->count; i++)
		if (neighbour_wants(on, &on->list[i], a) &&
		    !rtnl_proxy_there(host, on->list[i].ifindex, a))
			return false;
	return true;
}

static bool all_whole(uint32_t id, const struct conf *conf, const struct addresses *has)
{
	cleanup_neighbours struct neighbours on = {};
	cleanup_rtnl struct nl_sock *host = NULL;
	bool whole = true;

	if (rtnl_open(-1, &host) || neighbours_find(host, &on))
		return false;
	if (nat_wanted(conf))
		neighbours_free(&on);
	for (size_t i = 0; whole && i < has->count; i++)
		whole = one_whole(host, id, &on, &has->list[i]);
	return whole;
}

bool network_whole(uint32_t id, const struct conf *conf, bool runs)
{
	cleanup_addresses struct addresses has = {}, noted = {}, more = {};
	bool whole;

	footprint_addresses(id, &noted);
	if (runs && network_addresses(id, &has)) {
		error_clear();
		return true;
	}
	minus(&noted, &has, &more);
	whole = !more.count && (!has.count || all_whole(id, conf, &has)) &&
		nat_whole(id) && ethernet_whole(id, runs);
	error_clear();
	return whole;
}

int network_mend(uint32_t id, pid_t pid, const struct conf *conf)
{
	cleanup_addresses struct addresses noted = {}, gone = {};
	struct network net = { .conf = conf };
	int ret;

	if (pid <= 0)
		return network_disconnect(id);
	ret = network_addresses(id, &net.addresses);
	if (ret)
		return ret;
	footprint_addresses(id, &noted);
	minus(&noted, &net.addresses, &gone);
	if (gone.count)
		ret = take_away(id, pid, &gone);
	if (!ret && net.addresses.count)
		ret = prepare(&net);
	if (!ret && net.addresses.count)
		ret = give_inside(id, pid, &net.addresses);
	if (!ret)
		ret = connect_all(id, &net, &net.addresses);
	network_close(&net);
	return ret ? ret : ethernet_mend(id, pid);
}
