// SPDX-License-Identifier: GPL-2.0-only
#include <sys/socket.h>

#include "error.h"
#include "ethernet.h"
#include "footprint.h"
#include "host.h"
#include "link.h"
#include "routed.h"
#include "rtnl.h"
#include "serve.h"
#include "util.h"

#define KIND	SERVE_ROUTED

static const int families[] = { AF_INET, AF_INET6 };

static void addresses_of(const struct netifs *all, struct addresses *out)
{
	*out = (struct addresses){};
	for (size_t i = 0; i < all->count; i++)
		for (size_t j = 0; all->list[i].type == NETIF_ROUTED &&
		     j < all->list[i].ip.count; j++)
			addresses_add(out, &all->list[i].ip.list[j]);
}

/* What the container has itself is not in the way. */
static int check_free(uint32_t id, const struct addresses *fresh)
{
	cleanup_netifs struct netifs has = {};
	cleanup_free int *own = NULL;
	int ret = ethernet_noted(id, &has);

	own = xcalloc(has.count + 1, sizeof(*own));
	for (size_t i = 0; i < has.count; i++)
		own[i] = link_index(has.list[i].host_ifname);
	return ret ? ret : serve_free(fresh, own, has.count);
}

int routed_ask(uint32_t id, const char *netif, struct routed *r)
{
	cleanup_netifs struct netifs all = {};
	cleanup_addresses struct addresses wanted = {}, noted = {};
	cleanup_rtnl struct nl_sock *host = NULL;
	int ret = netifs_parse(netif, &all);

	*r = (struct routed){};
	if (ret)
		return fail_wrap(ret, "NETIF");
	ret = netifs_check(&all);
	if (ret)
		return ret;
	addresses_of(&all, &wanted);
	footprint_addresses(id, KIND, &noted);
	for (size_t i = 0; i < wanted.count; i++)
		if (!addresses_have(&noted, &wanted.list[i]))
			addresses_add(&r->fresh, &wanted.list[i]);
	if (!r->fresh.count)
		return 0;
	ret = check_free(id, &r->fresh);
	if (!ret)
		ret = rtnl_open(-1, &host);
	if (!ret)
		ret = host_forward(&r->fresh);
	if (!ret)
		ret = neighbours_find(host, &r->neighbours);
	return ret ? ret : serve_ask(&r->neighbours, &r->fresh, &r->probe);
}

int routed_settle(struct routed *r)
{
	return serve_settle(&r->probe);
}

void routed_close(struct routed *r)
{
	probe_cancel(&r->probe);
	neighbours_free(&r->neighbours);
	addresses_free(&r->fresh);
}

int routed_connect(struct nl_sock *host, uint32_t id, const struct netif *n)
{
	const struct serve serve = {
		.id = id, .kind = KIND, .ifindex = link_index(n->host_ifname),
	};
	cleanup_neighbours struct neighbours on = {};
	int ret = 0;

	for (size_t i = 0; !ret && i < ARRAY_SIZE(families); i++)
		if (addresses_have_family(&n->ip, families[i]))
			ret = rtnl_gateway_add(host, serve.ifindex, rtnl_gateway(families[i]));
	if (!ret)
		ret = neighbours_find(host, &on);
	return ret ? ret : serve_begin(host, &serve, &on, &n->ip);
}

void routed_announce(uint32_t id)
{
	serve_announce(id, KIND);
}

/* Not the mask that it came with: there is nobody else on this link. */
static struct address alone(const struct address *a)
{
	struct address one = *a;

	one.mask = one.bits;
	return one;
}

int routed_inside(struct nl_sock *inside, const struct netif *n, const struct netif *old)
{
	int ifindex = 0, ret = rtnl_ifindex(inside, n->ifname, &ifindex);

	for (size_t i = 0; !ret && old && i < old->ip.count; i++) {
		struct address a = alone(&old->ip.list[i]);

		if (address_is_single(&a) && !addresses_have(&n->ip, &a))
			ret = rtnl_address_del(inside, ifindex, &a);
	}
	for (size_t i = 0; !ret && i < n->ip.count; i++) {
		struct address a = alone(&n->ip.list[i]);

		/* a prefix is the container's to take addresses from */
		if (address_is_single(&a))
			ret = rtnl_address_add(inside, ifindex, &a);
	}
	for (size_t i = 0; !ret && i < ARRAY_SIZE(families); i++)
		if (addresses_have_family(&n->ip, families[i]))
			ret = rtnl_route_via(inside, ifindex, rtnl_gateway(families[i]));
	return ret;
}

int routed_trim(struct nl_sock *host, uint32_t id, const struct netifs *all)
{
	const struct serve serve = { .id = id, .kind = KIND };
	cleanup_addresses struct addresses noted = {}, wanted = {}, gone = {};
	int ret = 0;

	footprint_addresses(id, KIND, &noted);
	addresses_of(all, &wanted);
	for (size_t i = 0; i < noted.count; i++)
		if (!addresses_have(&wanted, &noted.list[i]))
			addresses_add(&gone, &noted.list[i]);
	/* where a link is gone its routes are as well */
	for (size_t i = 0; !ret && i < all->count; i++) {
		const struct netif *n = &all->list[i];
		int ifindex = n->type == NETIF_ROUTED ? link_index(n->host_ifname) : 0;

		for (size_t j = 0; !ret && ifindex && j < noted.count; j++)
			if (!addresses_have(&n->ip, &noted.list[j]))
				ret = rtnl_route_away(host, ifindex, &noted.list[j]);
	}
	if (!ret && gone.count)
		ret = serve_end(host, &serve, &gone);
	return ret;
}

bool routed_whole(uint32_t id, const struct netifs *all)
{
	cleanup_addresses struct addresses noted = {}, wanted = {};
	cleanup_neighbours struct neighbours on = {};
	cleanup_rtnl struct nl_sock *host = NULL;
	bool whole = true;

	footprint_addresses(id, KIND, &noted);
	addresses_of(all, &wanted);
	if (!noted.count && !wanted.count)
		return true;
	if (noted.count != wanted.count || rtnl_open(-1, &host) || neighbours_find(host, &on))
		return false;
	for (size_t i = 0; whole && i < all->count; i++) {
		const struct serve serve = {
			.id = id, .kind = KIND,
			.ifindex = link_index(all->list[i].host_ifname),
		};

		if (all->list[i].type == NETIF_ROUTED)
			whole = serve_whole(&serve, &on, &all->list[i].ip);
	}
	return whole;
}
