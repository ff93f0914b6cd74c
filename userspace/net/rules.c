// SPDX-License-Identifier: GPL-2.0-only
#include "cleanup.h"
#include "rules.h"
#include "util.h"

void rule_any(FILE *f, const struct addresses *all, int family, const char *match)
{
	const char *before = "{ ";

	for (size_t i = 0; i < all->count; i++) {
		const struct address *a = &all->list[i];
		cleanup_free char *text = address_owned(a);

		/* nftables wants no element of a set within another one */
		if (a->family != family || addresses_cover(all, a))
			continue;
		if (*before == '{')
			fprintf(f, "%s ", match);
		fprintf(f, "%s%s", before, text);
		before = ", ";
	}
	if (*before == ',')
		fputs(" } accept\n", f);
}

static void print_bits(FILE *f, const char *where, const struct address *a)
{
	fprintf(f, " %s,%u", where, a->bits);
	for (unsigned int i = 0; !address_is_single(a) && i < a->bits / 8; i++)
		fprintf(f, "%s%02x", i ? "" : " & 0x",
			8 * i >= a->owned ? 0 : 8 * (i + 1) <= a->owned ? 0xff :
			0xff << (8 * (i + 1) - a->owned) & 0xff);
	fputs(address_is_single(a) ? " 0x" : " == 0x", f);
	for (unsigned int i = 0; i < a->bits / 8; i++)
		fprintf(f, "%02x", a->bytes[i]);
}

void rule_each(FILE *f, const struct addresses *all, int family, const char *match,
	       const char *where)
{
	for (size_t i = 0; i < all->count; i++) {
		if (all->list[i].family != family)
			continue;
		fputs(match, f);
		print_bits(f, where, &all->list[i]);
		fputs(" accept\n", f);
	}
}
