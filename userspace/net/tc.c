// SPDX-License-Identifier: GPL-2.0-only
/* By hand: libnl 3.7 knows neither flower's IPv6 keys nor police. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "error.h"
#include "tc.h"
#include "util.h"

/* Who names no preference gets 49152, or the next one below. */
#define PREF		50000
#define ROOT_HANDLE	TC_H_MAKE(0x10000, 0)
#define LEAF		TC_H_MAKE(0x10000, 1)
/* Others may have queues for 1024 flows: that is 70 KiB. */
#define FLOWS		128
#define QUEUE_PACKETS	1000
#define QUEUE_BYTES	(8 << 20)
#define PACKET		1514
/* The kernel's unit of time here, see /proc/net/psched. */
#define TICK_NS		64

static struct nl_msg *request(int type, int flags, const struct tcmsg *tcm, const char *kind)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, flags);

	if (!msg || nlmsg_append(msg, (void *)tcm, sizeof(*tcm), NLMSG_ALIGNTO)) {
		fputs("Out of memory\n", stderr);
		_exit(EXIT_SYSTEM);
	}
	/* small, and what cannot be put the kernel misses */
	if (kind)
		(void)nla_put_string(msg, TCA_KIND, kind);
	return msg;
}

struct answer {
	bool done;
	int error;
	void (*each)(struct nlmsghdr *nlh, void *arg);
	void *arg;
};

static int on_end(struct nl_msg *msg, void *arg)
{
	struct answer *a = arg;

	(void)msg;
	a->done = true;
	return NL_STOP;
}

static int on_error(struct sockaddr_nl *nla, struct nlmsgerr *err, void *arg)
{
	struct answer *a = arg;

	(void)nla;
	a->done = true;
	a->error = -nl_syserr2nlerr(err->error);
	return NL_STOP;
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct answer *a = arg;

	a->each(nlmsg_hdr(msg), a->arg);
	return NL_OK;
}

/* Consumes @msg. @each for each message that is the answer. */
static int ask(struct nl_sock *sock, struct nl_msg *msg,
	       void (*each)(struct nlmsghdr *nlh, void *arg), void *arg)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	struct answer a = { .each = each, .arg = arg };
	int err = cb ? nl_send_auto(sock, msg) : -NLE_NOMEM;

	nlmsg_free(msg);
	if (cb) {
		nl_cb_err(cb, NL_CB_CUSTOM, on_error, &a);
		nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_end, &a);
		nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_end, &a);
		nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, &a);
	}
	while (err >= 0 && !a.done)
		err = nl_recvmsgs(sock, cb);
	nl_cb_put(cb);
	return err < 0 ? err : a.error;
}

int tc_refused(int err, const char *what)
{
	return fail(EXIT_LIMITS, "Rate limits: cannot %s: %s; the kernel needs ifb, sch_tbf, "
		    "sch_fq_codel, cls_flower, act_mirred and act_police", what, nl_geterror(err));
}

static int put_qdisc(struct nl_sock *sock, struct nl_msg *msg, struct nlattr *options)
{
	if (options)
		nla_nest_end(msg, options);
	return nl_send_sync(sock, msg);
}

static int set_bucket(struct nl_sock *sock, int ifindex, uint64_t bytes, uint32_t burst)
{
	struct tcmsg tcm = {
		.tcm_ifindex = ifindex, .tcm_parent = TC_H_ROOT, .tcm_handle = ROOT_HANDLE,
	};
	struct nl_msg *msg = request(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, &tcm, "tbf");
	struct tc_tbf_qopt tbf = {
		.rate.rate = bytes > UINT32_MAX ? UINT32_MAX : bytes,
		.rate.linklayer = TC_LINKLAYER_ETHERNET,
	};
	struct nlattr *options = nla_nest_start(msg, TCA_OPTIONS);

	(void)nla_put(msg, TCA_TBF_PARMS, sizeof(tbf), &tbf);
	(void)nla_put_u32(msg, TCA_TBF_BURST, burst);
	if (bytes > UINT32_MAX)
		(void)nla_put_u64(msg, TCA_TBF_RATE64, bytes);
	return put_qdisc(sock, msg, options);
}

/* The number of flows is given once and for all. */
static int set_queue(struct nl_sock *sock, int ifindex, uint64_t bytes, bool fresh)
{
	struct tcmsg tcm = { .tcm_ifindex = ifindex, .tcm_parent = LEAF };
	struct nl_msg *msg = request(RTM_NEWQDISC, NLM_F_REPLACE | (fresh ? NLM_F_CREATE : 0), &tcm,
				     "fq_codel");
	struct nlattr *options = nla_nest_start(msg, TCA_OPTIONS);
	/* where two packets take longer than that, it would see a queue that never is empty */
	uint64_t target = 2ULL * PACKET * 1000000 / bytes;

	(void)nla_put_u32(msg, TCA_FQ_CODEL_TARGET, target > 5000 ? target : 5000);
	(void)nla_put_u32(msg, TCA_FQ_CODEL_LIMIT, QUEUE_PACKETS);
	(void)nla_put_u32(msg, TCA_FQ_CODEL_MEMORY_LIMIT, QUEUE_BYTES);
	if (fresh)
		(void)nla_put_u32(msg, TCA_FQ_CODEL_FLOWS, FLOWS);
	return put_qdisc(sock, msg, options);
}

struct qdisc {
	char kind[16];
	uint64_t rate;		/* of tbf */
};

static void see_qdisc(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *tb[TCA_MAX + 1], *tbf[TCA_TBF_MAX + 1];
	struct tc_tbf_qopt qopt;
	struct qdisc *q = arg;

	if (nlh->nlmsg_type != RTM_NEWQDISC ||
	    nlmsg_parse(nlh, sizeof(struct tcmsg), tb, TCA_MAX, NULL) || !tb[TCA_KIND])
		return;
	nla_strlcpy(q->kind, tb[TCA_KIND], sizeof(q->kind));
	if (strcmp(q->kind, "tbf") != 0 || !tb[TCA_OPTIONS] ||
	    nla_parse_nested(tbf, TCA_TBF_MAX, tb[TCA_OPTIONS], NULL) ||
	    !tbf[TCA_TBF_PARMS])
		return;
	nla_memcpy(&qopt, tbf[TCA_TBF_PARMS], sizeof(qopt));
	q->rate = tbf[TCA_TBF_RATE64] ? nla_get_u64(tbf[TCA_TBF_RATE64]) : qopt.rate.rate;
}

/* What hangs there: *@q is empty if nothing does, or what the kernel put there itself. */
static int get_qdisc(struct nl_sock *sock, int ifindex, uint32_t parent, struct qdisc *q)
{
	struct tcmsg tcm = { .tcm_ifindex = ifindex, .tcm_parent = parent };
	int err;

	*q = (struct qdisc){};
	/* older kernels tell but those who listen, unless they want an echo */
	err = ask(sock, request(RTM_GETQDISC, NLM_F_ECHO | NLM_F_ACK, &tcm, NULL), see_qdisc, q);
	return err == -NLE_OBJ_NOTFOUND ? 0 : err;
}

int tc_shape(struct nl_sock *sock, int ifindex, uint64_t bytes, uint32_t burst)
{
	struct qdisc leaf;
	int err = set_bucket(sock, ifindex, bytes, burst);

	if (!err)
		err = get_qdisc(sock, ifindex, LEAF, &leaf);
	return err ? err : set_queue(sock, ifindex, bytes, strcmp(leaf.kind, "fq_codel") != 0);
}

bool tc_shaped(struct nl_sock *sock, int ifindex, uint64_t bytes)
{
	struct qdisc root, leaf;

	return !get_qdisc(sock, ifindex, TC_H_ROOT, &root) && strcmp(root.kind, "tbf") == 0 &&
	       root.rate == bytes && !get_qdisc(sock, ifindex, LEAF, &leaf) &&
	       strcmp(leaf.kind, "fq_codel") == 0;
}

static struct tcmsg hook_of(int ifindex)
{
	return (struct tcmsg){
		.tcm_ifindex = ifindex, .tcm_parent = TC_H_CLSACT,
		.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0),
	};
}

int tc_hooked(struct nl_sock *sock, int ifindex, bool *there)
{
	struct qdisc q;
	int err = get_qdisc(sock, ifindex, TC_H_INGRESS, &q);

	*there = q.kind[0];
	return !err && *there && strcmp(q.kind, "clsact") != 0 ? -NLE_BUSY : err;
}

int tc_hook(struct nl_sock *sock, int ifindex)
{
	struct tcmsg tcm = hook_of(ifindex);

	return nl_send_sync(sock, request(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &tcm, "clsact"));
}

int tc_unhook(struct nl_sock *sock, int ifindex)
{
	struct tcmsg tcm = hook_of(ifindex);

	return nl_send_sync(sock, request(RTM_DELQDISC, 0, &tcm, "clsact"));
}

/* @protocol: ETH_P_IP and so on. Each has a preference of its own, as the kernel wants. */
static struct tcmsg filter_of(int ifindex, enum tc_side side, unsigned int protocol,
			      uint32_t handle)
{
	unsigned int pref = PREF + (protocol == ETH_P_IP ? 4 : protocol == ETH_P_IPV6 ? 6 : 0);

	return (struct tcmsg){
		.tcm_ifindex = ifindex,
		.tcm_parent = TC_H_MAKE(TC_H_CLSACT, side == TC_INGRESS ? TC_H_MIN_INGRESS :
					TC_H_MIN_EGRESS),
		.tcm_info = TC_H_MAKE(pref << 16, htons(protocol)),
		.tcm_handle = handle,
	};
}

static void put_action(struct nl_msg *msg, const char *kind, int attr, size_t len, void *data,
		       uint64_t packets, uint64_t burst)
{
	struct nlattr *all = nla_nest_start(msg, TCA_FLOWER_ACT), *one = nla_nest_start(msg, 1);
	struct nlattr *options;

	(void)nla_put_string(msg, TCA_ACT_KIND, kind);
	options = nla_nest_start(msg, TCA_ACT_OPTIONS);
	(void)nla_put(msg, attr, len, data);
	if (packets) {
		(void)nla_put_u64(msg, TCA_POLICE_PKTRATE64, packets);
		/* the time that they take */
		(void)nla_put_u64(msg, TCA_POLICE_PKTBURST64,
				  burst * 1000000000 / packets / TICK_NS);
		(void)nla_put_u32(msg, TCA_POLICE_RESULT, TC_ACT_OK);
	}
	nla_nest_end(msg, options);
	nla_nest_end(msg, one);
	nla_nest_end(msg, all);
}

static int put_filter(struct nl_sock *sock, struct nl_msg *msg, struct nlattr *options)
{
	(void)nla_put_u32(msg, TCA_FLOWER_FLAGS, TCA_CLS_FLAGS_SKIP_HW);
	nla_nest_end(msg, options);
	return nl_send_sync(sock, msg);
}

int tc_rule_make(struct nl_sock *sock, int ifindex, enum tc_side side,
		 const struct tc_rule *rule)
{
	struct tcmsg tcm = filter_of(ifindex, side, rule->protocol, 0);
	struct nl_msg *msg = request(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, &tcm, "flower");
	struct tc_mirred mirred = {
		.action = TC_ACT_STOLEN, .eaction = TCA_EGRESS_REDIR, .ifindex = rule->to,
	};
	struct nlattr *options = nla_nest_start(msg, TCA_OPTIONS);

	if (rule->protocol != ETH_P_ALL)
		(void)nla_put_u16(msg, TCA_FLOWER_KEY_ETH_TYPE, htons(rule->protocol));
	if (rule->field) {
		(void)nla_put(msg, rule->field, rule->len, rule->value);
		(void)nla_put(msg, rule->field + 1, rule->len, rule->mask);
	}
	put_action(msg, "mirred", TCA_MIRRED_PARMS, sizeof(mirred), &mirred, 0, 0);
	return put_filter(sock, msg, options);
}

int tc_rule_remove(struct nl_sock *sock, int ifindex, enum tc_side side,
		   const struct tc_rule *rule)
{
	struct tcmsg tcm = filter_of(ifindex, side, rule->protocol, rule->handle);
	int err = nl_send_sync(sock, request(RTM_DELTFILTER, 0, &tcm, "flower"));

	return err == -NLE_OBJ_NOTFOUND ? 0 : err;
}

bool tc_rule_same(const struct tc_rule *a, const struct tc_rule *b)
{
	return a->protocol == b->protocol && a->field == b->field && a->len == b->len &&
	       memcmp(a->value, b->value, a->len) == 0 && memcmp(a->mask, b->mask, a->len) == 0;
}

void tc_rules_add(struct tc_rules *all, const struct tc_rule *rule)
{
	all->list = xrealloc(all->list, (all->count + 1) * sizeof(*all->list));
	all->list[all->count++] = *rule;
}

void tc_rules_free(struct tc_rules *all)
{
	free(all->list);
	*all = (struct tc_rules){};
}

/* The action's options if it is of that kind. */
static bool parse_action(struct nlattr *actions, const char *kind, struct nlattr **tb, int max)
{
	struct nlattr *list[2], *act[TCA_ACT_MAX + 1];

	return actions && !nla_parse_nested(list, 1, actions, NULL) && list[1] &&
	       !nla_parse_nested(act, TCA_ACT_MAX, list[1], NULL) && act[TCA_ACT_KIND] &&
	       nla_strcmp(act[TCA_ACT_KIND], kind) == 0 && act[TCA_ACT_OPTIONS] &&
	       !nla_parse_nested(tb, max, act[TCA_ACT_OPTIONS], NULL);
}

/* False if it is no filter at our place; @tb are flower's options then. */
static bool parse_filter(struct nlmsghdr *nlh, struct nlattr **tb)
{
	struct nlattr *all[TCA_MAX + 1];
	struct tcmsg *tcm = nlmsg_data(nlh);
	struct tcmsg ours;

	if (nlmsg_parse(nlh, sizeof(*tcm), all, TCA_MAX, NULL) || !all[TCA_KIND])
		return false;
	ours = filter_of(0, TC_INGRESS, ntohs(TC_H_MIN(tcm->tcm_info)), 0);
	return tcm->tcm_info == ours.tcm_info && nla_strcmp(all[TCA_KIND], "flower") == 0 &&
	       all[TCA_OPTIONS] && !nla_parse_nested(tb, TCA_FLOWER_MAX, all[TCA_OPTIONS], NULL);
}

static void see_rule(struct nlmsghdr *nlh, void *arg)
{
	static const uint16_t fields[] = {
		TCA_FLOWER_KEY_ETH_SRC, TCA_FLOWER_KEY_IPV4_SRC, TCA_FLOWER_KEY_IPV4_DST,
		TCA_FLOWER_KEY_IPV6_SRC, TCA_FLOWER_KEY_IPV6_DST,
	};
	struct nlattr *tb[TCA_FLOWER_MAX + 1], *action[TCA_MIRRED_MAX + 1];
	struct tcmsg *tcm = nlmsg_data(nlh);
	struct tc_rules *all = arg;
	struct tc_mirred mirred;
	struct tc_rule rule = {};

	/* the first message of each preference has no filter */
	if (nlh->nlmsg_type != RTM_NEWTFILTER || !tcm->tcm_handle)
		return;
	if (!parse_filter(nlh, tb) ||
	    !parse_action(tb[TCA_FLOWER_ACT], "mirred", action, TCA_MIRRED_MAX) ||
	    !action[TCA_MIRRED_PARMS]) {
		all->others = true;
		return;
	}
	nla_memcpy(&mirred, action[TCA_MIRRED_PARMS], sizeof(mirred));
	rule.protocol = ntohs(TC_H_MIN(tcm->tcm_info));
	rule.handle = tcm->tcm_handle;
	rule.to = mirred.ifindex;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (!tb[fields[i]])
			continue;
		rule.field = fields[i];
		rule.len = nla_memcpy(rule.value, tb[rule.field], sizeof(rule.value));
		nla_memcpy(rule.mask, tb[rule.field + 1], sizeof(rule.mask));
	}
	tc_rules_add(all, &rule);
}

int tc_rules_read(struct nl_sock *sock, int ifindex, enum tc_side side, struct tc_rules *out)
{
	struct tcmsg tcm = filter_of(ifindex, side, 0, 0);
	int err, tries = 100;

	tcm.tcm_info = 0;
	*out = (struct tc_rules){};
	do {
		tc_rules_free(out);
		err = ask(sock, request(RTM_GETTFILTER, NLM_F_DUMP, &tcm, NULL), see_rule, out);
	} while (err == -NLE_DUMP_INTR && tries--);
	return err;
}

int tc_police(struct nl_sock *sock, int ifindex, uint64_t packets, uint64_t burst)
{
	struct tcmsg tcm = filter_of(ifindex, TC_EGRESS, ETH_P_ALL, 1);
	struct tc_police police = { .action = TC_ACT_SHOT };
	struct nlattr *options;
	struct nl_msg *msg;
	bool there;
	int err = tc_hooked(sock, ifindex, &there);

	if (!err && there != !!packets)
		err = packets ? tc_hook(sock, ifindex) : tc_unhook(sock, ifindex);
	if (err || !packets)
		return err;
	msg = request(RTM_NEWTFILTER, NLM_F_CREATE, &tcm, "flower");
	options = nla_nest_start(msg, TCA_OPTIONS);
	put_action(msg, "police", TCA_POLICE_TBF, sizeof(police), &police, packets, burst);
	return put_filter(sock, msg, options);
}

static void see_police(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *tb[TCA_FLOWER_MAX + 1], *action[TCA_POLICE_MAX + 1];

	if (nlh->nlmsg_type == RTM_NEWTFILTER && parse_filter(nlh, tb) &&
	    parse_action(tb[TCA_FLOWER_ACT], "police", action, TCA_POLICE_MAX) &&
	    action[TCA_POLICE_PKTRATE64])
		*(uint64_t *)arg = nla_get_u64(action[TCA_POLICE_PKTRATE64]);
}

bool tc_policed(struct nl_sock *sock, int ifindex, uint64_t packets)
{
	struct tcmsg tcm = filter_of(ifindex, TC_EGRESS, ETH_P_ALL, 0);
	uint64_t now = 0;
	int err = ask(sock, request(RTM_GETTFILTER, NLM_F_DUMP, &tcm, NULL), see_police, &now);

	return !err && now == packets;
}
