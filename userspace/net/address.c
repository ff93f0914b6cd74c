// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "cleanup.h"
#include "error.h"
#include "util.h"
#include "value.h"

static bool parse_bytes(const char *s, struct address *a)
{
	if (inet_pton(AF_INET, s, a->bytes) == 1) {
		a->family = AF_INET;
		a->bits = 32;
	} else if (inet_pton(AF_INET6, s, a->bytes) == 1) {
		a->family = AF_INET6;
		a->bits = 128;
	} else {
		return false;
	}
	return true;
}

/* The length of a prefix, or for IPv4 a mask such as 255.255.255.0. */
static bool parse_mask(const char *s, const struct address *a, unsigned int *mask)
{
	unsigned int min = a->family == AF_INET ? 8 : 16;
	struct in_addr dotted;
	uint32_t hostmask;
	uint64_t n;

	if (parse_number(s, min, a->bits, &n)) {
		*mask = n;
		return true;
	}
	if (a->family != AF_INET || inet_pton(AF_INET, s, &dotted) != 1)
		return false;
	hostmask = ~ntohl(dotted.s_addr);
	if (hostmask & (hostmask + 1))
		return false;
	*mask = 32 - __builtin_popcount(hostmask);
	return *mask >= min;
}

/* The rules of the table of addresses, see linux/cloison_net.h. */
static bool routable(const struct address *a)
{
	const struct in6_addr *v6 = (const void *)a->bytes;
	const unsigned char *v4 = a->bytes;

	if (a->family == AF_INET)
		return v4[0] && v4[0] != 127 && v4[0] < 224;
	/* 0000::/8 has no addresses of machines (RFC 4291) */
	return v6->s6_addr[0] && !IN6_IS_ADDR_MULTICAST(v6) && !IN6_IS_ADDR_LINKLOCAL(v6);
}

static bool bits_beyond(const struct address *a, unsigned int prefix)
{
	for (unsigned int i = prefix; i < a->bits; i++)
		if (a->bytes[i / 8] & (0x80 >> i % 8))
			return true;
	return false;
}

bool address_parse(const char *s, struct address *out)
{
	const char *slash = strchr(s, '/');
	cleanup_free char *ip = xstrndup(s, slash ? (size_t)(slash - s) : strlen(s));

	memset(out, 0, sizeof(*out));
	if (!parse_bytes(ip, out) || !routable(out))
		return false;
	out->mask = out->bits;
	if (slash && !parse_mask(slash + 1, out, &out->mask))
		return false;
	out->owned = bits_beyond(out, out->mask) ? out->bits : out->mask;
	return true;
}

static char *text(const struct address *a, unsigned int prefix)
{
	char ip[INET6_ADDRSTRLEN];

	inet_ntop(a->family, a->bytes, ip, sizeof(ip));
	return prefix == a->bits ? xstrdup(ip) : xasprintf("%s/%u", ip, prefix);
}

char *address_text(const struct address *a)
{
	return text(a, a->mask);
}

char *address_owned(const struct address *a)
{
	return text(a, a->owned);
}

bool address_same(const struct address *a, const struct address *b)
{
	return a->family == b->family && a->owned == b->owned &&
	       memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool address_within(const struct address *a, const struct address *prefix)
{
	struct address cut = *a;

	if (a->family != prefix->family || a->owned < prefix->owned)
		return false;
	for (unsigned int i = prefix->owned; i < a->bits; i++)
		cut.bytes[i / 8] &= ~(0x80 >> i % 8);
	return memcmp(cut.bytes, prefix->bytes, sizeof(cut.bytes)) == 0;
}

bool address_overlap(const struct address *a, const struct address *b)
{
	return address_within(a, b) || address_within(b, a);
}

bool addresses_have_family(const struct addresses *all, int family)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->list[i].family == family)
			return true;
	return false;
}

bool addresses_cover(const struct addresses *all, const struct address *a)
{
	for (size_t i = 0; i < all->count; i++)
		if (&all->list[i] != a && address_within(a, &all->list[i]))
			return true;
	return false;
}

bool addresses_touch(const struct addresses *all, const struct address *a)
{
	for (size_t i = 0; i < all->count; i++)
		if (address_overlap(&all->list[i], a))
			return true;
	return false;
}

bool addresses_have(const struct addresses *all, const struct address *a)
{
	for (size_t i = 0; i < all->count; i++)
		if (address_same(&all->list[i], a))
			return true;
	return false;
}

void addresses_add(struct addresses *all, const struct address *a)
{
	all->list = xrealloc(all->list, (all->count + 1) * sizeof(*all->list));
	all->list[all->count++] = *a;
}

/* 0.0.0.0 or ::, which vzctl passes over. */
static bool is_none(const char *word)
{
	struct address a;

	return parse_bytes(word, &a) && !bits_beyond(&a, 0);
}

int addresses_parse(const char *words, struct addresses *out)
{
	cleanup_free char *copy = xstrdup(words ? words : "");
	char *rest = copy, *word;
	struct address a;
	int ret = 0;

	*out = (struct addresses){};
	while ((word = strsep(&rest, " \t\n,"))) {
		if (!*word || is_none(word))
			continue;
		if (address_parse(word, &a)) {
			if (!addresses_have(out, &a))
				addresses_add(out, &a);
		} else if (!ret) {
			ret = fail(EXIT_BAD_IP, "%s is no address for a container: it takes "
				   "unicast ones such as 10.0.0.2, 10.0.1.0/28 or fd00::2", word);
		}
	}
	return ret;
}

char *addresses_text(const struct addresses *all)
{
	char *list = xstrdup("");

	for (size_t i = 0; i < all->count; i++) {
		cleanup_free char *one = address_text(&all->list[i]);

		text_append(&list, "%s%s", *list ? " " : "", one);
	}
	return list;
}

void addresses_free(struct addresses *all)
{
	free(all->list);
	*all = (struct addresses){};
}
