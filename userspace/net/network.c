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
#include "learn.h"
#include "link.h"
#include "nat.h"
#include "netns.h"
#include "network.h"
#include "note.h"
#include "opening.h"
#include "rate.h"
#include "rtnl.h"
#include "serve.h"
#include "suspended.h"
#include "util.h"
#include "venet.h"

#define KIND	SERVE_VENET

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
		ret = venet_set_host_shortcut(global.shortcut);
	if (!ret)
		ret = host_forward(&net->addresses);
	if (!ret)
		ret = neighbours_find(net->host, &net->neighbours);
	if (!ret)
		ret = serve_ask(&net->neighbours, &net->addresses, NULL);
	/* behind the host's own address it has no neighbours */
	if (!ret && nat_wanted(net->conf))
		neighbours_free(&net->neighbours);
	return ret;
}

/* The same for addresses that it does not use yet: are they free? */
static int prepare_new(uint32_t id, struct network *net)
{
	int ret = suspended_hold(id, &net->addresses);

	if (!ret)
		ret = prepare(net);
	/* in the table of venet's nobody else's are */
	if (!ret)
		ret = serve_free(&net->addresses, &net->venet, 1);
	return ret ? ret : serve_ask(&net->neighbours, &net->addresses, &net->probe);
}

int network_prepare(uint32_t id, const struct conf *conf, struct network *net)
{
	int ret;

	*net = (struct network){ .conf = conf };
	ret = addresses_parse(conf_get(conf, "IP_ADDRESS"), &net->addresses);
	if (ret)
		return fail_wrap(ret, "IP_ADDRESS");
	net->rate = rate_wanted(conf);
	ret = rate_check(net->rate);
	if (!ret && net->addresses.count)
		ret = prepare_new(id, net);
	/* both at once */
	if (!ret)
		ret = routed_ask(0, conf_get(conf, "NETIF"), &net->routed);
	return ret ? ret : suspended_hold(id, &net->routed.fresh);
}

int network_reserve(uint32_t id, struct network *net)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < net->addresses.count; i++)
		ret = venet_add(id, &net->addresses.list[i]);
	return ret;
}

/* IPv4 has one neighbour for all on a link from point to point; for IPv6 see rtnl_gateway(). */
static int route_out(struct nl_sock *sock, int link, int family)
{
	return family == AF_INET ? rtnl_route_default(sock, link) :
				   rtnl_route_via(sock, link, rtnl_gateway(family));
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
		ret = route_out(sock, link, all->list[i].family);
	return ret;
}

int network_inside(uint32_t id, struct network *net, pid_t pid)
{
	cleanup_close int netns = -1;
	int ret = net->addresses.count ? serve_settle(&net->probe) : 0;

	/* not a packet before */
	if (!ret)
		ret = rate_set(id, net->rate);
	if (!ret && net->addresses.count) {
		ret = netns_open(id, pid, &netns);
		if (!ret)
			ret = venet_bind(id, netns);
		if (!ret)
			ret = set_up(&net->addresses, netns);
	}
	if (!ret)
		ret = routed_settle(&net->routed);
	return ret ? ret : ethernet_change(id, pid, conf_get(net->conf, "NETIF"));
}

/* @all: what it has then. */
static int connect_all(uint32_t id, struct network *net, const struct addresses *all)
{
	const struct serve serve = {
		.id = id, .kind = KIND, .ifindex = net->venet, .gateway = rtnl_gateway(AF_INET6),
		.probe = &net->probe,
	};
	int ret = 0;

	if (net->addresses.count)
		ret = serve_begin(net->host, &serve, &net->neighbours, &net->addresses);
	return ret ? ret : nat_set(id, net->conf, all);
}

int network_connect(uint32_t id, struct network *net)
{
	int ret = connect_all(id, net, &net->addresses);

	/* for these it answers since network_inside() */
	return ret ? ret : serve_settle_late(&net->routed.probe);
}

int network_configured(const struct conf *conf, struct addresses *out)
{
	cleanup_netifs struct netifs netifs = {};
	int ret = addresses_parse(conf_get(conf, "IP_ADDRESS"), out);

	if (!ret)
		ret = netifs_parse(conf_get(conf, "NETIF"), &netifs);
	/* a bridge is a network of its own, which may have the same ones */
	for (size_t i = 0; !ret && i < netifs.count; i++)
		for (size_t k = 0; netifs.list[i].type != NETIF_VETH &&
		     k < netifs.list[i].ip.count; k++)
			addresses_add(out, &netifs.list[i].ip.list[k]);
	return ret;
}

void network_close(struct network *net)
{
	routed_close(&net->routed);
	probe_cancel(&net->probe);
	neighbours_free(&net->neighbours);
	addresses_free(&net->addresses);
	nl_socket_free(net->host);
	*net = (struct network){};
}

static int disconnect(struct nl_sock *host, uint32_t id, const struct addresses *all)
{
	const struct serve serve = { .id = id, .kind = KIND, .ifindex = link_index(VENET) };

	return serve_end(host, &serve, all);
}

int network_disconnect(uint32_t id)
{
	cleanup_addresses struct addresses all = {};
	cleanup_rtnl struct nl_sock *host = NULL;
	int ret;

	ret = note_tidy(id);
	if (!ret)
		ret = ethernet_remove(id);
	if (!ret)
		ret = rate_clear(id);
	if (!ret)
		ret = nat_clear(id);
	if (ret)
		return ret;
	footprint_addresses(id, KIND, &all);
	if (!all.count)
		return 0;
	ret = rtnl_open(-1, &host);
	return ret ? ret : disconnect(host, id, &all);
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

/* With the last address of a link its routes for IPv4 go by themselves, for IPv6 they stay. */
static int take_inside(uint32_t id, pid_t pid, const struct addresses *gone)
{
	cleanup_addresses struct addresses left = {};
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
	if (ret || !addresses_have_family(gone, AF_INET6))
		return ret;
	ret = network_addresses(id, &left);
	if (ret || addresses_have_family(&left, AF_INET6))
		return ret;
	return rtnl_route_via_away(sock, link, rtnl_gateway(AF_INET6));
}

/* In which a connection across a slow network comes about. */
#define OPENING_MS	1000

int network_quiesce(uint32_t id, pid_t init)
{
	int ret = venet_loaded() ? venet_hold(id, true) : 0;

	if (!ret && venet_loaded() && !opening_wait(id, init, OPENING_MS))
		detail("Connections are being opened still, and will not come about");
	return ret;
}

int network_hold(uint32_t id)
{
	return venet_loaded() ? venet_hold(id, false) : 0;
}

void network_pass_on(uint32_t id)
{
	cleanup_addresses struct addresses all = {};
	int ret = venet_loaded() ? network_disconnect(id) : 0;

	if (!ret && venet_loaded())
		ret = venet_list(id, &all);
	for (size_t i = 0; !ret && i < all.count; i++)
		ret = venet_del(id, &all.list[i]);
	if (!ret && venet_loaded())
		ret = venet_release(id);
	if (ret)
		detail("What was sent to it meanwhile is not passed on: %s", error_text());
	error_clear();
}

int network_pause(uint32_t id)
{
	const struct serve serve = { .id = id, .kind = KIND, .ifindex = link_index(VENET) };
	cleanup_addresses struct addresses all = {};
	cleanup_rtnl struct nl_sock *host = NULL;
	int ret = ethernet_pause(id);

	footprint_addresses(id, KIND, &all);
	if (ret || !all.count)
		return ret;
	ret = rtnl_open(-1, &host);
	if (!ret)
		ret = serve_pause(host, &serve);
	/* containers here find it without a route */
	return ret || !venet_loaded() ? ret : venet_set_shortcut(id, false);
}

int network_again(uint32_t id, pid_t pid)
{
	int ret = network_whole(id, true) ? 0 : network_mend(id, pid);

	return ret ? ret : rate_shortcut(id);
}

int network_release(uint32_t id)
{
	int ret = venet_loaded() ? venet_release(id) : 0;

	if (ret)
		return ret;
	serve_announce(id, KIND);
	routed_announce(id);
	learn_announce(id);
	return 0;
}

void network_forget(uint32_t id, pid_t pid, const struct addresses *had,
		    const struct addresses *has)
{
	cleanup_addresses struct addresses gone = {};

	minus(had, has, &gone);
	if (gone.count)
		in_vain(take_inside(id, pid, &gone));
}

/* It loses them: for the neighbours first, then in the table. All of them, whatever
 * becomes of one.
 */
static int take_away(uint32_t id, pid_t pid, const struct addresses *gone)
{
	cleanup_rtnl struct nl_sock *host = NULL;
	cleanup_footprint struct footprint left = {};
	int failed = rtnl_open(-1, &host);

	if (!failed)
		failed = disconnect(host, id, gone);
	footprint_load(id, KIND, &left);
	for (size_t i = 0; i < gone->count; i++) {
		int one = footprint_links(&left, &gone->list[i]) ? 0 :
			  venet_del(id, &gone->list[i]);

		if (one)
			failed = one;
	}
	if (!failed)
		failed = rate_again(id);
	if (!failed)
		in_vain(take_inside(id, pid, gone));
	return failed;
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

/* @net->addresses are its own, in the table, if nobody else has them. */
static int claim(uint32_t id, struct network *net)
{
	int ret = prepare_new(id, net);

	if (!ret)
		ret = serve_settle(&net->probe);
	return ret ? ret : network_reserve(id, net);
}

int network_check(uint32_t id, const struct conf *conf)
{
	cleanup_addresses struct addresses has = {}, wanted = {};
	struct network net = { .conf = conf };
	cleanup_free char *why = NULL;
	int ret = addresses_parse(conf_get(conf, "IP_ADDRESS"), &wanted);

	if (!ret)
		ret = network_addresses(id, &has);
	if (ret)
		return ret;
	minus(&wanted, &has, &net.addresses);
	if (net.addresses.count)
		ret = claim(id, &net);
	if (!ret)
		ret = routed_ask(id, conf_get(conf, "NETIF"), &net.routed);
	if (!ret)
		ret = suspended_hold(id, &net.routed.fresh);
	if (!ret)
		ret = routed_settle(&net.routed);
	why = xstrdup(error_text());
	for (size_t i = 0; i < net.addresses.count && venet_loaded(); i++)
		venet_del(id, &net.addresses.list[i]);
	network_close(&net);
	error_clear();
	return ret ? fail(ret, "%s", why) : 0;
}

static int give(uint32_t id, pid_t pid, struct network *net, const struct addresses *wanted)
{
	cleanup_free char *why = NULL;
	int ret = claim(id, net);

	if (!ret)
		ret = rate_again(id);
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
	footprint_addresses(id, KIND, &noted);
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

int network_change(uint32_t id, pid_t pid, const struct addresses *wanted)
{
	cleanup_addresses struct addresses has = {}, gone = {};
	cleanup_conf struct conf *conf = nat_noted(id);
	struct network net = { .conf = conf };
	int ret = network_addresses(id, &has);

	if (!ret)
		ret = nat_check(conf, wanted);
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
		/* the default route, which was venet's, may be another interface's now */
		if (!ret)
			ret = ethernet_mend(id, pid);
	}
	/* a command before this one may have been cut off */
	return ret ? ret : network_again(id, pid);
}

static bool all_whole(uint32_t id, const struct addresses *has)
{
	cleanup_conf struct conf *conf = nat_noted(id);
	const struct serve serve = { .id = id, .kind = KIND, .ifindex = link_index(VENET) };
	cleanup_neighbours struct neighbours on = {};
	cleanup_rtnl struct nl_sock *host = NULL;

	if (rtnl_open(-1, &host) || neighbours_find(host, &on))
		return false;
	if (nat_wanted(conf))
		neighbours_free(&on);
	return serve_whole(&serve, &on, has);
}

bool network_whole(uint32_t id, bool runs)
{
	cleanup_addresses struct addresses has = {}, noted = {}, more = {};
	bool whole;

	if (note_unfinished(id))
		return false;
	footprint_addresses(id, KIND, &noted);
	if (runs && network_addresses(id, &has)) {
		error_clear();
		return true;
	}
	minus(&noted, &has, &more);
	whole = !more.count && (!has.count || all_whole(id, &has)) &&
		nat_whole(id, &has, runs) && ethernet_whole(id, runs) && rate_whole(id, runs);
	error_clear();
	return whole;
}

int network_mend(uint32_t id, pid_t pid)
{
	cleanup_addresses struct addresses noted = {}, gone = {};
	cleanup_conf struct conf *conf = nat_noted(id);
	struct network net = { .conf = conf };
	int ret;

	if (pid <= 0)
		return network_disconnect(id);
	ret = note_tidy(id);
	if (!ret)
		ret = network_addresses(id, &net.addresses);
	if (ret)
		return ret;
	footprint_addresses(id, KIND, &noted);
	minus(&noted, &net.addresses, &gone);
	if (gone.count)
		ret = take_away(id, pid, &gone);
	if (!ret && net.addresses.count)
		ret = prepare(&net);
	if (!ret)
		ret = rate_again(id);
	if (!ret && net.addresses.count)
		ret = give_inside(id, pid, &net.addresses);
	if (!ret)
		ret = connect_all(id, &net, &net.addresses);
	network_close(&net);
	return ret ? ret : ethernet_mend(id, pid);
}
