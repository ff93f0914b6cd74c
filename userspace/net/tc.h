/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Traffic control, see tc(8): what of it rate.c needs. Where nothing else is said they
 * return 0 or an error of libnl's, for nl_geterror().
 */
#ifndef CLOISON_TC_H
#define CLOISON_TC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netlink/socket.h>

/* Says that @what cannot be done: EXIT_LIMITS. */
int tc_refused(int err, const char *what);

/* The link sends so many bytes per second, after a burst of so many: a token bucket
 * (sch_tbf) at its root, and a queue in it that is fair between flows (sch_fq_codel). What
 * is queued already stays.
 */
int tc_shape(struct nl_sock *sock, int ifindex, uint64_t bytes, uint32_t burst);
bool tc_shaped(struct nl_sock *sock, int ifindex, uint64_t bytes);

/* It is given so many packets per second, after such a burst: what is more is dropped
 * (act_police). 0: as many as you like. The link is ours.
 */
int tc_police(struct nl_sock *sock, int ifindex, uint64_t packets, uint64_t burst);
bool tc_policed(struct nl_sock *sock, int ifindex, uint64_t packets);

enum tc_side { TC_INGRESS, TC_EGRESS };

/* Which packets are handed to another link: one filter (cls_flower, act_mirred). */
struct tc_rule {
	uint16_t protocol;	/* ETH_P_IP and so on */
	uint16_t field;		/* TCA_FLOWER_KEY_*, its mask's being one more; 0: all packets */
	uint16_t len;
	unsigned char value[16], mask[16];
	int to;			/* index of that link; 0: it has gone, and they are dropped */
	uint32_t handle;	/* the kernel's, as read */
};

struct tc_rules {
	struct tc_rule *list;
	size_t count;
	bool others;		/* there are filters that are not at our place */
};

/* The same packets? */
bool tc_rule_same(const struct tc_rule *a, const struct tc_rule *b);

/* What filters hang on: a qdisc clsact. -NLE_BUSY: there is an ingress qdisc of another kind. */
int tc_hooked(struct nl_sock *sock, int ifindex, bool *there);
int tc_hook(struct nl_sock *sock, int ifindex);
int tc_unhook(struct nl_sock *sock, int ifindex);

/* Those at our place, behind all others that were given none; none without a hook. */
int tc_rules_read(struct nl_sock *sock, int ifindex, enum tc_side side, struct tc_rules *out);
void tc_rules_add(struct tc_rules *all, const struct tc_rule *rule);
void tc_rules_free(struct tc_rules *all);
int tc_rule_make(struct nl_sock *sock, int ifindex, enum tc_side side,
		 const struct tc_rule *rule);
int tc_rule_remove(struct nl_sock *sock, int ifindex, enum tc_side side,
		   const struct tc_rule *rule);

#endif
