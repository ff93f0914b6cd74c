// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/cloison_net.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "cleanup.h"
#include "genl.h"
#include "venet.h"

static struct genl_family cloison_net = {
	.name = CLOISON_NET_GENL_NAME,
	.version = CLOISON_NET_GENL_VERSION,
};

bool venet_loaded(void)
{
	return genl_loaded(&cloison_net);
}

int venet_bind(uint32_t id, int netns)
{
	struct nl_msg *msg;
	int ret = genl_request(&cloison_net, CLOISON_NET_CMD_BIND, NLM_F_ACK, &msg);

	if (ret)
		return ret;
	put_u32(msg, CLOISON_NET_A_ID, id);
	put_u32(msg, CLOISON_NET_A_NETNS_FD, netns);
	ret = genl_transact(msg, NULL, NULL);
	return ret ? genl_refused("Cannot give its network to container %u", id) : 0;
}

static int change(uint32_t id, const struct address *a, int command, int harmless)
{
	cleanup_free char *name = address_owned(a);
	struct nl_msg *msg;
	int ret = genl_request(&cloison_net, command, NLM_F_ACK, &msg);

	if (ret)
		return ret;
	put_u32(msg, CLOISON_NET_A_ID, id);
	(void)nla_put(msg, CLOISON_NET_A_ADDR, a->bits / 8, a->bytes);
	put_u8(msg, CLOISON_NET_A_PREFIXLEN, a->owned);
	ret = genl_transact(msg, NULL, NULL);
	if (!ret || genl_answer.error == harmless)
		return 0;
	if (genl_answer.error == EADDRINUSE)
		return fail(EXIT_IP_IN_USE, "Address %s: %s", name, genl_answer.message);
	return genl_refused("Address %s of container %u", name, id);
}

int venet_add(uint32_t id, const struct address *a)
{
	return change(id, a, CLOISON_NET_CMD_ADDR_ADD, EEXIST);
}

int venet_del(uint32_t id, const struct address *a)
{
	return change(id, a, CLOISON_NET_CMD_ADDR_DEL, EADDRNOTAVAIL);
}

static int command(uint32_t id, int what, bool new_only, int harmless, const char *text)
{
	struct nl_msg *msg;
	int ret = genl_request(&cloison_net, what, NLM_F_ACK, &msg);

	if (ret)
		return ret;
	put_u32(msg, CLOISON_NET_A_ID, id);
	if (new_only)
		(void)nla_put_flag(msg, CLOISON_NET_A_NEW);
	ret = genl_transact(msg, NULL, NULL);
	return ret && genl_answer.error != harmless ?
	       genl_refused("Cannot %s packets of container %u", text, id) : 0;
}

int venet_hold(uint32_t id, bool new_only)
{
	return command(id, CLOISON_NET_CMD_HOLD, new_only, 0, "hold");
}

int venet_release(uint32_t id)
{
	return command(id, CLOISON_NET_CMD_RELEASE, false, EALREADY, "release");
}

int venet_set_host_shortcut(bool may)
{
	struct nl_msg *msg;
	int ret = genl_request(&cloison_net, CLOISON_NET_CMD_HOST_SET, NLM_F_ACK, &msg);

	if (ret)
		return ret;
	put_u8(msg, CLOISON_NET_A_SHORTCUT, may);
	return genl_transact(msg, NULL, NULL) ? genl_refused("The way between containers") : 0;
}

int venet_set_shortcut(uint32_t id, bool may)
{
	struct nl_msg *msg;
	int ret = genl_request(&cloison_net, CLOISON_NET_CMD_SET, NLM_F_ACK, &msg);

	if (ret)
		return ret;
	put_u32(msg, CLOISON_NET_A_ID, id);
	put_u8(msg, CLOISON_NET_A_SHORTCUT, may);
	ret = genl_transact(msg, NULL, NULL);
	/* one that has gone has packets no more */
	return ret && !(may && genl_answer.error == ENOENT) ?
	       genl_refused("The way of packets of container %u", id) : 0;
}

static int on_address(struct nl_msg *msg, void *arg)
{
	static struct nla_policy policy[CLOISON_NET_A_MAX + 1] = {
		[CLOISON_NET_A_ADDR] = { .minlen = 4, .maxlen = 16 },
		[CLOISON_NET_A_PREFIXLEN] = { .type = NLA_U8 },
	};
	struct nlattr *tb[CLOISON_NET_A_MAX + 1];
	struct address a = {};

	if (!genlmsg_valid_hdr(nlmsg_hdr(msg), 0) ||
	    genlmsg_parse(nlmsg_hdr(msg), 0, tb, CLOISON_NET_A_MAX, policy) < 0 ||
	    !tb[CLOISON_NET_A_ADDR] || !tb[CLOISON_NET_A_PREFIXLEN])
		return NL_SKIP;
	a.family = nla_len(tb[CLOISON_NET_A_ADDR]) == 4 ? AF_INET : AF_INET6;
	a.bits = a.family == AF_INET ? 32 : 128;
	nla_memcpy(a.bytes, tb[CLOISON_NET_A_ADDR], sizeof(a.bytes));
	a.owned = nla_get_u8(tb[CLOISON_NET_A_PREFIXLEN]);
	a.mask = a.owned;
	addresses_add(arg, &a);
	return NL_OK;
}

int venet_list(uint32_t id, struct addresses *out)
{
	struct nl_msg *msg;
	int ret, tries = 100;

	*out = (struct addresses){};
	do {
		addresses_free(out);
		ret = genl_request(&cloison_net, CLOISON_NET_CMD_ADDR_GET, NLM_F_DUMP, &msg);
		if (ret)
			return ret;
		put_u32(msg, CLOISON_NET_A_ID, id);
		ret = genl_transact(msg, on_address, out);
	} while (ret && genl_answer.interrupted && tries--);
	if (!ret) {
		error_clear();
		return 0;
	}
	addresses_free(out);
	return genl_answer.error == ENOENT ? 0 : genl_refused("Addresses of container %u", id);
}

/* A module that is newer may have more reasons: these are in the sum only. */
static void read_drops(struct nlattr *nest, struct flow_counters *out)
{
	struct nlattr *a;
	int left;

	nla_for_each_nested(a, nest, left) {
		if (nla_len(a) != sizeof(uint64_t))
			continue;
		out->drops += nla_get_u64(a);
		if (nla_type(a) <= CLOISON_NET_DROP_MAX)
			out->dropped[nla_type(a)] = nla_get_u64(a);
	}
}

static void read_flow(struct nlattr *nest, struct flow_counters *out)
{
	static struct nla_policy policy[CLOISON_NET_FLOW_A_MAX + 1] = {
		[CLOISON_NET_FLOW_A_PACKETS] = { .type = NLA_U64 },
		[CLOISON_NET_FLOW_A_BYTES] = { .type = NLA_U64 },
		[CLOISON_NET_FLOW_A_HELD] = { .type = NLA_U64 },
		[CLOISON_NET_FLOW_A_QUEUED_PACKETS] = { .type = NLA_U32 },
		[CLOISON_NET_FLOW_A_QUEUED_BYTES] = { .type = NLA_U32 },
		[CLOISON_NET_FLOW_A_DROPS] = { .type = NLA_NESTED },
	};
	struct nlattr *tb[CLOISON_NET_FLOW_A_MAX + 1];

	if (!nest || nla_parse_nested(tb, CLOISON_NET_FLOW_A_MAX, nest, policy) < 0)
		return;
	if (tb[CLOISON_NET_FLOW_A_PACKETS])
		out->packets = nla_get_u64(tb[CLOISON_NET_FLOW_A_PACKETS]);
	if (tb[CLOISON_NET_FLOW_A_BYTES])
		out->bytes = nla_get_u64(tb[CLOISON_NET_FLOW_A_BYTES]);
	if (tb[CLOISON_NET_FLOW_A_HELD])
		out->held = nla_get_u64(tb[CLOISON_NET_FLOW_A_HELD]);
	if (tb[CLOISON_NET_FLOW_A_QUEUED_PACKETS])
		out->queued_packets = nla_get_u32(tb[CLOISON_NET_FLOW_A_QUEUED_PACKETS]);
	if (tb[CLOISON_NET_FLOW_A_QUEUED_BYTES])
		out->queued_bytes = nla_get_u32(tb[CLOISON_NET_FLOW_A_QUEUED_BYTES]);
	if (tb[CLOISON_NET_FLOW_A_DROPS])
		read_drops(tb[CLOISON_NET_FLOW_A_DROPS], out);
}

static int on_container(struct nl_msg *msg, void *arg)
{
	struct nlattr *top[CLOISON_NET_A_MAX + 1], *tb[CLOISON_NET_CONTAINER_A_MAX + 1];
	struct link_counters *out = arg;
	struct nlattr *nest;

	if (!genlmsg_valid_hdr(nlmsg_hdr(msg), 0) ||
	    genlmsg_parse(nlmsg_hdr(msg), 0, top, CLOISON_NET_A_MAX, NULL) < 0)
		return NL_SKIP;
	nest = top[CLOISON_NET_A_CONTAINER];
	if (!nest || nla_parse_nested(tb, CLOISON_NET_CONTAINER_A_MAX, nest, NULL) < 0 ||
	    !tb[CLOISON_NET_CONTAINER_A_IFINDEX])
		return NL_SKIP;
	snprintf(out->ifname, sizeof(out->ifname), VENET);
	out->is_venet = true;
	read_flow(tb[CLOISON_NET_CONTAINER_A_FROM], &out->sent);
	read_flow(tb[CLOISON_NET_CONTAINER_A_TO], &out->received);
	return NL_OK;
}

bool venet_counters(uint32_t id, struct link_counters *out)
{
	struct nl_msg *msg;
	int ret;

	*out = (struct link_counters){};
	ret = genl_request(&cloison_net, CLOISON_NET_CMD_GET, NLM_F_ACK, &msg);
	if (!ret) {
		put_u32(msg, CLOISON_NET_A_ID, id);
		ret = genl_transact(msg, on_container, out);
	}
	if (ret)
		error_clear();
	return !ret && *out->ifname;
}
