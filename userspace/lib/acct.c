// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "acct.h"
#include "genl.h"
#include "util.h"

static struct genl_family cloison_acct = {
	.name = CLOISON_ACCT_GENL_NAME,
	.version = CLOISON_ACCT_GENL_VERSION,
};

bool acct_loaded(void)
{
	return genl_loaded(&cloison_acct);
}

static uint64_t number(struct nlattr *attr)
{
	return attr ? nla_get_u64(attr) : 0;
}

static bool decode_figures(struct nlattr *attr, struct acct_container *out)
{
	static struct nla_policy policy[CLOISON_ACCT_RESOURCE_A_MAX + 1] = {
		[CLOISON_ACCT_RESOURCE_A_ID] = { .type = NLA_U32 },
		[CLOISON_ACCT_RESOURCE_A_FLAGS] = { .type = NLA_U32 },
		[CLOISON_ACCT_RESOURCE_A_HELD] = { .type = NLA_U64 },
		[CLOISON_ACCT_RESOURCE_A_MAXHELD] = { .type = NLA_U64 },
		[CLOISON_ACCT_RESOURCE_A_BARRIER] = { .type = NLA_U64 },
		[CLOISON_ACCT_RESOURCE_A_LIMIT] = { .type = NLA_U64 },
		[CLOISON_ACCT_RESOURCE_A_FAILCNT] = { .type = NLA_U64 },
	};
	struct nlattr *tb[CLOISON_ACCT_RESOURCE_A_MAX + 1];
	uint32_t id;

	if (nla_parse_nested(tb, CLOISON_ACCT_RESOURCE_A_MAX, attr, policy) < 0 ||
	    !tb[CLOISON_ACCT_RESOURCE_A_ID] || !tb[CLOISON_ACCT_RESOURCE_A_FLAGS])
		return false;
	id = nla_get_u32(tb[CLOISON_ACCT_RESOURCE_A_ID]);
	/* a newer module may know more */
	if (id >= CLOISON_ACCT_RESOURCES)
		return true;
	out->of[id] = (struct acct_figures) {
		.flags = nla_get_u32(tb[CLOISON_ACCT_RESOURCE_A_FLAGS]),
		.known = tb[CLOISON_ACCT_RESOURCE_A_HELD],
		.held = number(tb[CLOISON_ACCT_RESOURCE_A_HELD]),
		.maxheld = number(tb[CLOISON_ACCT_RESOURCE_A_MAXHELD]),
		.barrier = number(tb[CLOISON_ACCT_RESOURCE_A_BARRIER]),
		.limit = number(tb[CLOISON_ACCT_RESOURCE_A_LIMIT]),
		.failcnt = number(tb[CLOISON_ACCT_RESOURCE_A_FAILCNT]),
	};
	return true;
}

static bool decode(struct nlmsghdr *nlh, struct acct_container *out)
{
	static struct nla_policy top[CLOISON_ACCT_A_MAX + 1] = {
		[CLOISON_ACCT_A_CONTAINER] = { .type = NLA_NESTED },
	};
	struct nlattr *tb[CLOISON_ACCT_A_MAX + 1], *attr;
	int left;

	memset(out, 0, sizeof(*out));
	if (!genlmsg_valid_hdr(nlh, 0) || genlmsg_parse(nlh, 0, tb, CLOISON_ACCT_A_MAX, top) < 0 ||
	    !tb[CLOISON_ACCT_A_CONTAINER])
		return false;
	nla_for_each_nested(attr, tb[CLOISON_ACCT_A_CONTAINER], left) {
		if (nla_type(attr) == CLOISON_ACCT_CONTAINER_A_ID && nla_len(attr) == 4)
			out->id = nla_get_u32(attr);
		else if (nla_type(attr) == CLOISON_ACCT_CONTAINER_A_RESOURCE &&
			 !decode_figures(attr, out))
			return false;
	}
	return out->id != 0;
}

struct collection {
	struct acct_container *list;
	size_t count;
};

static int on_container(struct nl_msg *msg, void *arg)
{
	struct collection *all = arg;
	struct acct_container one;

	if (!decode(nlmsg_hdr(msg), &one))
		return NL_SKIP;
	all->list = xrealloc(all->list, (all->count + 1) * sizeof(*all->list));
	all->list[all->count++] = one;
	return NL_OK;
}

int acct_get(uint32_t id, struct acct_container *out)
{
	struct collection one = {};
	struct nl_msg *msg;
	int ret = genl_request(&cloison_acct, CLOISON_ACCT_CMD_GET, NLM_F_ACK, &msg);

	memset(out, 0, sizeof(*out));
	if (ret)
		return ret;
	put_u32(msg, CLOISON_ACCT_A_ID, id);
	if (genl_transact(msg, on_container, &one) && genl_answer.error != ENOENT)
		ret = genl_refused("Beancounters of container %u", id);
	else if (one.count)
		*out = one.list[0];
	free(one.list);
	return ret;
}

int acct_list(struct acct_container **list, size_t *count)
{
	struct collection all = {};
	struct nl_msg *msg;
	int ret = genl_request(&cloison_acct, CLOISON_ACCT_CMD_GET, NLM_F_DUMP, &msg);

	if (ret)
		return ret;
	if (genl_transact(msg, on_container, &all)) {
		free(all.list);
		return genl_refused("Beancounters");
	}
	*list = all.list;
	*count = all.count;
	return 0;
}

/* Two numbers of a resource, as attributes @a and @b. */
static int set_pair(int cmd, uint32_t id, uint32_t resource, int a, uint64_t x, int b, uint64_t y)
{
	struct nl_msg *msg;
	int ret = genl_request(&cloison_acct, cmd, NLM_F_ACK, &msg);

	if (ret)
		return ret;
	put_u32(msg, CLOISON_ACCT_A_ID, id);
	put_u32(msg, CLOISON_ACCT_A_RESOURCE, resource);
	put_u64(msg, a, x);
	put_u64(msg, b, y);
	ret = genl_transact(msg, NULL, NULL);
	return ret ? genl_refused("Beancounter %u of container %u", resource, id) : 0;
}

int acct_set(uint32_t id, uint32_t resource, uint64_t barrier, uint64_t limit)
{
	return set_pair(CLOISON_ACCT_CMD_SET, id, resource, CLOISON_ACCT_A_BARRIER, barrier,
			CLOISON_ACCT_A_LIMIT, limit);
}

int acct_carry(uint32_t id, uint32_t resource, uint64_t maxheld, uint64_t failcnt)
{
	return set_pair(CLOISON_ACCT_CMD_CARRY, id, resource, CLOISON_ACCT_A_MAXHELD, maxheld,
			CLOISON_ACCT_A_FAILCNT, failcnt);
}

int acct_enforce(uint32_t id, uint32_t resource, uint32_t base, uint32_t token,
		 const int links[], size_t count, bool *wanting)
{
	struct nl_msg *msg;
	int ret = genl_request(&cloison_acct, CLOISON_ACCT_CMD_ENFORCE, NLM_F_ACK, &msg);

	*wanting = false;
	if (ret)
		return ret;
	put_u32(msg, CLOISON_ACCT_A_ID, id);
	put_u32(msg, CLOISON_ACCT_A_RESOURCE, resource);
	put_u32(msg, CLOISON_ACCT_A_BASE, base);
	if (token)
		put_u32(msg, CLOISON_ACCT_A_TOKEN, token);
	for (size_t i = 0; i < count; i++)
		put_u32(msg, CLOISON_ACCT_A_LINK, links[i]);
	if (!genl_transact(msg, NULL, NULL))
		return 0;
	*wanting = genl_answer.error == ENOLINK;
	return *wanting ? 0 : genl_refused("Limit %u of container %u", resource, id);
}

int acct_visit(uint32_t id, pid_t pid)
{
	struct nl_msg *msg;
	int ret = genl_request(&cloison_acct, CLOISON_ACCT_CMD_VISIT, NLM_F_ACK, &msg);

	if (ret)
		return ret;
	put_u32(msg, CLOISON_ACCT_A_ID, id);
	put_u32(msg, CLOISON_ACCT_A_PID, pid);
	return genl_transact(msg, NULL, NULL) ? genl_refused("Visitor of container %u", id) : 0;
}
