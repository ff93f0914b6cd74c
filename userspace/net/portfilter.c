// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "addressfilter.h"
#include "error.h"
#include "link.h"
#include "lock.h"
#include "nft.h"
#include "portfilter.h"
#include "util.h"

static const struct family {
	const char *name;
	bool bridged;		/* which links it is about */
	const char *rules;
} families[] = {
	{ "bridge", true,
	  "iifname != @ports accept\n"
	  "ether type { 8021q, 8021ad } drop\n"
	  /* a length, of 802.3: what is in LLC is said to who reads that, and no rule sees it */
	  "@ll,96,16 < 0x0600 drop\n"
	  PORTFILTER_NO_BPDU
	  "icmpv6 type { nd-router-advert, nd-redirect, mld-listener-query } drop\n"
	  "igmp type membership-query drop\n" },
	{ "inet", false,
	  "iifname @ports fib saddr . iif oif missing drop\n" },
};

static bool wants(const struct family *f, const struct netif *n)
{
	return n->type == NETIF_VETH && !n->unfiltered && !!n->bridge[0] == f->bridged;
}

/* What nftables lists; "" if there is none. */
static char *list(const struct family *f)
{
	cleanup_free char *table = xasprintf("%s cloison_ports", f->name);

	return nft_list(table);
}

static bool has(const char *rules, const char *name)
{
	cleanup_free char *quoted = xasprintf("\"%s\"", name);

	return strstr(rules, quoted);
}

static void element(char **commands, const struct family *f, const char *verb, const char *name)
{
	text_append(commands, "%s element %s cloison_ports ports { \"%s\" }\n", verb, f->name,
		    name);
}

static bool stays(const struct family *f, const struct netifs *had, const struct netifs *all,
		  const char *name)
{
	const struct netif *n = netifs_on_host(all, name);

	return n ? wants(f, n) : !netifs_on_host(had, name) && link_index(name);
}

/* Adds to @commands; how many of those that are there stay. */
static size_t remove_old(const struct family *f, const struct netifs *had,
			 const struct netifs *all, const char *rules, char **commands)
{
	cleanup_free char *copy = xstrdup(rules);
	const char *name;
	char *rest = copy;
	size_t count = 0;

	/* only names of links are in quotes, each between two of them */
	while (strsep(&rest, "\"") && (name = strsep(&rest, "\""))) {
		if (stays(f, had, all, name))
			count++;
		else
			element(commands, f, "delete", name);
	}
	return count;
}

static int set_one(const struct family *f, const struct netifs *had, const struct netifs *all)
{
	cleanup_free char *rules = list(f), *made = NULL, *changes = xstrdup(""), *all_of_it = NULL;
	size_t count = remove_old(f, had, all, rules, &changes);

	for (size_t i = 0; i < all->count; i++) {
		if (!wants(f, &all->list[i]))
			continue;
		count++;
		if (!has(rules, all->list[i].host_ifname))
			element(&changes, f, "add", all->list[i].host_ifname);
	}
	if (!count && !*rules)
		return 0;
	if (count)
		made = xasprintf("add table %s cloison_ports\n"
				 "add chain %s cloison_ports from "
				 "{ type filter hook prerouting priority -300; }\n"
				 "flush chain %s cloison_ports from\n"
				 "table %s cloison_ports {\nset ports { type ifname; }\n"
				 "chain from {\n%s}\n}\n", f->name, f->name, f->name, f->name,
				 f->rules);
	else
		made = xasprintf("delete table %s cloison_ports\n", f->name);
	all_of_it = xasprintf("%s%s", made, count ? changes : "");
	return nft_run(all_of_it, NULL, EXIT_NETIF, "Cannot filter what interfaces send");
}

int portfilter_set(const struct netifs *had, const struct netifs *all)
{
	cleanup_close int lock = -1;
	int ret = lock_take("ports", true, &lock);

	for (size_t i = 0; !ret && i < ARRAY_SIZE(families); i++)
		ret = set_one(&families[i], had, all);
	return ret ? ret : addressfilter_set(had, all);
}

bool portfilter_whole(const struct netifs *all)
{
	bool whole = true;

	for (size_t i = 0; whole && i < ARRAY_SIZE(families); i++) {
		cleanup_free char *rules = NULL;

		for (size_t j = 0; whole && j < all->count; j++) {
			if (!wants(&families[i], &all->list[j]))
				continue;
			if (!rules)
				rules = list(&families[i]);
			whole = has(rules, all->list[j].host_ifname) &&
				strstr(rules, "chain from {") && strstr(rules, " drop\n");
		}
	}
	return whole && addressfilter_whole(all);
}
