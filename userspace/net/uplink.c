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

static bool has_own(const struct netif *n)
{
	return netif_is_upper(n) && n->vlan && n->link[0];
}

/* "" if it has none of its own. */
static char *name_of(const struct netif *n)
{
	return has_own(n) ? xasprintf("%s.%u", n->link, n->vlan) : xstrdup("");
}

static bool is_ours(struct rtnl_link *link, const struct netif *n)
{
	return link_is(link, "vlan") && rtnl_link_get_group(link) == LINK_GROUP &&
	       rtnl_link_get_link(link) == (int)if_nametoindex(n->link) &&
	       rtnl_link_vlan_get_id(link) == (int)n->vlan;
}

static int make_link(struct nl_sock *host, const struct netif *n, const char *name)
{
	struct rtnl_link *link = rtnl_link_vlan_alloc();
	int parent = if_nametoindex(n->link), err = link ? 0 : -NLE_NOMEM;

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
	else if (!is_ours(link, n))
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
		cleanup_free char *shared = name_of(n), *before = NULL, *one = NULL;
		struct netifs alone = { n, 1 };

		if (strcmp(shared, name) != 0)
			continue;
		/* names are unique in one container only */
		snprintf(n->ifname, sizeof(n->ifname), "%u.%u", (unsigned int)from % 1000000,
			 (unsigned int)i % 1000000);
		before = text;
		one = netifs_text(&alone);
		text = xasprintf("%s%s;", before, one);
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

static int share(struct nl_sock *host, const struct netif *n, const char *name, uint32_t id,
		 const struct netifs *has)
{
	cleanup_netifs struct netifs users = {};

	find_users(name, id, has, &users);
	for (size_t i = 1; i < users.count; i++)
		if (users.list[i].unfiltered != users.list[0].unfiltered)
			return fail(EXIT_NETIF,
				    "Interface %s: mac_filter must be the same for all that share %s",
				    n->ifname, name);
	if (!users.count && drop(host, n, name))
		return EXIT_NETIF;
	/* without its link a rule does nothing: that must not keep a container from stopping */
	if (!users.count && macfilter_shared(name, &users)) {
		warn("%s", error_text());
		error_clear();
	}
	if (!users.count)
		return 0;
	return ensure(host, n, name) || macfilter_shared(name, &users) ? EXIT_NETIF : 0;
}

int uplink_update(struct nl_sock *host, const struct netifs *all, uint32_t id,
		  const struct netifs *has)
{
	cleanup_close int lock = -1;
	int ret = 0;

	for (size_t i = 0; !ret && i < all->count; i++) {
		cleanup_free char *name = name_of(&all->list[i]);

		if (!*name)
			continue;
		if (lock < 0)
			ret = lock_take("uplink", true, &lock);
		if (!ret)
			ret = share(host, &all->list[i], name, id, has);
	}
	return ret;
}

int uplink_of(const struct netif *n, int *ifindex)
{
	cleanup_free char *name = name_of(n);
	const char *link = *name ? name : n->link;

	*ifindex = if_nametoindex(link);
	return *ifindex ? 0 : fail(EXIT_NETIF, "Interface %s: the host has no link %s", n->ifname,
				   link);
}

bool uplink_whole(struct nl_sock *host, const struct netif *n)
{
	cleanup_free char *name = name_of(n);
	cleanup_link struct rtnl_link *link = *name ? link_get(host, name) : NULL;

	/* another one is not ours to mend */
	return !*name || (link && is_ours(link, n) &&
			  (n->unfiltered || macfilter_shared_whole(name)));
}
