// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "error.h"
#include "netif.h"
#include "util.h"
#include "value.h"
#include "venet.h"

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

static const char *const types[] = { "veth", "routed", "macvlan", "ipvlan", "ipvlan-l3" };

static bool parse_type(const char *s, enum netif_type *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(s, types[i]) == 0) {
			*type = i;
			return true;
		}
	return false;
}

const char *netif_type_text(const struct netif *n)
{
	return types[n->type];
}

/* One after the other, or several with blanks between. */
static bool add_addresses(const char *words, struct addresses *to)
{
	cleanup_addresses struct addresses more = {};
	bool good = addresses_parse(words, &more) == 0 && (more.count || !*words);

	error_clear();
	for (size_t i = 0; i < more.count; i++)
		if (!addresses_have(to, &more.list[i]))
			addresses_add(to, &more.list[i]);
	return good;
}

static bool may_be_mac(const char *s, unsigned char *mac)
{
	memset(mac, 0, 6);
	return !*s || parse_mac(s, mac);
}

static bool may_be_name(const char *s, char *name)
{
	*name = '\0';
	return !*s || parse_name(s, name);
}

static bool set_key(struct netif *n, const char *key, const char *value)
{
	if (strcmp(key, "ifname") == 0)	/* that one is the container's for --ipadd */
		return parse_name(value, n->ifname) && strcmp(n->ifname, VENET) != 0;
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
	/* the others may be empty, as OpenVZ wrote them: none, or to be made up */
	if (strcmp(key, "mac") == 0)
		return may_be_mac(value, n->mac);
	if (strcmp(key, "host_mac") == 0)
		return may_be_mac(value, n->host_mac);
	if (strcmp(key, "host_ifname") == 0)
		return may_be_name(value, n->host_ifname);
	if (strcmp(key, "bridge") == 0)
		return may_be_name(value, n->bridge);
	if (strcmp(key, "link") == 0)
		return may_be_name(value, n->link);
	if (strcmp(key, "type") == 0)
		return parse_type(value, &n->type);
	return strcmp(key, "ip") == 0 && add_addresses(value, &n->ip);
}

static bool has_mac(const struct netif *n)
{
	/* those are the link's that it shares */
	return n->type != NETIF_IPVLAN && n->type != NETIF_IPVLAN_L3;
}

static void complete(struct netif *n)
{
	if (!given(n->mac) && has_mac(n))
		make_up(n->ifname, false, n->mac);
	if (!given(n->host_mac) && !netif_is_upper(n))
		make_up(n->ifname, true, n->host_mac);
}

static bool set_pair(struct netif *n, char *pair)
{
	char *value = strchr(pair, '=');

	if (!value)
		return false;
	*value++ = '\0';
	return set_key(n, pair, value);
}

static bool parse_one(char *text, struct netif *n)
{
	char *pair;

	*n = (struct netif){};
	while ((pair = strsep(&text, ",")))
		if (*pair && !set_pair(n, pair))
			return false;
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
			addresses_free(&n.ip);
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
	for (size_t i = 0; i < all->count; i++)
		addresses_free(&all->list[i].ip);
	free(all->list);
	*all = (struct netifs){};
}

void netifs_copy(const struct netifs *all, struct netifs *out)
{
	cleanup_free char *text = netifs_text(all);

	/* it is our own */
	netifs_parse(text, out);
}

char *netifs_text(const struct netifs *all)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < all->count; i++) {
		const struct netif *n = &all->list[i];
		cleanup_free char *mac = mac_text("mac", n->mac);
		cleanup_free char *host_mac = mac_text("host_mac", n->host_mac);
		cleanup_free char *vlan = n->vlan ? xasprintf(",vlan=%u", n->vlan) : NULL;
		cleanup_free char *ip = addresses_text(&n->ip);

		text_append(&text, "%sifname=%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s", i ? ";" : "",
			    n->ifname, n->type ? ",type=" : "",
			    n->type ? netif_type_text(n) : "", mac,
			    n->host_ifname[0] ? ",host_ifname=" : "", n->host_ifname, host_mac,
			    n->bridge[0] ? ",bridge=" : "", n->bridge,
			    n->link[0] ? ",link=" : "", n->link,
			    vlan ? vlan : "", n->unfiltered ? ",mac_filter=off" : "",
			    *ip ? ",ip=" : "", ip);
	}
	return text;
}

const struct netif *netifs_on_host(const struct netifs *all, const char *host_ifname)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->list[i].host_ifname, host_ifname) == 0)
			return &all->list[i];
	return NULL;
}

static void name_on_host(struct netifs *all, struct netif *n, uint32_t id)
{
	char name[32];

	for (unsigned int i = 0; !n->host_ifname[0]; i++) {
		if (snprintf(name, sizeof(name), "veth%u.%u", id, i) >= IFNAMSIZ)
			snprintf(name, sizeof(name), "v%u.%u", id, i);
		if (!netifs_on_host(all, name))
			memcpy(n->host_ifname, name, IFNAMSIZ);
	}
}

void netifs_complete(struct netifs *all, const struct netifs *has, uint32_t id)
{
	for (size_t i = 0; i < all->count; i++) {
		struct netif *n = &all->list[i];
		size_t k = netifs_find(has, n->ifname);
		const struct netif *old = k < has->count ? &has->list[k] : NULL;

		if (old && !n->host_ifname[0] && !netif_is_upper(n) &&
		    !netifs_on_host(all, old->host_ifname))
			memcpy(n->host_ifname, old->host_ifname, IFNAMSIZ);
		if (old && !given(n->mac) && has_mac(n))
			memcpy(n->mac, old->mac, sizeof(n->mac));
		if (old && !given(n->host_mac) && !netif_is_upper(n))
			memcpy(n->host_mac, old->host_mac, sizeof(n->host_mac));
		complete(n);
	}
	for (size_t i = 0; i < all->count; i++)
		if (!netif_is_upper(&all->list[i]))
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
	bool good = begin(old, &all);

	/* a key once, and from then on */
	for (size_t i = 0; good && (word = strsep(&rest, ",")); i++) {
		if (i && strchr(word, '=')) {
			i = ARRAY_SIZE(keys);
			good = set_pair(&n, word);
		} else {
			good = i < ARRAY_SIZE(keys) && set_key(&n, keys[i], word);
		}
	}
	if (!good || netifs_find(&all, n.ifname) < all.count) {
		addresses_free(&n.ip);
		return NULL;
	}
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
	addresses_free(&all.list[i].ip);
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

/* It has not what was made up for another type. */
static void drop_unfit(struct netif *n)
{
	if (netif_is_upper(n)) {
		may_be_mac("", n->host_mac);
		may_be_name("", n->host_ifname);
	}
	if (!has_mac(n))
		may_be_mac("", n->mac);
}

char *netif_change(const char *key, const char *arg, const char *old)
{
	cleanup_netifs struct netifs all = {};
	size_t i;

	if (!begin(old, &all))
		return NULL;
	i = netifs_find(&all, selected);
	if (i == all.count)
		return NULL;
	/* all of them, instead of those that there were */
	if (strcmp(key, "ip") == 0)
		addresses_free(&all.list[i].ip);
	if (!set_key(&all.list[i], key, arg))
		return NULL;
	if (strcmp(key, "type") == 0)
		drop_unfit(&all.list[i]);
	return netifs_text(&all);
}

char *netif_set(const char *arg, const char *old)
{
	cleanup_free char *key = xstrndup(arg, strcspn(arg, "="));

	/* its name is what it is known by */
	return arg[strlen(key)] && strcmp(key, "ifname") != 0 ?
	       netif_change(key, arg + strlen(key) + 1, old) : NULL;
}

static const char *misfit(const struct netif *n)
{
	bool link = n->link[0], bridge = n->bridge[0], ip = n->ip.count;

	switch (n->type) {
	case NETIF_VETH:
		if (n->vlan && !bridge)
			return "a VLAN is a bridge's, and it has none";
		if (link)
			return "link is for other types";
		if (ip && !bridge)
			return "it is kept to addresses (ip) in a bridge, and is in none; there "
			       "is type routed";
		return ip && n->unfiltered ?
		       "it is kept to addresses (ip) with the MAC filter only: mac_filter=on" :
		       NULL;
	case NETIF_ROUTED:
		if (link || bridge || n->vlan)
			return "type routed has neither link nor bridge nor VLAN";
		return ip ? NULL : "type routed needs addresses: ip=10.0.0.2 or the like";
	default:
		if (bridge || n->host_ifname[0] || given(n->host_mac))
			return "type macvlan or ipvlan has no end on the host";
		if (!link)
			return "type macvlan or ipvlan needs a link of the host's: link=eth0";
	}
	if (n->type == NETIF_MACVLAN ? ip : given(n->mac))
		return "macvlan has a MAC address of its own, ipvlan has addresses (ip)";
	if (n->unfiltered)
		return NULL;
	if (n->type == NETIF_IPVLAN_L3 || !n->vlan)
		return "what it sends cannot be told from the host's own, so it could use "
		       "addresses of others, and a macvlan take what they receive; give it a VLAN (macvlan, ipvlan), or take type "
		       "routed, or allow that by mac_filter=off";
	return n->type == NETIF_IPVLAN && !ip ?
	       "type ipvlan is kept to its addresses: ip=10.0.0.2/24 or the like" : NULL;
}

int netifs_check(const struct netifs *all)
{
	for (size_t i = 0; i < all->count; i++) {
		const char *why = misfit(&all->list[i]);

		if (why)
			return fail(EXIT_NETIF, "Interface %s: %s", all->list[i].ifname, why);
	}
	return 0;
}
