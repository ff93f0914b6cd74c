// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "error.h"
#include "netif.h"
#include "util.h"
#include "value.h"

static bool parse_name(const char *s, char *name)
{
	size_t len = strlen(s);

	/* the kernel takes more, which would have to be quoted everywhere */
	if (!len || len >= IFNAMSIZ || strcmp(s, ".") == 0 || strcmp(s, "..") == 0 ||
	    strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") != len)
		return false;
	memcpy(name, s, len + 1);
	return true;
}

/* Not of zeroes. */
static bool given(const unsigned char *mac)
{
	return memcmp(mac, "\0\0\0\0\0", 6) != 0;
}

/* One machine's. */
static bool parse_mac(const char *s, unsigned char *mac)
{
	unsigned int b[6];
	char end;

	if (strlen(s) != 17 || strspn(s, "0123456789abcdefABCDEF:") != 17 ||
	    sscanf(s, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		   &end) != 6)
		return false;
	for (int i = 0; i < 6; i++)
		mac[i] = b[i];
	return !(mac[0] & 1) && given(mac);
}

static char *mac_text(const char *key, const unsigned char *mac)
{
	if (!given(mac))
		return xstrdup("");
	return xasprintf(",%s=%02x:%02x:%02x:%02x:%02x:%02x", key, mac[0], mac[1], mac[2], mac[3],
			 mac[4], mac[5]);
}

/*
 * A locally administered one that nobody else has, but the same as often as this process
 * asks for this end of this interface: what is set on a running container and what is
 * saved must agree. On the host with an fe before it: a bridge takes the lowest address
 * of its ports for its own, and that must not be one that comes and goes. FNV-1a.
 */
static void make_up(const char *ifname, bool host, unsigned char *mac)
{
	static uint64_t seed;
	uint64_t hash;

	while (!seed)
		if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
			seed = now_ms();
	hash = (seed ^ host) * 0x100000001b3ULL;
	for (const char *s = ifname; *s; s++)
		hash = (hash ^ (unsigned char)*s) * 0x100000001b3ULL;
	hash ^= hash >> 29;
	mac[0] = host ? 0xfe : 0x02;
	for (int i = 1; i < 6; i++)
		mac[i] = hash >> (8 * i);
}

static bool set_key(struct netif *n, const char *key, const char *value)
{
	if (strcmp(key, "ifname") == 0)
		return parse_name(value, n->ifname);
	if (strcmp(key, "mac_filter") == 0) {
		n->unfiltered = strcmp(value, "off") == 0;
		return n->unfiltered || strcmp(value, "on") == 0;
	}
	if (strcmp(key, "vlan") == 0) {
		uint64_t vlan = 0;

		if (*value && !parse_number(value, 0, 4094, &vlan))
			return false;
		n->vlan = vlan;
		return true;
	}
	/* the others may be empty, as OpenVZ wrote them */
	if (strcmp(key, "mac") == 0)
		return !*value || parse_mac(value, n->mac);
	if (strcmp(key, "host_mac") == 0)
		return !*value || parse_mac(value, n->host_mac);
	if (strcmp(key, "host_ifname") == 0)
		return !*value || parse_name(value, n->host_ifname);
	if (strcmp(key, "bridge") == 0) {
		n->bridge[0] = '\0';
		return !*value || parse_name(value, n->bridge);
	}
	return false;
}

static void complete(struct netif *n)
{
	if (!given(n->mac))
		make_up(n->ifname, false, n->mac);
	if (!given(n->host_mac))
		make_up(n->ifname, true, n->host_mac);
}

static bool parse_one(char *text, struct netif *n)
{
	char *pair;

	*n = (struct netif){};
	while ((pair = strsep(&text, ","))) {
		char *value = strchr(pair, '=');

		if (!*pair)
			continue;
		if (!value)
			return false;
		*value++ = '\0';
		if (!set_key(n, pair, value))
			return false;
	}
	return n->ifname[0];
}

size_t netifs_find(const struct netifs *all, const char *ifname)
{
	size_t i = 0;

	while (i < all->count && strcmp(all->list[i].ifname, ifname) != 0)
		i++;
	return i;
}

static void append(struct netifs *all, const struct netif *n)
{
	all->list = xrealloc(all->list, (all->count + 1) * sizeof(*all->list));
	all->list[all->count++] = *n;
}

int netifs_parse(const char *text, struct netifs *out)
{
	cleanup_free char *copy = xstrdup(text ? text : "");
	char *rest = copy, *one;
	struct netif n;

	*out = (struct netifs){};
	while ((one = strsep(&rest, ";\n"))) {
		cleanup_free char *whole = xstrdup(one);

		if (!*one)
			continue;
		if (!parse_one(one, &n) || netifs_find(out, n.ifname) < out->count) {
			netifs_free(out);
			return fail(EXIT_BAD_VALUE, "\"%s\" is no interface, or one that is there "
				    "already: it takes ifname=eth0,bridge=br0 and the like", whole);
		}
		append(out, &n);
	}
	return 0;
}

void netifs_free(struct netifs *all)
{
	free(all->list);
	*all = (struct netifs){};
}

char *netifs_text(const struct netifs *all)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < all->count; i++) {
		const struct netif *n = &all->list[i];
		cleanup_free char *mac = mac_text("mac", n->mac);
		cleanup_free char *host_mac = mac_text("host_mac", n->host_mac);
		cleanup_free char *vlan = n->vlan ? xasprintf(",vlan=%u", n->vlan) : NULL;
		cleanup_free char *before = text;

		text = xasprintf("%s%sifname=%s%s%s%s%s%s%s%s%s", before,
				 i ? ";" : "", n->ifname, mac,
				 n->host_ifname[0] ? ",host_ifname=" : "", n->host_ifname, host_mac,
				 n->bridge[0] ? ",bridge=" : "", n->bridge,
				 vlan ? vlan : "", n->unfiltered ? ",mac_filter=off" : "");
	}
	return text;
}

static bool taken(const struct netifs *all, const char *host_ifname)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->list[i].host_ifname, host_ifname) == 0)
			return true;
	return false;
}

static void name_on_host(struct netifs *all, struct netif *n, uint32_t id)
{
	char name[32];

	for (unsigned int i = 0; !n->host_ifname[0]; i++) {
		if (snprintf(name, sizeof(name), "veth%u.%u", id, i) >= IFNAMSIZ)
			snprintf(name, sizeof(name), "v%u.%u", id, i);
		if (!taken(all, name))
			memcpy(n->host_ifname, name, IFNAMSIZ);
	}
}

void netifs_complete(struct netifs *all, const struct netifs *has, uint32_t id)
{
	for (size_t i = 0; i < all->count; i++) {
		struct netif *n = &all->list[i];
		size_t k = netifs_find(has, n->ifname);
		const struct netif *old = k < has->count ? &has->list[k] : NULL;

		if (old && !n->host_ifname[0] && !taken(all, old->host_ifname))
			memcpy(n->host_ifname, old->host_ifname, IFNAMSIZ);
		if (old && !given(n->mac))
			memcpy(n->mac, old->mac, sizeof(n->mac));
		if (old && !given(n->host_mac))
			memcpy(n->host_mac, old->host_mac, sizeof(n->host_mac));
		complete(n);
	}
	for (size_t i = 0; i < all->count; i++)
		name_on_host(all, &all->list[i], id);
}

/* Parse, for an option: what is there and bad is an error as well. */
static bool begin(const char *old, struct netifs *all)
{
	bool good = netifs_parse(old, all) == 0;

	error_clear();
	return good;
}

char *netif_add(const char *arg, const char *old)
{
	static const char *const keys[] = { "ifname", "mac", "host_ifname", "host_mac", "bridge",
					    "vlan" };
	cleanup_free char *copy = xstrdup(arg);
	cleanup_netifs struct netifs all = {};
	char *rest = copy, *word;
	struct netif n = {};

	for (size_t i = 0; (word = strsep(&rest, ",")); i++)
		if (i == ARRAY_SIZE(keys) || !set_key(&n, keys[i], word))
			return NULL;
	if (!begin(old, &all) || netifs_find(&all, n.ifname) < all.count)
		return NULL;
	complete(&n);
	append(&all, &n);
	return netifs_text(&all);
}

char *netif_del(const char *arg, const char *old)
{
	cleanup_netifs struct netifs all = {};
	size_t i;

	if (strcmp(arg, "all") == 0)
		return xstrdup("");
	if (!begin(old, &all))
		return NULL;
	i = netifs_find(&all, arg);
	if (i == all.count)
		return NULL;
	all.count--;
	memmove(&all.list[i], &all.list[i + 1], (all.count - i) * sizeof(*all.list));
	return netifs_text(&all);
}

static char selected[IFNAMSIZ];

char *netif_select(const char *arg, const char *old)
{
	cleanup_netifs struct netifs all = {};

	if (!parse_name(arg, selected) || !begin(old, &all) ||
	    netifs_find(&all, selected) == all.count)
		return NULL;
	return netifs_text(&all);
}

char *netif_change(const char *key, const char *arg, const char *old)
{
	cleanup_netifs struct netifs all = {};
	size_t i;

	if (!begin(old, &all))
		return NULL;
	i = netifs_find(&all, selected);
	if (i == all.count || !set_key(&all.list[i], key, arg))
		return NULL;
	return netifs_text(&all);
}
