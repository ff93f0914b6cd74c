// SPDX-License-Identifier: GPL-2.0-only
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "footprint.h"
#include "global.h"
#include "host.h"
#include "note.h"
#include "rtnl.h"
#include "rtnl_list.h"
#include "serve.h"
#include "stage.h"
#include "util.h"

static const char *const serve_kinds[] = { SERVE_VENET, SERVE_ROUTED };

/* An address of the host's never reaches a container: the host takes the packets. */
static int check_own(const struct addresses *own, const struct addresses *all)
{
	for (size_t i = 0; i < own->count; i++)
		for (size_t j = 0; j < all->count; j++) {
			cleanup_free char *text = NULL;

			if (!address_within(&own->list[i], &all->list[j]))
				continue;
			text = address_owned(&own->list[i]);
			return fail(EXIT_IP_IN_USE, "Address %s: the host itself has it", text);
		}
	return 0;
}

int serve_free(const struct addresses *all, const int *own, size_t count)
{
	cleanup_rtnl_list struct rtnl_list routes = {};
	int ret = rtnl_list_routes(&routes);

	for (size_t i = 0; !ret && i < all->count; i++) {
		cleanup_free char *text = address_owned(&all->list[i]);
		int link = rtnl_list_overlap(&routes, &all->list[i], own, count);
		char name[IFNAMSIZ] = "";

		if (link)
			ret = fail(EXIT_IP_IN_USE,
				   "Address %s: a container has it, or some of it, behind link %s",
				   text, if_indextoname(link, name) ? name : "that has gone");
	}
	return ret;
}

int serve_ask(const struct neighbours *on, const struct addresses *all, struct probe *probe)
{
	int ret = check_own(&on->own, all);

	if (!ret && probe && !global.skip_arpdetect)
		probe_begin(probe, on, all);
	return ret;
}

static int settle(struct probe *probe, int (*hear)(struct probe *probe))
{
	int ret = probe->sockets ? hear(probe) : 0;

	if (!ret || global.error_on_arpfail)
		return ret;
	/* the operator does not mind; once is enough */
	probe_cancel(probe);
	warn("%s", error_text());
	error_clear();
	return 0;
}

int serve_settle(struct probe *probe)
{
	return settle(probe, probe_end);
}

int serve_settle_late(struct probe *probe)
{
	int ret;

	/* for what is restored the host answers before the question ends: nothing is in between */
	if (!probe->ended)
		return 0;
	ret = settle(probe, probe_late);
	probe_cancel(probe);
	return ret;
}

/* Which of the host's addresses speaks to a container: VE_ROUTE_SRC_DEV's first one. */
static const struct address *source_for(const struct neighbours *on, int family)
{
	const char *dev = global.route_src_dev;

	for (size_t i = 0; dev && i < on->count; i++) {
		const struct neighbour *n = &on->list[i];

		for (size_t j = 0; strcmp(n->name, dev) == 0 && j < n->own.count; j++)
			if (n->own.list[j].family == family &&
			    !IN6_IS_ADDR_LINKLOCAL(n->own.list[j].bytes))
				return &n->own.list[j];
	}
	return NULL;
}

/* Is @word, an index with or without a minus, in @links? */
static bool is_noted(const char *links, const char *word)
{
	cleanup_free char *copy = xstrdup(links ? links : "");
	char *rest = copy, *next;

	while ((next = strsep(&rest, " ")))
		if (strcmp(next, word) == 0)
			return true;
	return false;
}

/* Such as one that is dead, whose address is @s's by now. */
static bool noted_by_other(const struct serve *s, const struct address *a, const char *word)
{
	bool found = false;

	for (size_t k = 0; !found && k < ARRAY_SIZE(serve_kinds); k++) {
		size_t count;
		cleanup_free uint32_t *ids = note_ids(serve_kinds[k], &count);

		for (size_t i = 0; !found && i < count; i++) {
			cleanup_footprint struct footprint f = {};

			if (ids[i] == s->id && strcmp(s->kind, serve_kinds[k]) == 0)
				continue;
			footprint_load(ids[i], serve_kinds[k], &f);
			found = is_noted(footprint_links(&f, a), word);
		}
	}
	return found;
}

/* What is to be noted for @a, of which @noted is, with @proxies that are there. */
static char *links_for(const struct serve *s, const struct neighbours *on,
		       const struct address *a, const char *noted,
		       const struct rtnl_list *proxies)
{
	char *links = xstrdup("");

	for (size_t i = 0; i < on->count; i++) {
		int ifindex = on->list[i].ifindex;
		cleanup_free char *ours = xasprintf("%d", ifindex);
		bool theirs;

		if (!neighbour_wants(on, &on->list[i], a))
			continue;
		theirs = !is_noted(noted, ours) && rtnl_list_has(proxies, ifindex, a) &&
			 !noted_by_other(s, a, ours);
		text_append(&links, "%s%s%s", *links ? " " : "", theirs ? "-" : "", ours);
	}
	return links;
}

/* What is noted in @links, and not in @but, is ours to take away. */
static int forget_proxies(struct nl_sock *host, const struct address *a, const char *links,
			  const char *but)
{
	cleanup_free char *copy = xstrdup(links ? links : "");
	char *rest = copy, *word;
	int ret = 0;

	while (!ret && (word = strsep(&rest, " ")))
		if (atoi(word) > 0 && !is_noted(but, word))
			ret = rtnl_proxy_del(host, atoi(word), a);
	return ret;
}

static int begin_one(struct nl_sock *host, const struct serve *s, const struct neighbours *on,
		     const struct address *a, const char *links, const struct rtnl_list *routes)
{
	bool via = s->gateway && s->gateway->family == a->family;
	int ret = rtnl_list_has(routes, s->ifindex, a) ? 0 :
		  rtnl_route_to(host, s->ifindex, a, via ? s->gateway : NULL,
				source_for(on, a->family));

	for (size_t i = 0; !ret && i < on->count; i++) {
		const struct neighbour *n = &on->list[i];
		cleanup_free char *word = xasprintf("%d", n->ifindex);

		if (!neighbour_wants(on, n, a))
			continue;
		host_answer(n);
		if (is_noted(links, word))
			ret = rtnl_proxy_add(host, n->ifindex, a);
	}
	return ret;
}

int serve_begin(struct nl_sock *host, const struct serve *s, const struct neighbours *on,
		const struct addresses *all)
{
	cleanup_rtnl_list struct rtnl_list proxies = {}, routes = {};
	cleanup_footprint struct footprint f = {};
	int ret = on->count ? rtnl_list_proxies(&proxies) : 0;

	footprint_load(s->id, s->kind, &f);
	if (!ret && f.count)
		ret = rtnl_list_routes(&routes);
	for (size_t i = 0; !ret && i < all->count; i++) {
		const struct address *a = &all->list[i];
		const char *noted = footprint_links(&f, a);
		cleanup_free char *links = links_for(s, on, a, noted, &proxies);

		ret = forget_proxies(host, a, noted, links);
		footprint_set(&f, a, links);
	}
	if (!ret)
		ret = footprint_save(&f);
	for (size_t i = 0; !ret && i < all->count; i++)
		ret = begin_one(host, s, on, &all->list[i], footprint_links(&f, &all->list[i]),
				&routes);
	if (!ret && s->probe)
		ret = serve_settle_late(s->probe);
	/* of what is frozen serve_announce() tells, when it runs: another host may have it still */
	if (ret || stage_get(s->id) != STAGE_NONE)
		return ret;
	for (size_t i = 0; i < on->count; i++)
		neighbour_announce(on, &on->list[i], all);
	return ret;
}

void serve_announce(uint32_t id, const char *kind)
{
	cleanup_footprint struct footprint f = {};
	cleanup_neighbours struct neighbours on = {};
	cleanup_addresses struct addresses all = {};
	cleanup_rtnl struct nl_sock *host = NULL;

	footprint_load(id, kind, &f);
	/* behind the host's own address there are no neighbours */
	for (size_t i = 0; i < f.count; i++)
		if (*f.list[i].links)
			addresses_add(&all, &f.list[i].a);
	if (all.count && (rtnl_open(-1, &host) || neighbours_find(host, &on)))
		error_clear();
	for (size_t i = 0; i < on.count; i++)
		neighbour_announce(&on, &on.list[i], &all);
}

int serve_end(struct nl_sock *host, const struct serve *s, const struct addresses *all)
{
	cleanup_rtnl_list struct rtnl_list routes = {};
	cleanup_footprint struct footprint f = {};
	int failed = all->count ? rtnl_list_routes(&routes) : 0, ret;

	if (failed)
		return failed;
	footprint_load(s->id, s->kind, &f);
	for (size_t i = 0; i < all->count; i++) {
		const struct address *a = &all->list[i];

		if (!footprint_links(&f, a))
			continue;
		/* another container may have it by now */
		ret = rtnl_list_elsewhere(&routes, s->ifindex, a) ? 0 :
		      forget_proxies(host, a, footprint_links(&f, a), "");
		if (!ret && s->ifindex)
			ret = rtnl_route_away(host, s->ifindex, a);
		if (ret)
			failed = ret;
		else
			footprint_forget(&f, a);
	}
	ret = footprint_save(&f);
	return failed ? failed : ret;
}

int serve_pause(struct nl_sock *host, const struct serve *s)
{
	cleanup_footprint struct footprint f = {};
	int ret = 0;

	footprint_load(s->id, s->kind, &f);
	for (size_t i = 0; !ret && i < f.count; i++) {
		ret = forget_proxies(host, &f.list[i].a, f.list[i].links, "");
		if (!ret && s->ifindex)
			ret = rtnl_route_away(host, s->ifindex, &f.list[i].a);
	}
	return ret;
}

bool serve_whole(const struct serve *s, const struct neighbours *on,
		 const struct addresses *all)
{
	cleanup_rtnl_list struct rtnl_list routes = {}, proxies = {};
	cleanup_footprint struct footprint f = {};
	bool whole = !rtnl_list_routes(&routes) && !rtnl_list_proxies(&proxies);

	footprint_load(s->id, s->kind, &f);
	for (size_t i = 0; whole && i < all->count; i++) {
		const struct address *a = &all->list[i];
		const char *noted = footprint_links(&f, a);
		cleanup_free char *links = links_for(s, on, a, noted, &proxies);

		whole = noted && strcmp(noted, links) == 0 &&
			rtnl_list_has(&routes, s->ifindex, a);
		for (size_t j = 0; whole && j < on->count; j++)
			whole = !neighbour_wants(on, &on->list[j], a) ||
				rtnl_list_has(&proxies, on->list[j].ifindex, a);
	}
	return whole;
}
