// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "host.h"
#include "link.h"
#include "lock.h"
#include "module.h"
#include "netif.h"
#include "note.h"
#include "rate.h"
#include "rtnl.h"
#include "steer.h"
#include "tc.h"
#include "util.h"
#include "value.h"
#include "venet.h"

#define KIND		".rate"

#define BITS_MIN	8000
#define BITS_MAX	1000000000000
/* A packet that is larger than the burst never passes. */
#define BURST_MIN	(16 << 10)
#define BURST_MAX	(1 << 30)
#define BURST_USUAL	(64 << 10)
#define PPS_MAX		1000000000

/* Seen from the container. 0: no limit. */
struct flow {
	uint64_t bits, burst, pps, pps_burst;
};

struct rate {
	struct flow in, out;
};

static bool limited(const struct flow *f)
{
	return f->bits || f->pps;
}

static bool any_limit(const struct rate *r)
{
	return limited(&r->in) || limited(&r->out);
}

static bool parse_bits(const char *s, uint64_t *out)
{
	static const char suffixes[] = "KMGT";
	size_t digits = strspn(s, "0123456789");
	cleanup_free char *number = xstrndup(s, digits);
	const char *suffix = s[digits] ? strchr(suffixes, toupper((unsigned char)s[digits])) : NULL;
	uint64_t unit = 1;

	for (const char *c = suffixes; suffix && c <= suffix; c++)
		unit *= 1000;
	if ((s[digits] && (!suffix || s[digits + 1])) || !parse_number(number, 1, BITS_MAX, out))
		return false;
	return !__builtin_mul_overflow(*out, unit, out) && *out >= BITS_MIN && *out <= BITS_MAX;
}

static bool parse_burst(const char *s, uint64_t *out)
{
	return parse_size(s, 1, out) && *out >= BURST_MIN && *out <= BURST_MAX;
}

static bool parse_packets(const char *s, uint64_t *out)
{
	return parse_number(s, 1, PPS_MAX, out);
}

/* Of one way: "in" and "out" are taken off. */
static bool parse_one(const char *key, const char *value, struct flow *f)
{
	if (!*key)
		return !f->bits && parse_bits(value, &f->bits);
	if (strcmp(key, "_burst") == 0)
		return !f->burst && parse_burst(value, &f->burst);
	if (strcmp(key, "_pps") == 0)
		return !f->pps && parse_packets(value, &f->pps);
	if (strcmp(key, "_pps_burst") == 0)
		return !f->pps_burst && parse_packets(value, &f->pps_burst);
	return false;
}

static bool parse_word(char *word, struct rate *r)
{
	char *value = strchr(word, '=');

	if (!value)
		return parse_one("", word, &r->in) && parse_one("", word, &r->out);
	*value++ = '\0';
	if (strncmp(word, "in", 2) == 0)
		return parse_one(word + 2, value, &r->in);
	return strncmp(word, "out", 3) == 0 && parse_one(word + 3, value, &r->out);
}

/* A burst is one of something. */
static bool makes_sense(const struct flow *f)
{
	return (!f->burst || f->bits) && (!f->pps_burst || f->pps);
}

static bool parse(const char *text, struct rate *r)
{
	cleanup_free char *copy = xstrdup(text ? text : "");
	char *rest = copy, *word;

	*r = (struct rate){};
	if (!*copy || strcmp(copy, "none") == 0)
		return true;
	while ((word = strsep(&rest, ",")))
		if (!parse_word(word, r))
			return false;
	return makes_sense(&r->in) && makes_sense(&r->out);
}

char *rate_option(const char *arg, const char *old)
{
	struct rate r;

	(void)old;
	return *arg && parse(arg, &r) ? xstrdup(arg) : NULL;
}

int rate_check(const char *text)
{
	struct rate r;

	return parse(text, &r) ? 0 : fail(EXIT_BAD_VALUE, "RATE: %s is not %s", text, RATE_TAKES);
}

/* It has no end on the host where anything could be limited. */
static void warn_unlimited(const char *netif)
{
	cleanup_netifs struct netifs all = {};

	if (netifs_parse(netif, &all))
		error_clear();	/* told by who uses them */
	for (size_t i = 0; i < all.count; i++)
		if (netif_is_upper(&all.list[i]))
			warn("RATE does not hold for interface %s, which has no end on the host",
			     all.list[i].ifname);
}

const char *rate_wanted(const struct conf *conf)
{
	const char *text = conf_get(conf, "RATE");
	struct rate r;

	if (text && strchr(text, ':')) {
		warn("RATE: %s is Virtuozzo's, a guarantee for a class of traffic, and does not "
		     "count: see --rate", text);
		return NULL;
	}
	if (parse(text, &r) && any_limit(&r))
		warn_unlimited(conf_get(conf, "NETIF"));
	return text;
}

static void name_link(uint32_t id, char way, char name[IFNAMSIZ])
{
	snprintf(name, IFNAMSIZ, "rate%u%c", id, way);
}

static int find_link(struct nl_sock *sock, uint32_t id, char way)
{
	char name[IFNAMSIZ];

	name_link(id, way, name);
	/* most containers have none: that costs no message */
	return link_index(name) ? rtnl_ifb_find(sock, name) : 0;
}

static struct links find_links(struct nl_sock *sock, uint32_t id)
{
	return (struct links){ find_link(sock, id, 'i'), find_link(sock, id, 'o') };
}

static uint64_t bytes_of(const struct flow *f)
{
	return (f->bits ? f->bits : BITS_MAX) / 8;
}

/* That of 20 ms, unless it is given: who sends after a pause need not wait. */
static uint32_t burst_of(const struct flow *f)
{
	uint64_t usual = bytes_of(f) / 50;

	if (f->burst)
		return f->burst;
	return usual < BURST_USUAL ? BURST_USUAL : usual > BURST_MAX ? BURST_MAX : usual;
}

/* Of a tenth of a second. */
static uint64_t pps_burst_of(const struct flow *f)
{
	return f->pps_burst ? f->pps_burst : f->pps / 10 + 10;
}

static int make_link(struct nl_sock *sock, uint32_t id, char way, const struct flow *f, int *link)
{
	char name[IFNAMSIZ];
	int err, ret;

	if (!limited(f))
		return 0;
	name_link(id, way, name);
	ret = rtnl_ifb(sock, name, link);
	if (ret)
		return ret;
	/* it is nobody's to speak to */
	host_distrust(name, true);
	err = tc_shape(sock, *link, bytes_of(f), burst_of(f));
	if (!err)
		err = tc_police(sock, *link, f->pps, pps_burst_of(f));
	return err ? tc_refused(err, "limit a link") : rtnl_up(sock, *link);
}

static bool link_whole(struct nl_sock *sock, int link, const struct flow *f)
{
	if (!limited(f))
		return !link;
	return link && rtnl_is_up(sock, link) && tc_shaped(sock, link, bytes_of(f)) &&
	       tc_policed(sock, link, f->pps);
}

/* Two ifb0, ifb1 are made by the module when nobody says that they should not. */
static void load_ifb(void)
{
	if (access("/sys/module/ifb", F_OK))
		module_load("ifb", "numifbs=0");
}

/* In this order: nothing is sent to a link that does not limit, or has gone. */
static int apply(uint32_t id, const struct rate *r)
{
	cleanup_rtnl struct nl_sock *sock = NULL;
	cleanup_close int lock = -1;
	struct steering w = { .id = id };
	int ret;

	/* others have filters on venet0 too */
	ret = lock_take("rate", true, &lock);
	if (!ret)
		ret = rtnl_open(-1, &sock);
	if (ret)
		return ret;
	w.sock = sock;
	if (any_limit(r)) {
		load_ifb();
		if (venet_loaded())
			ret = venet_set_shortcut(id, false);
	}
	if (!ret)
		ret = make_link(sock, id, 'i', &r->in, &w.wanted.in);
	if (!ret)
		ret = make_link(sock, id, 'o', &r->out, &w.wanted.out);
	w.has = find_links(sock, id);
	if (!ret)
		ret = steer(&w);
	if (!ret)
		ret = w.has.in && !w.wanted.in ? rtnl_ifb_del(sock, w.has.in) : 0;
	if (!ret)
		ret = w.has.out && !w.wanted.out ? rtnl_ifb_del(sock, w.has.out) : 0;
	if (!ret && !any_limit(r) && venet_loaded())
		ret = venet_set_shortcut(id, true);
	return ret;
}

int rate_set(uint32_t id, const char *text)
{
	cleanup_free char *old = note_load(id, KIND), *why = NULL;
	struct rate r, was;
	int ret = rate_check(text);

	if (ret)
		return ret;
	parse(text, &r);
	if (!any_limit(&r))
		return rate_clear(id);
	ret = note_save(id, KIND, text);
	if (!ret)
		ret = apply(id, &r);
	if (!ret)
		return 0;
	/* back to what it had */
	why = xstrdup(error_text());
	if (parse(old, &was) && !apply(id, &was))
		note_save(id, KIND, old);
	return fail(ret, "%s", why);
}

int rate_again(uint32_t id)
{
	cleanup_free char *text = note_load(id, KIND);
	struct rate r;

	return *text && parse(text, &r) ? apply(id, &r) : 0;
}

int rate_shortcut(uint32_t id)
{
	cleanup_free char *text = note_load(id, KIND);

	return *text || !venet_loaded() ? 0 : venet_set_shortcut(id, true);
}

int rate_clear(uint32_t id)
{
	static const struct rate none;
	int ret;

	if (rate_whole(id, false))
		return 0;
	ret = apply(id, &none);
	return ret ? ret : note_save(id, KIND, "");
}

bool rate_whole(uint32_t id, bool runs)
{
	cleanup_free char *text = note_load(id, KIND);
	cleanup_rtnl struct nl_sock *sock = NULL;
	struct steering w = { .id = id, .look = true, .right = true };
	struct rate r;

	if (!parse(text, &r) || rtnl_open(-1, &sock))
		return false;
	w.sock = sock;
	w.has = w.wanted = find_links(sock, id);
	if (any_limit(&r) != (*text && runs) || !link_whole(sock, w.has.in, &r.in) ||
	    !link_whole(sock, w.has.out, &r.out))
		return false;
	return !any_limit(&r) || (!steer(&w) && w.right);
}
