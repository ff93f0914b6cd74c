// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family: the protocol of
 * include/uapi/linux/cloison_sched.h.
 */
#include <linux/module.h>

#include "../compat/compat.h"
#include "../core/genl.h"
#include "sched.h"

static struct genl_family sched_family;

static struct netlink_range_validation id_range = {
	.min = 0, .max = CLOISON_ID_MAX,
};

static const struct nla_policy get_policy[] = {
	[CLOISON_SCHED_A_ID]	= NLA_POLICY_FULL_RANGE(NLA_U32, &id_range),
};

static int sched_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
			  struct genl_info *info)
{
	return cloison_genl_capable(skb, info->extack);
}

static int sched_put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, CLOISON_SCHED_CONTAINER_A_PAD);
}

/* The message is the caller's to undo. */
static int sched_put_figures(struct sk_buff *skb, u32 id,
			     const struct cloison_sched_figures *f)
{
	struct nlattr *nest = nla_nest_start(skb, CLOISON_SCHED_A_CONTAINER);

	if (!nest ||
	    nla_put_u32(skb, CLOISON_SCHED_CONTAINER_A_ID, id) ||
	    sched_put_u64(skb, CLOISON_SCHED_CONTAINER_A_RUN, f->run) ||
	    sched_put_u64(skb, CLOISON_SCHED_CONTAINER_A_WAIT, f->wait) ||
	    sched_put_u64(skb, CLOISON_SCHED_CONTAINER_A_WAIT_MAX, f->wait_max) ||
	    sched_put_u64(skb, CLOISON_SCHED_CONTAINER_A_STEAL, f->steal) ||
	    sched_put_u64(skb, CLOISON_SCHED_CONTAINER_A_VOLUNTARY, f->voluntary) ||
	    sched_put_u64(skb, CLOISON_SCHED_CONTAINER_A_INVOLUNTARY, f->involuntary) ||
	    nla_put_u32(skb, CLOISON_SCHED_CONTAINER_A_RUNNING, f->running) ||
	    (id && nla_put_u32(skb, CLOISON_SCHED_CONTAINER_A_PEAK, f->peak)) ||
	    nla_put(skb, CLOISON_SCHED_CONTAINER_A_LATENCY, sizeof(f->latency), f->latency) ||
	    sched_put_u64(skb, CLOISON_SCHED_CONTAINER_A_LATENCY_SUM, f->latency_sum))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int sched_cmd_get(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *id = info->attrs[CLOISON_SCHED_A_ID];
	struct cloison_sched_figures f;
	struct sk_buff *reply;
	void *hdr;

	if (GENL_REQ_ATTR_CHECK(info, CLOISON_SCHED_A_ID))
		return -EINVAL;
	if (!cloison_sched_figures(nla_get_u32(id), &f)) {
		NL_SET_ERR_MSG_ATTR(info->extack, id, "no such container");
		return -ENOENT;
	}
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	hdr = genlmsg_put_reply(reply, info, &sched_family, 0, info->genlhdr->cmd);
	if (!hdr || sched_put_figures(reply, nla_get_u32(id), &f)) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

static int sched_dump_one(struct sk_buff *skb, struct netlink_callback *cb,
			  u32 id, const struct cloison_sched_figures *f)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, &sched_family, NLM_F_MULTI,
				CLOISON_SCHED_CMD_GET);

	if (!hdr)
		return -EMSGSIZE;
	if (sched_put_figures(skb, id, f)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* Goes on with the first id that was not shown, in args[0]; the kernel begins with 0. */
static int sched_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct cloison_sched_figures f;
	s64 id;

	while ((id = sched_next_id(cb->args[0])) >= 0) {
		/* It may just have gone. */
		if (cloison_sched_figures(id, &f) && sched_dump_one(skb, cb, id, &f))
			break;
		cb->args[0] = id + 1;
	}
	return skb->len;
}

static const struct genl_ops sched_genl_ops[] = {
	{
		.cmd		= CLOISON_SCHED_CMD_GET,
		.doit		= sched_cmd_get,
		.start		= cloison_genl_dump_all,
		.dumpit		= sched_get_dump,
		.policy		= get_policy,
		.maxattr	= ARRAY_SIZE(get_policy) - 1,
	},
};

/*
 * netnsok is not set: only the initial network namespace sees the family.
 * resv_start_op is not set: all commands are validated strictly.
 */
static struct genl_family sched_family __ro_after_init = {
	.name		= CLOISON_SCHED_GENL_NAME,
	.version	= CLOISON_SCHED_GENL_VERSION,
	.module		= THIS_MODULE,
	.parallel_ops	= true,
	.pre_doit	= sched_pre_doit,
	.ops		= sched_genl_ops,
	.n_ops		= ARRAY_SIZE(sched_genl_ops),
};

int __init sched_netlink_init(void)
{
	return genl_register_family(&sched_family);
}

void sched_netlink_exit(void)
{
	genl_unregister_family(&sched_family);
}
