// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "error.h"
#include "genl.h"
#include "global.h"
#include "module.h"
#include "sched.h"

static struct genl_family cloison_sched = {
	.name = CLOISON_SCHED_GENL_NAME,
	.version = CLOISON_SCHED_GENL_VERSION,
};

void sched_offer(void)
{
	if (global.load_sched && !genl_loaded(&cloison_sched) &&
	    !module_load("cloison_sched", NULL))
		warn("The module cloison_sched cannot be loaded: "
		     "what containers get of the CPUs and wait for is not counted");
}

static void decode(struct nlattr *attr, struct sched_container *out)
{
	int type = nla_type(attr);

	/* a newer module may know more */
	if (type > CLOISON_SCHED_CONTAINER_A_MAX)
		return;
	out->known[type] = true;
	if (type == CLOISON_SCHED_CONTAINER_A_LATENCY)
		nla_memcpy(out->latency, attr, sizeof(out->latency));
	else if (nla_len(attr) == sizeof(uint64_t))
		out->of[type] = nla_get_u64(attr);
	else if (nla_len(attr) == sizeof(uint32_t))
		out->of[type] = nla_get_u32(attr);
	else
		out->known[type] = false;
}

static int on_container(struct nl_msg *msg, void *arg)
{
	static struct nla_policy policy[CLOISON_SCHED_A_MAX + 1] = {
		[CLOISON_SCHED_A_CONTAINER] = { .type = NLA_NESTED },
	};
	struct nlattr *tb[CLOISON_SCHED_A_MAX + 1], *attr;
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	int left;

	if (!genlmsg_valid_hdr(nlh, 0) ||
	    genlmsg_parse(nlh, 0, tb, CLOISON_SCHED_A_MAX, policy) < 0 ||
	    !tb[CLOISON_SCHED_A_CONTAINER])
		return NL_SKIP;
	nla_for_each_nested(attr, tb[CLOISON_SCHED_A_CONTAINER], left) {
		decode(attr, arg);
	}
	return NL_OK;
}

void sched_read(uint32_t id, struct sched_container *out)
{
	struct nl_msg *msg;

	*out = (struct sched_container){};
	if (!genl_loaded(&cloison_sched))
		return;
	/* it may be unloaded meanwhile */
	if (genl_request(&cloison_sched, CLOISON_SCHED_CMD_GET, NLM_F_ACK, &msg)) {
		error_clear();
		return;
	}
	put_u32(msg, CLOISON_SCHED_A_ID, id);
	if (genl_transact(msg, on_container, out))
		*out = (struct sched_container){};
}
