// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "error.h"
#include "macfilter.h"
#include "nft.h"
#include "util.h"

/*
 * Out of the container: only its own source. Into it: its own address, and what is for
 * many; a bridge floods what it does not know the port of, which is others' business.
 */
static void print_rules(FILE *f, size_t i, const struct netif *n)
{
	char mac[18];

	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", n->mac[0], n->mac[1],
		 n->mac[2], n->mac[3], n->mac[4], n->mac[5]);
	fprintf(f, "chain from_%zu {\n"
		"type filter hook ingress device \"%s\" priority 0; policy drop;\n"
		"ether saddr %s accept\n}\n", i, n->host_ifname, mac);
	fprintf(f, "chain to_%zu {\n"
		"type filter hook egress device \"%s\" priority 0; policy drop;\n"
		"ether daddr %s accept\n"
		"ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 accept\n}\n",
		i, n->host_ifname, mac);
}

int macfilter_set(uint32_t id, const struct netifs *all)
{
	cleanup_free char *text = NULL;
	size_t size, filtered = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return fail_errno(EXIT_SYSTEM, "Cannot write in memory");
	/* one transaction: there is no moment without rules */
	fprintf(f, "add table netdev cloison_%u\ndelete table netdev cloison_%u\n", id, id);
	for (size_t i = 0; i < all->count; i++)
		filtered += !all->list[i].unfiltered;
	if (filtered) {
		fprintf(f, "table netdev cloison_%u {\n", id);
		for (size_t i = 0; i < all->count; i++)
			if (!all->list[i].unfiltered)
				print_rules(f, i, &all->list[i]);
		fputs("}\n", f);
	}
	fclose(f);
	return nft_run(text, NULL, EXIT_NETIF, "Cannot filter MAC addresses");
}

/* Each chain is bound to its link and named after the interface's place in @all. */
bool macfilter_whole(uint32_t id, const struct netifs *all)
{
	cleanup_free char *command = xasprintf("list table netdev cloison_%u\n", id);
	cleanup_free char *rules = NULL;
	bool whole = true;

	if (nft_run(command, &rules, EXIT_NETIF, ""))
		error_clear();
	for (size_t i = 0; i < all->count; i++) {
		cleanup_free char *in = xasprintf("chain from_%zu {", i);
		cleanup_free char *out = xasprintf("chain to_%zu {", i);

		if (!all->list[i].unfiltered)
			whole = whole && strstr(rules, in) && strstr(rules, out);
	}
	return whole;
}

int macfilter_clear(uint32_t id)
{
	static const struct netifs none;

	return macfilter_set(id, &none);
}
