// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "addressfilter.h"
#include "error.h"
#include "link.h"
#include "nft.h"
#include "rules.h"
#include "util.h"

#define TABLE		"bridge cloison_addresses"
#define CHAIN		"of_"	/* and the link's name, which may be anything */

#define FROM_NOBODY	"ip6 saddr :: icmpv6 type "
#define ND_TARGET	"@th,64"
/* To clients. What they send themselves is for 67 and 547. */
#define DHCP		"meta protocol ip udp dport 68"
#define DHCP6		"udp dport 546"

static bool wants(const struct netif *n)
{
	return n->type == NETIF_VETH && n->bridge[0] && n->ip.count && !n->unfiltered;
}

/* That goes with the MAC address @m: RFC 4291, appendix A. */
static struct address link_local(const unsigned char *m)
{
	return (struct address){
		.family = AF_INET6, .bits = 128, .owned = 128, .mask = 128,
		.bytes = { 0xfe, 0x80, [8] = m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5] },
	};
}

static void print_ipv4(FILE *f, const struct netif *n)
{
	fprintf(f, "arp saddr ether != %02x:%02x:%02x:%02x:%02x:%02x drop\n", n->mac[0], n->mac[1],
		n->mac[2], n->mac[3], n->mac[4], n->mac[5]);
	rule_any(f, &n->ip, AF_INET, "arp saddr ip");
	/* is it free? */
	rule_any(f, &n->ip, AF_INET, "arp saddr ip 0.0.0.0 arp daddr ip");
	fputs(DHCP " drop\n", f);
	rule_any(f, &n->ip, AF_INET, "ip saddr");
	fputs("ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept\n"
	      "meta protocol != ip6 drop\n", f);
}

/*
 * Who asks for another one's address says nothing of it, unless he asks as nobody: then he wants
 * it himself.
 */
static void print_ipv6(FILE *f, const struct netif *n)
{
	struct address local = link_local(n->mac);
	cleanup_addresses struct addresses own = {};

	for (size_t i = 0; i < n->ip.count; i++)
		addresses_add(&own, &n->ip.list[i]);
	addresses_add(&own, &local);
	rule_each(f, &own, AF_INET6, "icmpv6 type nd-neighbor-advert", ND_TARGET);
	rule_each(f, &own, AF_INET6, FROM_NOBODY "nd-neighbor-solicit", ND_TARGET);
	fputs("icmpv6 type nd-neighbor-advert drop\n"
	      /* that it is in a group, before it has an address */
	      FROM_NOBODY "{ mld-listener-report, mld2-listener-report } accept\n"
	      DHCP6 " drop\n", f);
	rule_any(f, &own, AF_INET6, "ip6 saddr");
}

/* To be freed. The last line tells by its comment what the others are. */
static char *chain_of(const struct netif *n)
{
	char *rules = NULL;
	size_t size;
	FILE *f = open_memstream(&rules, &size);

	if (f) {
		print_ipv4(f, n);
		print_ipv6(f, n);
		fclose(f);
	}
	if (!rules)
		rules = xstrdup("");
	text_append(&rules, "drop comment \"%016" PRIx64 "\"\n", nft_digest(rules));
	return rules;
}

static bool led_to(const char *rules, const char *name)
{
	cleanup_free char *element = xasprintf("\"%s\" : goto " CHAIN "%s", name, name);

	return strstr(rules, element);
}

static bool stays(const struct netifs *had, const struct netifs *all, const char *name)
{
	const struct netif *n = netifs_on_host(all, name);

	return n ? wants(n) : !netifs_on_host(had, name) && link_index(name);
}

static void forget(char **commands, const char *rules, const char *name)
{
	if (led_to(rules, name))
		text_append(commands, "delete element " TABLE " ports { \"%s\" }\n", name);
	text_append(commands, "delete chain " TABLE " " CHAIN "%s\n", name);
}

/* Adds to @commands; do some of those that are there stay? */
static bool forget_old(const struct netifs *had, const struct netifs *all, const char *rules,
		       char **commands)
{
	bool some = false;

	for (const char *c = rules; (c = strstr(c, "chain " CHAIN)); ) {
		cleanup_free char *name = NULL;

		c += strlen("chain " CHAIN);
		name = xstrndup(c, strcspn(c, " "));
		if (stays(had, all, name))
			some = true;
		else
			forget(commands, rules, name);
	}
	return some;
}

/* Anew, also where it is there: its rules may be others. */
static void add(char **commands, const char *rules, const struct netif *n)
{
	cleanup_free char *chain = chain_of(n);
	const char *name = n->host_ifname;

	text_append(commands, "add chain " TABLE " " CHAIN "%s\n"
		    "flush chain " TABLE " " CHAIN "%s\n"
		    "table " TABLE " {\nchain " CHAIN "%s {\n%s}\n}\n", name, name, name, chain);
	if (!led_to(rules, name))
		text_append(commands, "add element " TABLE " ports { \"%s\" : goto " CHAIN "%s }\n",
			    name, name);
}

int addressfilter_set(const struct netifs *had, const struct netifs *all)
{
	static const char frame[] =
		"add table " TABLE "\n"
		"add map " TABLE " ports { type ifname : verdict; }\n"
		"add chain " TABLE " from { type filter hook prerouting priority -299; }\n"
		"flush chain " TABLE " from\n"
		"add rule " TABLE " from iifname vmap @ports\n";
	cleanup_free char *rules = nft_list(TABLE), *commands = xstrdup(frame);
	bool some = forget_old(had, all, rules, &commands);

	for (size_t i = 0; i < all->count; i++) {
		if (!wants(&all->list[i]))
			continue;
		some = true;
		add(&commands, rules, &all->list[i]);
	}
	if (!some && !*rules)
		return 0;
	return nft_run(some ? commands : "delete table " TABLE "\n", NULL, EXIT_NETIF,
		       "Cannot filter what interfaces send");
}

/* Is it as it was made? */
static bool is_there(const char *rules, const struct netif *n)
{
	cleanup_free char *head = xasprintf("chain " CHAIN "%s {\n", n->host_ifname);
	cleanup_free char *chain = chain_of(n);
	const char *digest = strrchr(chain, ' '), *there = strstr(rules, head);

	there = there ? strstr(there, "drop comment ") : NULL;
	return there && strncmp(there + strlen("drop comment"), digest, strlen(digest)) == 0 &&
	       led_to(rules, n->host_ifname);
}

bool addressfilter_whole(const struct netifs *all)
{
	cleanup_free char *rules = NULL;

	for (size_t i = 0; i < all->count; i++) {
		if (!wants(&all->list[i]))
			continue;
		if (!rules)
			rules = nft_list(TABLE);
		if (!strstr(rules, "iifname vmap @ports") || !is_there(rules, &all->list[i]))
			return false;
	}
	return true;
}
