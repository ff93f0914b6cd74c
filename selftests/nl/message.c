// SPDX-License-Identifier: GPL-2.0-only
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#include <linux/cloison.h>
#include <linux/cloison_acct.h>
#include <linux/cloison_net.h>
#include <linux/cloison_sched.h>

#include "message.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

void chance_seed(struct chance *c, uint64_t seed, unsigned int who)
{
	c->state = (seed + 1) * 0x9e3779b97f4a7c15ULL + who * 0xd1342543de82ef95ULL;
	for (int i = 0; i < 8; i++)
		chance(c, 2);
}

uint32_t chance(struct chance *c, uint32_t below)
{
	c->state = c->state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (c->state >> 33) % below;
}

void message_put(unsigned char *msg, int type, const void *data, size_t len)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)msg;
	struct nlattr attr = { .nla_type = type, .nla_len = NLA_HDRLEN + len };

	memcpy(msg + nlh->nlmsg_len, &attr, sizeof(attr));
	memcpy(msg + nlh->nlmsg_len + NLA_HDRLEN, data, len);
	memset(msg + nlh->nlmsg_len + attr.nla_len, 0, 3);
	nlh->nlmsg_len += NLA_ALIGN(attr.nla_len);
}

void message_put_u32(unsigned char *msg, int type, uint32_t value)
{
	message_put(msg, type, &value, sizeof(value));
}

void message_dump(unsigned char *msg)
{
	((struct nlmsghdr *)msg)->nlmsg_flags |= NLM_F_DUMP;
}

static void put_name(struct chance *c, unsigned char *msg)
{
	char name[CLOISON_NAME_MAX + 1];

	snprintf(name, sizeof(name), "n%u", chance(c, SLOTS));
	if (chance(c, 8) == 0)
		name[0] = '\0';
	message_put(msg, CLOISON_A_NAME, name, strlen(name) + 1);
}

static int core_good(struct asker *a, unsigned char *msg)
{
	static const int commands[] = {
		CLOISON_CMD_NEW, CLOISON_CMD_NEW, CLOISON_CMD_SET, CLOISON_CMD_SET,
		CLOISON_CMD_DEL, CLOISON_CMD_GET, CLOISON_CMD_GET, CLOISON_CMD_RESOLVE,
	};
	struct chance *c = &a->chance;
	int n = chance(c, SLOTS), command = commands[chance(c, ARRAY_SIZE(commands))];
	uint64_t cgroup_id = a->slots[n].cgroup_id;
	uint32_t init = a->slots[n].init;

	if (command == CLOISON_CMD_GET && chance(c, 2)) {
		message_dump(msg);
		return command;
	}
	if (command == CLOISON_CMD_GET && chance(c, 2)) {
		put_name(c, msg);
		return command;
	}
	if (command != CLOISON_CMD_RESOLVE)
		message_put_u32(msg, CLOISON_A_ID, n + 1);
	if (command == CLOISON_CMD_NEW)
		message_put(msg, CLOISON_A_CGROUP_ID, &cgroup_id, sizeof(cgroup_id));
	if ((command == CLOISON_CMD_NEW && chance(c, 2)) ||
	    (command == CLOISON_CMD_SET && chance(c, 4) == 0))
		put_name(c, msg);
	if (command == CLOISON_CMD_SET)
		message_put_u32(msg, CLOISON_A_INIT_PID, init);
	if (command == CLOISON_CMD_RESOLVE)
		message_put_u32(msg, CLOISON_A_PID, chance(c, 2) ? init : chance(c, 70000));
	return command;
}

struct protocol protocols[PROTOCOLS] = {
	[CORE] = {
		.commands = CLOISON_CMD_MAX,
		.attributes = CLOISON_A_MAX,
		.nest = CLOISON_A_CONTAINER,
		.make_good = core_good,
	},
	[NET] = {
		.commands = CLOISON_NET_CMD_MAX,
		.attributes = CLOISON_NET_A_MAX,
		.nest = CLOISON_NET_A_CONTAINER,
		.make_good = message_net_good,
	},
	[ACCT] = {
		.commands = CLOISON_ACCT_CMD_MAX,
		.attributes = CLOISON_ACCT_A_MAX,
		.nest = CLOISON_ACCT_A_CONTAINER,
		.make_good = message_acct_good,
	},
	[SCHED] = {
		.commands = CLOISON_SCHED_CMD_MAX,
		.attributes = CLOISON_SCHED_A_MAX,
		.nest = CLOISON_SCHED_A_CONTAINER,
		.make_good = message_sched_good,
	},
};

/* What the protocol's description asks for. */
static void make_good(struct asker *a, const struct protocol *p, unsigned char *msg)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)msg;
	struct genlmsghdr *genl = (struct genlmsghdr *)(msg + NLMSG_HDRLEN);

	memset(msg, 0, NLMSG_HDRLEN + GENL_HDRLEN);
	nlh->nlmsg_type = p->family;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN;
	genl->cmd = p->make_good(a, msg);
	genl->version = CLOISON_GENL_VERSION;
	nlh->nlmsg_seq = genl->cmd;	/* so that the answer tells what it is for */
}

static void put_noise(struct chance *c, const struct protocol *p, unsigned char *msg)
{
	static const uint16_t lengths[] = { 0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 63, 64, 65, 255, 2000 };
	unsigned char data[2000] = {};
	size_t len = lengths[chance(c, ARRAY_SIZE(lengths))];
	int type = chance(c, p->attributes + 3);

	for (size_t i = 0; i < len; i++)
		data[i] = chance(c, 4) ? chance(c, 256) : 0;
	if (chance(c, 4) == 0)
		type |= chance(c, 2) ? NLA_F_NESTED : NLA_F_NET_BYTEORDER;
	message_put(msg, type, data, len);
}

/* Attributes within attributes, deeper than anybody reads. */
static void put_nest(struct chance *c, const struct protocol *p, unsigned char *msg)
{
	unsigned char data[400] = {};
	size_t len = 4 + 4 * chance(c, 90);

	for (size_t i = 0; i + NLA_HDRLEN <= len; i += NLA_HDRLEN) {
		struct nlattr attr = {
			.nla_type = NLA_F_NESTED | chance(c, p->attributes + 1),
			.nla_len = chance(c, 16) ? len - i : chance(c, 65536),
		};

		memcpy(data + i, &attr, sizeof(attr));
	}
	message_put(msg, NLA_F_NESTED | p->nest, data, len);
}

/* One thing wrong with it, or right in a way that nobody sends. */
static void spoil(struct chance *c, const struct protocol *p, unsigned char *msg)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)msg;
	struct genlmsghdr *genl = (struct genlmsghdr *)(msg + NLMSG_HDRLEN);
	struct nlattr *first = (struct nlattr *)(msg + NLMSG_HDRLEN + GENL_HDRLEN);
	uint32_t len = nlh->nlmsg_len, body = len - NLMSG_HDRLEN;

	switch (chance(c, 12)) {
	case 0:	/* not the header: what comes must stay a message to the family */
		if (body)
			msg[NLMSG_HDRLEN + chance(c, body)] ^= 1 << chance(c, 8);
		break;
	case 1:
		if (body)
			msg[NLMSG_HDRLEN + chance(c, body)] = chance(c, 256);
		break;
	case 2:
		genl->cmd = chance(c, 2) ? chance(c, p->commands + 3) : chance(c, 256);
		break;
	case 3:
		nlh->nlmsg_flags = NLM_F_REQUEST | chance(c, 65536);
		break;
	case 4:
		nlh->nlmsg_flags ^= NLM_F_DUMP;
		break;
	case 5:
		if (len > NLMSG_HDRLEN + GENL_HDRLEN)
			first->nla_len = chance(c, 2) ? chance(c, 16) : chance(c, 65536);
		break;
	case 6:
		if (len > NLMSG_HDRLEN + GENL_HDRLEN)
			first->nla_type = chance(c, 2) ? chance(c, 16) : chance(c, 65536);
		break;
	case 7:
		nlh->nlmsg_len = NLMSG_HDRLEN + chance(c, body + 1);
		break;
	case 8:
		put_nest(c, p, msg);
		break;
	case 9:
		genl->version = chance(c, 256);
		genl->reserved = chance(c, 65536);
		break;
	default:
		put_noise(c, p, msg);
	}
}

size_t message_make(struct asker *a, unsigned char *out)
{
	struct chance *c = &a->chance;
	struct nlmsghdr *nlh = NULL;
	size_t len = 0;
	int count = chance(c, 8) ? 1 : 1 + chance(c, 4);

	while (count-- && len < MESSAGE_MAX / 2) {
		const struct protocol *p = &protocols[chance(c, PROTOCOLS)];
		int spoils = chance(c, 4) ? chance(c, 4) : 0;

		nlh = (struct nlmsghdr *)(out + len);
		make_good(a, p, out + len);
		while (spoils-- && nlh->nlmsg_len < 4000)
			spoil(c, p, out + len);
		len += NLMSG_ALIGN(nlh->nlmsg_len);
	}
	/* The last one may claim to be longer than it is. Any other would make headers
	 * of what follows it, for other families.
	 */
	if (chance(c, 64) == 0)
		nlh->nlmsg_len += chance(c, 64);
	return len;
}
