// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "error.h"
#include "macfilter.h"
#include "nft.h"
#include "util.h"

static void print_mac(FILE *f, const unsigned char *mac)
{
	fprintf(f, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

/*
 * Out of the container: only its own source. Into it: its own address, and what is for
 * many; a bridge floods what it does not know the port of, which is others' business.
 */
static void print_macs(FILE *f, size_t i, const struct netif *n)
{
	fprintf(f, "chain from_%zu {\n"
		"type filter hook ingress device \"%s\" priority 0; policy drop;\n"
		"ether saddr ", i, n->host_ifname);
	print_mac(f, n->mac);
	fprintf(f, " accept\n}\nchain to_%zu {\n"
		"type filter hook egress device \"%s\" priority 0; policy drop;\n"
		"ether daddr ", i, n->host_ifname);
	print_mac(f, n->mac);
	fputs(" accept\nether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 accept\n}\n", f);
}

/* @match and one of the addresses of @family of @all; nothing if there are none. */
static void print_match(FILE *f, const struct netifs *all, int family, const char *match)
{
	const char *before = "{ ";

	for (size_t i = 0; i < all->count; i++)
		for (size_t j = 0; j < all->list[i].ip.count; j++) {
			const struct address *a = &all->list[i].ip.list[j];
			cleanup_free char *text = address_owned(a);

			if (a->family != family)
				continue;
			if (*before == '{')
				fprintf(f, "%s ", match);
			fprintf(f, "%s%s", before, text);
			before = ", ";
		}
	if (*before == ',')
		fputs(" } accept\n", f);
}

/* Their own sources only. */
static void print_addresses(FILE *f, const struct netifs *all)
{
	print_match(f, all, AF_INET, "ip saddr");
	print_match(f, all, AF_INET, "arp saddr ip");
	print_match(f, all, AF_INET6, "ip6 saddr");
}

static bool is_filtered(const struct netif *n)
{
	return n->type == NETIF_ROUTED || (n->type == NETIF_VETH && !n->unfiltered);
}

bool macfilter_wanted(const struct netifs *all)
{
	for (size_t i = 0; i < all->count; i++)
		if (is_filtered(&all->list[i]))
			return true;
	return false;
}

static void print_chains(FILE *f, size_t i, struct netif *n)
{
	const struct netifs alone = { n, 1 };

	if (n->type == NETIF_VETH) {
		print_macs(f, i, n);
		return;
	}
	/* whatever its MAC address: on this link there is nobody else */
	fprintf(f, "chain from_%zu {\n"
		"type filter hook ingress device \"%s\" priority 0; policy drop;\n",
		i, n->host_ifname);
	print_addresses(f, &alone);
	fputs("ip6 saddr fe80::/10 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n"
	      "}\n", f);
}

static int begin(const char *table, char **text, size_t *size, FILE **f)
{
	*f = open_memstream(text, size);
	if (!*f)
		return fail_errno(EXIT_SYSTEM, "Cannot write in memory");
	/* one transaction: there is no moment without rules */
	fprintf(*f, "add table netdev %s\ndelete table netdev %s\n", table, table);
	return 0;
}

int macfilter_set(uint32_t id, const struct netifs *all)
{
	cleanup_free char *table = xasprintf("cloison_%u", id), *text = NULL;
	size_t size;
	FILE *f;

	if (begin(table, &text, &size, &f))
		return EXIT_SYSTEM;
	if (macfilter_wanted(all)) {
		fprintf(f, "table netdev %s {\n", table);
		for (size_t i = 0; i < all->count; i++)
			if (is_filtered(&all->list[i]))
				print_chains(f, i, &all->list[i]);
		fputs("}\n", f);
	}
	fclose(f);
	return nft_run(text, NULL, EXIT_NETIF, "Cannot filter what interfaces send");
}

/* "" if there is none. */
static char *list_table(const char *table)
{
	cleanup_free char *command = xasprintf("list table netdev %s\n", table);
	char *rules = NULL;

	if (nft_run(command, &rules, EXIT_NETIF, ""))
		error_clear();
	return rules;
}

/* Each chain is bound to its link and named after the interface's place in @all. */
bool macfilter_whole(uint32_t id, const struct netifs *all)
{
	cleanup_free char *table = xasprintf("cloison_%u", id);
	cleanup_free char *rules = macfilter_wanted(all) ? list_table(table) : xstrdup("");
	bool whole = true;

	for (size_t i = 0; i < all->count; i++) {
		const struct netif *n = &all->list[i];
		cleanup_free char *in = xasprintf("chain from_%zu {", i);
		cleanup_free char *out = xasprintf("chain to_%zu {", i);

		if (is_filtered(n))
			whole = whole && strstr(rules, in) &&
				(n->type == NETIF_ROUTED || strstr(rules, out));
	}
	return whole;
}

int macfilter_clear(uint32_t id)
{
	static const struct netifs none;

	return macfilter_set(id, &none);
}

/* The link's MAC address, as link-local addresses have it: of each ipvlan with a number of
 * its own in the middle.
 */
#define LL_MASK	"ffff:ffff:ffff:ffff:fdff:ff00:00ff:ffff"

static void print_link_local(FILE *f, const unsigned char *m)
{
	fprintf(f, "ip6 saddr & " LL_MASK " == fe80::%02x%02x:%02x00:00%02x:%02x%02x "
		"icmpv6 type { nd-neighbor-solicit, nd-router-solicit, mld2-listener-report } accept\n",
		m[0] & 0xfd, m[1], m[2], m[3], m[4], m[5]);
}

/* Who looks for, or has, one of these: the eight bytes before are the header's. */
static void print_target(FILE *f, const char *before, const struct address *a)
{
	fprintf(f, "%s @th,64,%u 0x", before, a->owned / 8 * 8);
	for (unsigned int i = 0; i < a->owned / 8; i++)
		fprintf(f, "%02x", a->bytes[i]);
	fputs(" accept\n", f);
}

/* Several that have one MAC address: by their addresses, and who says that he has another
 * one is not heard by the machines on that network.
 */
static void print_ipvlans(FILE *f, const struct netifs *users, const unsigned char *mac)
{
	fputs("ether saddr != ", f);
	print_mac(f, mac);
	fputs(" drop\n", f);
	for (size_t i = 0; i < users->count; i++)
		for (size_t j = 0; j < users->list[i].ip.count; j++) {
			const struct address *a = &users->list[i].ip.list[j];

			if (a->family != AF_INET6)
				continue;
			print_target(f, "icmpv6 type nd-neighbor-advert", a);
			print_target(f, "ip6 saddr :: icmpv6 type nd-neighbor-solicit", a);
		}
	fputs("icmpv6 type nd-neighbor-advert drop\n"
	      "ip6 saddr :: icmpv6 type mld2-listener-report accept\n", f);
	print_link_local(f, mac);
	print_addresses(f, users);
}

static void print_macvlans(FILE *f, const struct netifs *users)
{
	for (size_t i = 0; i < users->count; i++) {
		fputs("ether saddr ", f);
		print_mac(f, users->list[i].mac);
		fputs(" accept\n", f);
	}
}

static int mac_of(const char *name, unsigned char *mac)
{
	cleanup_free char *path = xasprintf("/sys/class/net/%s/address", name);
	cleanup_free char *text = read_file(path, 32);

	return text && sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2],
			      &mac[3], &mac[4], &mac[5]) == 6 ? 0 :
	       fail(EXIT_NETIF, "Cannot read %s", path);
}

int macfilter_shared(const char *name, const struct netifs *users)
{
	cleanup_free char *table = xasprintf("cloison_%s", name), *text = NULL;
	bool filtered = users->count && !users->list[0].unfiltered;
	unsigned char mac[6];
	size_t size;
	FILE *f;

	if ((filtered && mac_of(name, mac)) || begin(table, &text, &size, &f))
		return EXIT_NETIF;
	if (filtered) {
		fprintf(f, "table netdev %s {\nchain out {\n"
			"type filter hook egress device \"%s\" priority 0; policy drop;\n",
			table, name);
		if (users->list[0].type == NETIF_MACVLAN)
			print_macvlans(f, users);
		else
			print_ipvlans(f, users, mac);
		fputs("}\n}\n", f);
	}
	fclose(f);
	return nft_run(text, NULL, EXIT_NETIF, "Cannot filter what interfaces send");
}

bool macfilter_shared_whole(const char *name)
{
	cleanup_free char *table = xasprintf("cloison_%s", name);
	cleanup_free char *rules = list_table(table);

	return strstr(rules, "chain out {");
}
