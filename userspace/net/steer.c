// SPDX-License-Identifier: GPL-2.0-only
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <netlink/errno.h>

#include "address.h"
#include "cleanup.h"
#include "error.h"
#include "ethernet.h"
#include "link.h"
#include "note.h"
#include "steer.h"
#include "tc.h"
#include "util.h"
#include "venet.h"

/* Whether venet0's qdisc is ours: a note of no container's. */
#define HOOK_KIND	".clsact"

/* One place where packets go by, and which of them are the container's. */
struct place {
	int link;
	enum tc_side side;
	int to;			/* where they are sent: 0, nowhere */
	struct tc_rules rules;
};

static bool find_rule(const struct tc_rules *all, const struct tc_rule *rule, size_t *i)
{
	for (*i = 0; *i < all->count; (*i)++)
		if (tc_rule_same(&all->list[*i], rule))
			return true;
	return false;
}

/* A rest of a command of another container's that was cut off. */
static bool to_other(int link)
{
	char name[IFNAMSIZ];
	unsigned int id;
	char way;

	return if_indextoname(link, name) && sscanf(name, "rate%u%c", &id, &way) == 2;
}

/* Those that lead to no link any more drop what they find: nobody needs them. */
static bool may_remove(const struct steering *w, const struct tc_rule *r, bool same)
{
	return !r->to || r->to == w->has.in || r->to == w->has.out || (same && to_other(r->to));
}

static int steer_at(struct steering *w, struct place *p)
{
	cleanup_free bool *there = xcalloc(p->rules.count + 1, sizeof(*there));
	struct tc_rules present;
	int err = tc_rules_read(w->sock, p->link, p->side, &present);
	size_t j;

	for (size_t i = 0; !err && i < present.count; i++) {
		const struct tc_rule *r = &present.list[i];
		bool same = p->to && find_rule(&p->rules, r, &j);

		if (same && r->to == p->to) {
			there[j] = true;
		} else if (may_remove(w, r, same)) {
			w->right = false;
			if (!w->look)
				err = tc_rule_remove(w->sock, p->link, p->side, r);
		}
	}
	for (size_t i = 0; !err && p->to && i < p->rules.count; i++) {
		if (there[i])
			continue;
		w->right = false;
		p->rules.list[i].to = p->to;
		if (!w->look)
			err = tc_rule_make(w->sock, p->link, p->side, &p->rules.list[i]);
	}
	tc_rules_free(&present);
	tc_rules_free(&p->rules);
	return err ? tc_refused(err, "set a filter") : 0;
}

static struct tc_rule rule_of(const struct address *a, bool source)
{
	struct tc_rule rule = {
		.protocol = a->family == AF_INET ? ETH_P_IP : ETH_P_IPV6, .len = a->bits / 8,
	};

	if (a->family == AF_INET)
		rule.field = source ? TCA_FLOWER_KEY_IPV4_SRC : TCA_FLOWER_KEY_IPV4_DST;
	else
		rule.field = source ? TCA_FLOWER_KEY_IPV6_SRC : TCA_FLOWER_KEY_IPV6_DST;
	memcpy(rule.value, a->bytes, rule.len);
	for (unsigned int i = 0; i < a->owned; i++)
		rule.mask[i / 8] |= 0x80 >> i % 8;
	return rule;
}

/* @name is for people, and for the note that the qdisc is ours. */
static int hook(struct steering *w, int link, const char *name, bool noted)
{
	bool there;
	int err, ret = 0;

	if (w->look || (!w->wanted.in && !w->wanted.out))
		return 0;
	err = tc_hooked(w->sock, link, &there);
	/* one that was there before is somebody's */
	if (!err && !there && noted)
		ret = note_save(0, HOOK_KIND, name);
	if (!err && !there && !ret)
		err = tc_hook(w->sock, link);
	if (err == -NLE_BUSY)
		return fail(EXIT_LIMITS,
			    "Rate limits: link %s has an ingress qdisc that is no clsact, which "
			    "they need: put that in its place", name);
	return err ? tc_refused(err, "make the qdisc clsact") : ret;
}

/* Containers without limits are not to pay for it. */
static int unhook(struct steering *w, int link)
{
	cleanup_free char *noted = note_load(0, HOOK_KIND);
	struct tc_rules in = {}, out = {};
	int err = 0, ret = 0;

	if (w->look || w->wanted.in || w->wanted.out || !*noted)
		return 0;
	err = tc_rules_read(w->sock, link, TC_INGRESS, &in);
	if (!err)
		err = tc_rules_read(w->sock, link, TC_EGRESS, &out);
	if (!err && !in.count && !out.count && !in.others && !out.others) {
		err = tc_unhook(w->sock, link);
		ret = note_save(0, HOOK_KIND, "");
	}
	tc_rules_free(&in);
	tc_rules_free(&out);
	return err ? tc_refused(err, "remove the qdisc clsact") : ret;
}

static int steer_venet(struct steering *w)
{
	int link = venet_loaded() ? link_index(VENET) : 0;
	struct place in = { link, TC_EGRESS, w->wanted.in, {} };
	struct place out = { link, TC_INGRESS, w->wanted.out, {} };
	cleanup_addresses struct addresses all = {};
	int ret = link ? venet_list(w->id, &all) : 0;

	if (ret || !link)
		return ret;
	for (size_t i = 0; i < all.count; i++) {
		struct tc_rule to = rule_of(&all.list[i], false);
		struct tc_rule from = rule_of(&all.list[i], true);

		tc_rules_add(&in.rules, &to);
		tc_rules_add(&out.rules, &from);
	}
	if (all.count)
		ret = hook(w, link, VENET, true);
	if (!ret)
		ret = steer_at(w, &in);
	if (!ret)
		ret = steer_at(w, &out);
	return ret ? ret : unhook(w, link);
}

/*
 * What is redirected at ingress passes by nftables' chains there, and so by those that keep
 * the container to its addresses: only what they would let pass is taken. What they have to
 * do with else, such as ARP, is left to them.
 */
static void take_own(const struct netif *n, struct tc_rules *from)
{
	struct tc_rule mac = { .protocol = ETH_P_ALL };

	if (n->type == NETIF_ROUTED) {
		for (size_t i = 0; i < n->ip.count; i++) {
			struct tc_rule source = rule_of(&n->ip.list[i], true);

			tc_rules_add(from, &source);
		}
		return;
	}
	if (!n->unfiltered) {
		mac.field = TCA_FLOWER_KEY_ETH_SRC;
		mac.len = sizeof(n->mac);
		memcpy(mac.value, n->mac, sizeof(n->mac));
		memset(mac.mask, 0xff, sizeof(n->mac));
	}
	tc_rules_add(from, &mac);
}

static int steer_port(struct steering *w, const struct netif *n)
{
	int link = netif_is_upper(n) ? 0 : link_index(n->host_ifname);
	struct place in = { link, TC_EGRESS, w->wanted.in, {} };
	struct place out = { link, TC_INGRESS, w->wanted.out, {} };
	struct tc_rule to = { .protocol = ETH_P_ALL };
	int ret;

	if (!link)
		return 0;
	tc_rules_add(&in.rules, &to);
	take_own(n, &out.rules);
	ret = hook(w, link, n->host_ifname, false);
	if (!ret)
		ret = steer_at(w, &in);
	return ret ? ret : steer_at(w, &out);
}

int steer(struct steering *w)
{
	cleanup_netifs struct netifs ports = {};
	int ret = ethernet_noted(w->id, &ports);

	if (!ret)
		ret = steer_venet(w);
	for (size_t i = 0; !ret && i < ports.count; i++)
		ret = steer_port(w, &ports.list[i]);
	return ret;
}
