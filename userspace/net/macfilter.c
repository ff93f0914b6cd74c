// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "error.h"
#include "macfilter.h"
#include "nft.h"
#include "portfilter.h"
#include "rules.h"
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
		PORTFILTER_NO_BPDU
		"ether saddr ", i, n->host_ifname);
	print_mac(f, n->mac);
	fprintf(f, " accept\n}\nchain to_%zu {\n"
		"type filter hook egress device \"%s\" priority 0; policy drop;\n"
		"ether daddr ", i, n->host_ifname);
	print_mac(f, n->mac);
	fputs(" accept\nether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 accept\n}\n", f);
}

/* Their own sources only. */
static void print_addresses(FILE *f, const struct addresses *own)
{
	rule_any(f, own, AF_INET, "ip saddr");
	rule_any(f, own, AF_INET, "arp saddr ip");
	rule_any(f, own, AF_INET6, "ip6 saddr");
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

static void print_chains(FILE *f, size_t i, const struct netif *n)
{
	if (n->type == NETIF_VETH) {
		print_macs(f, i, n);
		return;
	}
	/* whatever its MAC address: on this link there is nobody else */
	fprintf(f, "chain from_%zu {\n"
		"type filter hook ingress device \"%s\" priority 0; policy drop;\n",
		i, n->host_ifname);
	print_addresses(f, &n->ip);
	fputs("ip6 saddr fe80::/10 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n"
	      "}\n", f);
}

/* Chains @body, or none; what they say is noted as the table's comment. */
static int install(const char *table, const char *body)
{
	/* one transaction: there is no moment without rules */
	cleanup_free char *text = xasprintf("add table netdev %s\ndelete table netdev %s\n",
					    table, table);

	if (*body)
		text_append(&text, "table netdev %s {\ncomment \"%016" PRIx64 "\"\n%s}\n", table,
			    nft_digest(body), body);
	return nft_run(text, NULL, EXIT_NETIF, "Cannot filter what interfaces send");
}

/* Is each of the chains of @body there, and was made from it? */
static bool installed(const char *table, const char *body)
{
	cleanup_free char *name = xasprintf("netdev %s", table);
	cleanup_free char *comment = xasprintf("comment \"%016" PRIx64 "\"", nft_digest(body));
	cleanup_free char *rules = NULL;
	bool whole;

	if (!*body)
		return true;
	rules = nft_list(name);
	whole = strstr(rules, comment);
	/* a chain goes with its link */
	while (whole && (body = strstr(body, "chain "))) {
		cleanup_free char *head = xstrndup(body, strcspn(body, "\n"));

		whole = strstr(rules, head);
		body += strlen(head);
	}
	return whole;
}

/* To be freed. */
static char *chains_of(const struct netifs *all)
{
	char *body = NULL;
	size_t size;
	FILE *f = open_memstream(&body, &size);

	for (size_t i = 0; f && i < all->count; i++)
		if (is_filtered(&all->list[i]))
			print_chains(f, i, &all->list[i]);
	if (f)
		fclose(f);
	return body ? body : xstrdup("");
}

int macfilter_set(uint32_t id, const struct netifs *had, const struct netifs *all)
{
	cleanup_free char *table = xasprintf("cloison_%u", id), *body = chains_of(all);
	int ret = install(table, body);

	return ret ? ret : portfilter_set(had, all);
}

bool macfilter_whole(uint32_t id, const struct netifs *all)
{
	cleanup_free char *table = xasprintf("cloison_%u", id), *body = chains_of(all);

	return installed(table, body) && portfilter_whole(all);
}

/*
 * What several send that have one MAC address, told by the bytes of the frame: what nftables
 * takes for its protocol, and where it looks for headers, is what a packet socket was told.
 */
#define IP		"@ll,96,16 0x0800"
#define ARP		"@ll,96,16 0x0806"
#define IP_SOURCE	"@ll,208"
#define ARP_SOURCE	"@ll,224"
#define IP6_NEXT	"@ll,160,8"
#define IP6_SOURCE	"@ll,176"
#define IP6_FROM_NONE	"@ll,176,128 0"
#define ICMP6		IP6_NEXT " 58 @ll,432,8"	/* and its type */
#define ICMP6_TARGET	"@ll,496"
/* as RFC 3810 wants them: behind a header of eight bytes, hop by hop */
#define MLD_REPORT	IP6_NEXT " 0 @ll,432,8 58 @ll,496,8 143"

/* After @match, a field at @at that is one of the addresses of @family of @users. */
static void print_each(FILE *f, const struct netifs *users, int family, const char *match,
		       const char *at)
{
	for (size_t i = 0; i < users->count; i++)
		rule_each(f, &users->list[i].ip, family, match, at);
}

/* The link's MAC address, as link-local addresses have it: of each ipvlan with a number of
 * its own in the middle.
 */
static void print_link_local(FILE *f, const unsigned char *m, const char *match)
{
	fprintf(f, "@ll,176,128 & 0xfffffffffffffffffdffff0000ffffff == "
		"0xfe80000000000000%02x%02x%02x0000%02x%02x%02x %s accept\n",
		m[0] & 0xfd, m[1], m[2], m[3], m[4], m[5], match);
}

/* By their addresses; and who says that he has another one is not heard by the machines on
 * that network, nor who is a router.
 */
static void print_ipvlans(FILE *f, const struct netifs *users, const unsigned char *mac)
{
	fputs("ether saddr != ", f);
	print_mac(f, mac);
	fputs(" drop\n", f);
	print_each(f, users, AF_INET, IP, IP_SOURCE);
	print_each(f, users, AF_INET, ARP, ARP_SOURCE);
	fputs("@ll,96,16 != 0x86dd drop\n"
	      MLD_REPORT " " IP6_FROM_NONE " accept\n", f);
	print_link_local(f, mac, MLD_REPORT);
	/* headers that others could be behind; what is in fragments is not taken (RFC 6980) */
	fputs(IP6_NEXT " { 0, 43, 60 } drop\n", f);
	print_each(f, users, AF_INET6, ICMP6 " 136", ICMP6_TARGET);
	print_each(f, users, AF_INET6, ICMP6 " 135 " IP6_FROM_NONE, ICMP6_TARGET);
	fputs(ICMP6 " { 134, 136, 137 } drop\n", f);
	print_link_local(f, mac, ICMP6 " { 133, 135 }");
	print_each(f, users, AF_INET6, "", IP6_SOURCE);
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

/* To be freed; NULL if it cannot be told. */
static char *shared_chain(const char *name, const struct netifs *users)
{
	unsigned char mac[6];
	char *body = NULL;
	size_t size;
	FILE *f;

	if (!users->count || users->list[0].unfiltered)
		return xstrdup("");
	f = mac_of(name, mac) ? NULL : open_memstream(&body, &size);
	if (!f)
		return NULL;
	fprintf(f, "chain out {\ntype filter hook egress device \"%s\" priority 0; policy drop;\n",
		name);
	if (users->list[0].type == NETIF_MACVLAN)
		print_macvlans(f, users);
	else
		print_ipvlans(f, users, mac);
	fputs("}\n", f);
	fclose(f);
	return body;
}

int macfilter_shared(const char *name, const struct netifs *users)
{
	cleanup_free char *table = xasprintf("cloison_%s", name);
	cleanup_free char *body = shared_chain(name, users);

	return body ? install(table, body) : EXIT_NETIF;
}

bool macfilter_shared_whole(const char *name, const struct netifs *users)
{
	cleanup_free char *table = xasprintf("cloison_%s", name);
	cleanup_free char *body = shared_chain(name, users);

	return body && installed(table, body);
}
