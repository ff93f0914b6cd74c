// SPDX-License-Identifier: GPL-2.0-only
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include <netlink/route/link/vlan.h>

#include "error.h"
#include "host.h"
#include "link.h"
#include "lock.h"
#include "macfilter.h"
#include "nft.h"
#include "note.h"
#include "uplink.h"
#include "util.h"

/* The indices of links that a container's interfaces were made on. */
#define INDEX_NOTE	".uplink"

static bool has_own(const struct netif *n)
{
	return netif_is_upper(n) && n->vlan && n->link[0];
}

/* The link that it shares; "" if there is none. */
static char *name_of(const struct netif *n)
{
	return has_own(n) ? xasprintf("%s.%u", n->link, n->vlan) :
	       xstrdup(netif_is_upper(n) ? n->link : "");
}

static bool is_ours(struct rtnl_link *link, const struct netif *n)
{
	return link_is(link, "vlan") && rtnl_link_get_group(link) == LINK_GROUP &&
	       rtnl_link_vlan_get_id(link) == (int)n->vlan;
}

/* Its own one may have another name by now. */
static bool is_on(struct rtnl_link *link, const char *parent)
{
	int index = link_index(parent);

	return !index || rtnl_link_get_link(link) == index;
}

static int make_link(struct nl_sock *host, const struct netif *n, const char *name)
{
	struct rtnl_link *link = rtnl_link_vlan_alloc();
	int parent = link_index(n->link), err = link ? 0 : -NLE_NOMEM;

	if (!err && parent) {
		rtnl_link_set_name(link, name);
		rtnl_link_set_link(link, parent);
		rtnl_link_set_group(link, LINK_GROUP);
		rtnl_link_vlan_set_id(link, n->vlan);
		err = rtnl_link_add(host, link, NLM_F_CREATE | NLM_F_EXCL);
	}
	rtnl_link_put(link);
	if (!parent)
		return fail(EXIT_NETIF, "Interface %s: the host has no link %s", n->ifname,
			    n->link);
	if (err)
		return fail(EXIT_NETIF, "Cannot make the VLAN %s: %s", name, nl_geterror(err));
	/* it is not for the host */
	host_distrust(name, true);
	return 0;
}

static int ensure(struct nl_sock *host, const struct netif *n, const char *name)
{
	cleanup_link struct rtnl_link *link = link_get(host, name);
	int ret = 0;

	if (strlen(name) >= IFNAMSIZ)
		return fail(EXIT_NETIF,
			    "%s is too long for the name of a link: make that VLAN under another name, and give that as link, without vlan",
			    name);
	if (!link)
		ret = make_link(host, n, name);
	else if (!is_ours(link, n) || !is_on(link, n->link))
		return fail(EXIT_NETIF,
			    "Interface %s: the host has a link %s already, which others may use: to share it give it as link, without vlan",
			    n->ifname, name);
	return ret ? ret : link_up(host, name);
}

/* Nobody has it any more; what is on it goes with it. */
static int drop(struct nl_sock *host, const struct netif *n, const char *name)
{
	cleanup_link struct rtnl_link *link = link_get(host, name);

	return link && is_ours(link, n) ? link_delete(host, name) : 0;
}

/* Adds to @text those of @all that share the link @name. */
static char *append_users(char *text, const char *name, struct netifs *all, size_t from)
{
	for (size_t i = 0; i < all->count; i++) {
		struct netif *n = &all->list[i];
		cleanup_free char *shared = name_of(n), *one = NULL;
		struct netifs alone = { n, 1 };

		if (strcmp(shared, name) != 0)
			continue;
		/* names are unique in one container only */
		snprintf(n->ifname, sizeof(n->ifname), "%u.%u", (unsigned int)from % 1000000,
			 (unsigned int)i % 1000000);
		one = netifs_text(&alone);
		text_append(&text, "%s;", one);
	}
	return text;
}

static void find_users(const char *name, uint32_t id, const struct netifs *has,
		       struct netifs *users)
{
	size_t count;
	cleanup_free uint32_t *ids = note_ids(NETIF_NOTE, &count);
	cleanup_netifs struct netifs copy = {};
	cleanup_free char *text = NULL;

	netifs_copy(has, &copy);
	text = append_users(xstrdup(""), name, &copy, count);
	for (size_t i = 0; i < count; i++) {
		cleanup_free char *noted = note_load(ids[i], NETIF_NOTE);
		cleanup_netifs struct netifs all = {};

		if (netifs_parse(noted, &all))
			error_clear();
		if (ids[i] != id)
			text = append_users(text, name, &all, i);
	}
	netifs_parse(text, users);
}

/* Of @users @own are the container's own. */
static int check_users(const struct netif *n, const char *name, const struct netifs *users,
		       size_t own)
{
	for (size_t i = 1; i < users->count; i++) {
		if (users->list[i].type != users->list[0].type)
			return fail(EXIT_NETIF,
				    "Interface %s: the type must be the same for all that share %s",
				    n->ifname, name);
		if (users->list[i].unfiltered != users->list[0].unfiltered)
			return fail(EXIT_NETIF,
				    "Interface %s: mac_filter must be the same for all that share %s",
				    n->ifname, name);
	}
	if (n->type != NETIF_MACVLAN || n->unfiltered || users->count == own)
		return 0;
	return fail(EXIT_NETIF,
		    "Interface %s: another container has a macvlan on %s, and each could take away what the other one receives; give it a VLAN of its own, or allow that by mac_filter=off for both",
		    n->ifname, name);
}

/* Nobody has it any more. */
static int unshare(struct nl_sock *host, const struct netif *n, const char *name)
{
	static const struct netifs none;

	return drop(host, n, name) || macfilter_shared(name, &none) ? EXIT_NETIF : 0;
}

static size_t count_on(const char *name, const struct netifs *all)
{
	size_t count = 0;

	for (size_t i = 0; i < all->count; i++) {
		cleanup_free char *shared = name_of(&all->list[i]);

		count += strcmp(shared, name) == 0;
	}
	return count;
}

static int share(struct nl_sock *host, const struct netif *n, const char *name, uint32_t id,
		 const struct netifs *has)
{
	cleanup_netifs struct netifs users = {};
	int ret = 0;

	find_users(name, id, has, &users);
	if (!users.count)
		ret = unshare(host, n, name);
	else if (ensure(host, n, name) || macfilter_shared(name, &users))
		ret = EXIT_NETIF;
	if (!ret || count_on(name, has))
		return ret;
	/* what becomes of others must not keep a container from stopping */
	warn("%s", error_text());
	error_clear();
	return 0;
}

static bool any(const struct netifs *all)
{
	for (size_t i = 0; i < all->count; i++)
		if (netif_is_upper(&all->list[i]))
			return true;
	return false;
}

int uplink_lock(const struct netifs *from, const struct netifs *to, int *lock)
{
	return any(from) || any(to) ? lock_take("uplink", true, lock) : 0;
}

int uplink_check(uint32_t id, const struct netifs *all)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < all->count; i++) {
		cleanup_free char *name = name_of(&all->list[i]);
		cleanup_netifs struct netifs users = {};

		if (!*name)
			continue;
		find_users(name, id, all, &users);
		ret = check_users(&all->list[i], name, &users, count_on(name, all));
	}
	return ret;
}

int uplink_update(struct nl_sock *host, const struct netifs *all, uint32_t id,
		  const struct netifs *has)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < all->count; i++) {
		cleanup_free char *name = name_of(&all->list[i]);

		if (has_own(&all->list[i]))
			ret = share(host, &all->list[i], name, id, has);
	}
	return ret;
}

/* A line of the note. */
static char *made_on(const struct netif *n)
{
	cleanup_free char *name = name_of(n);

	return has_own(n) ? xasprintf("%s %u\n", n->ifname, link_index(name)) : xstrdup("");
}

int uplink_note(uint32_t id, const struct netifs *all)
{
	cleanup_free char *text = xstrdup("");

	for (size_t i = 0; i < all->count; i++) {
		cleanup_free char *line = made_on(&all->list[i]);

		text_append(&text, "%s", line);
	}
	return note_save(id, INDEX_NOTE, text);
}

int uplink_of(const struct netif *n, int *ifindex)
{
	cleanup_free char *name = name_of(n);

	*ifindex = link_index(name);
	return *ifindex ? 0 : fail(EXIT_NETIF, "Interface %s: the host has no link %s", n->ifname,
				   name);
}

bool uplink_whole(struct nl_sock *host, uint32_t id, const struct netifs *has,
		  const struct netif *n)
{
	cleanup_free char *name = name_of(n), *line = made_on(n);
	cleanup_free char *noted = note_load(id, INDEX_NOTE);
	cleanup_link struct rtnl_link *link = has_own(n) ? link_get(host, name) : NULL;
	cleanup_netifs struct netifs users = {};

	/* another one is not ours to mend */
	if (!has_own(n))
		return true;
	find_users(name, id, has, &users);
	return link && is_ours(link, n) && strstr(noted, line) &&
	       (n->unfiltered || macfilter_shared_whole(name, &users));
}
