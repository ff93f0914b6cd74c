// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family: the protocol of
 * include/uapi/linux/cloison_acct.h.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "../compat/compat.h"
#include "../core/genl.h"
#include "acct.h"

static struct genl_family acct_family;

static struct netlink_range_validation id_range = {
	.min = 1, .max = CLOISON_ID_MAX,
};

#define POLICY_ID	NLA_POLICY_FULL_RANGE(NLA_U32, &id_range)
#define POLICY_RESOURCE	NLA_POLICY_MAX(NLA_U32, CLOISON_ACCT_RESOURCES - 1)

/* One policy for each command: what it does not name is refused. */
static const struct nla_policy get_policy[] = {
	[CLOISON_ACCT_A_ID]		= POLICY_ID,
};

static const struct nla_policy set_policy[] = {
	[CLOISON_ACCT_A_ID]		= POLICY_ID,
	[CLOISON_ACCT_A_RESOURCE]	= POLICY_RESOURCE,
	[CLOISON_ACCT_A_BARRIER]	= { .type = NLA_U64 },
	[CLOISON_ACCT_A_LIMIT]		= { .type = NLA_U64 },
};

static const struct nla_policy enforce_policy[] = {
	[CLOISON_ACCT_A_ID]		= POLICY_ID,
	[CLOISON_ACCT_A_RESOURCE]	= POLICY_RESOURCE,
	[CLOISON_ACCT_A_BASE]		= { .type = NLA_U32 },
	[CLOISON_ACCT_A_TOKEN]		= NLA_POLICY_MIN(NLA_U32, 1),
	[CLOISON_ACCT_A_LINK]		= { .type = NLA_S32 },
};

static const struct nla_policy carry_policy[] = {
	[CLOISON_ACCT_A_ID]		= POLICY_ID,
	[CLOISON_ACCT_A_RESOURCE]	= POLICY_RESOURCE,
	[CLOISON_ACCT_A_MAXHELD]	= { .type = NLA_U64 },
	[CLOISON_ACCT_A_FAILCNT]	= { .type = NLA_U64 },
};

static const struct nla_policy visit_policy[] = {
	[CLOISON_ACCT_A_ID]		= POLICY_ID,
	[CLOISON_ACCT_A_PID]		= NLA_POLICY_MIN(NLA_U32, 1),
};

static int acct_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
			 struct genl_info *info)
{
	return cloison_genl_capable(skb, info->extack);
}

static struct acct_ct *acct_ct_of(struct genl_info *info)
{
	struct nlattr *id = info->attrs[CLOISON_ACCT_A_ID];
	struct acct_ct *ct;

	if (GENL_REQ_ATTR_CHECK(info, CLOISON_ACCT_A_ID))
		return ERR_PTR(-EINVAL);
	ct = acct_get(nla_get_u32(id));
	if (!ct) {
		NL_SET_ERR_MSG_ATTR(info->extack, id, "no such container");
		return ERR_PTR(-ENOENT);
	}
	return ct;
}

static int acct_put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, CLOISON_ACCT_RESOURCE_A_PAD);
}

static int acct_put_row(struct sk_buff *skb, u32 r, const struct acct_row *row)
{
	struct nlattr *nest;

	nest = nla_nest_start(skb, CLOISON_ACCT_CONTAINER_A_RESOURCE);
	if (!nest ||
	    nla_put_u32(skb, CLOISON_ACCT_RESOURCE_A_ID, r) ||
	    nla_put_u32(skb, CLOISON_ACCT_RESOURCE_A_FLAGS,
			row->flags & ~ACCT_KNOWN) ||
	    acct_put_u64(skb, CLOISON_ACCT_RESOURCE_A_BARRIER, row->barrier) ||
	    acct_put_u64(skb, CLOISON_ACCT_RESOURCE_A_LIMIT, row->limit))
		return -EMSGSIZE;
	if (row->flags & ACCT_KNOWN &&
	    (acct_put_u64(skb, CLOISON_ACCT_RESOURCE_A_HELD, row->held) ||
	     acct_put_u64(skb, CLOISON_ACCT_RESOURCE_A_MAXHELD, row->maxheld) ||
	     acct_put_u64(skb, CLOISON_ACCT_RESOURCE_A_FAILCNT, row->failcnt)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* The message is the caller's to undo. */
static int acct_put_sample(struct sk_buff *skb, u32 id,
			   const struct acct_sample *s)
{
	struct nlattr *nest;
	u32 r;

	nest = nla_nest_start(skb, CLOISON_ACCT_A_CONTAINER);
	if (!nest || nla_put_u32(skb, CLOISON_ACCT_CONTAINER_A_ID, id))
		return -EMSGSIZE;
	for (r = 0; r < CLOISON_ACCT_RESOURCES; r++)
		if (acct_names[r] && acct_put_row(skb, r, &s->row[r]))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int acct_answer(struct genl_info *info, u32 id,
		       const struct acct_sample *s)
{
	struct sk_buff *reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *hdr;

	if (!reply)
		return -ENOMEM;
	hdr = genlmsg_put_reply(reply, info, &acct_family, 0,
				info->genlhdr->cmd);
	if (!hdr || acct_put_sample(reply, id, s)) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

static int acct_cmd_get(struct sk_buff *skb, struct genl_info *info)
{
	struct acct_ct *ct = acct_ct_of(info);
	struct acct_sample *s;
	int err = -ENOMEM;

	if (IS_ERR(ct))
		return PTR_ERR(ct);
	s = kmalloc_obj(*s);
	if (s)
		err = acct_sample(ct, s);
	if (!err)
		err = acct_answer(info, ct->id, s);
	kfree(s);
	acct_put(ct);
	return err;
}

static bool acct_resource(struct genl_info *info, u32 *r)
{
	struct nlattr *attr = info->attrs[CLOISON_ACCT_A_RESOURCE];

	if (GENL_REQ_ATTR_CHECK(info, CLOISON_ACCT_A_RESOURCE))
		return false;
	*r = nla_get_u32(attr);
	if (acct_names[*r])
		return true;
	NL_SET_ERR_MSG_ATTR(info->extack, attr, "no such resource");
	return false;
}

static int acct_cmd_set(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;
	struct acct_ct *ct;
	u64 barrier, limit;
	u32 r;

	if (GENL_REQ_ATTR_CHECK(info, CLOISON_ACCT_A_BARRIER) ||
	    GENL_REQ_ATTR_CHECK(info, CLOISON_ACCT_A_LIMIT))
		return -EINVAL;
	if (!acct_resource(info, &r))
		return -EINVAL;
	barrier = min(nla_get_u64(attrs[CLOISON_ACCT_A_BARRIER]),
		      CLOISON_ACCT_UNLIMITED);
	limit = min(nla_get_u64(attrs[CLOISON_ACCT_A_LIMIT]),
		    CLOISON_ACCT_UNLIMITED);
	if (barrier > limit) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[CLOISON_ACCT_A_BARRIER],
				    "the barrier is above the limit");
		return -EINVAL;
	}
	ct = acct_ct_of(info);
	if (IS_ERR(ct))
		return PTR_ERR(ct);
	spin_lock(&ct->lock);
	ct->kept[r].barrier = barrier;
	ct->kept[r].limit = limit;
	ct->kept[r].bounded = true;
	acct_limit(ct, r, limit);
	spin_unlock(&ct->lock);
	acct_put(ct);
	return 0;
}

static int acct_get_links(struct genl_info *info, struct acct_links *links)
{
	struct nlattr *attr;
	int left;

	if (info->attrs[CLOISON_ACCT_A_TOKEN])
		links->token = nla_get_u32(info->attrs[CLOISON_ACCT_A_TOKEN]);
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, left) {
		if (nla_type(attr) != CLOISON_ACCT_A_LINK)
			continue;
		if (links->count == CLOISON_ACCT_LINKS_MAX) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr, "too many links");
			return -E2BIG;
		}
		links->fd[links->count++] = nla_get_s32(attr);
	}
	return 0;
}

static int acct_cmd_enforce(struct sk_buff *skb, struct genl_info *info)
{
	struct acct_links links = {};
	struct acct_ct *ct;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, CLOISON_ACCT_A_RESOURCE) ||
	    GENL_REQ_ATTR_CHECK(info, CLOISON_ACCT_A_BASE))
		return -EINVAL;
	err = acct_get_links(info, &links);
	if (err)
		return err;
	ct = acct_ct_of(info);
	if (IS_ERR(ct))
		return PTR_ERR(ct);
	err = acct_enforce(ct, nla_get_u32(info->attrs[CLOISON_ACCT_A_RESOURCE]),
			   nla_get_u32(info->attrs[CLOISON_ACCT_A_BASE]), &links,
			   info->extack);
	acct_put(ct);
	return err;
}

static int acct_cmd_visit(struct sk_buff *skb, struct genl_info *info)
{
	struct cloison_container *c;
	struct task_struct *task;
	struct acct_ct *ct;
	struct pid *pid;
	int err = -ESRCH;

	if (GENL_REQ_ATTR_CHECK(info, CLOISON_ACCT_A_PID))
		return -EINVAL;
	ct = acct_ct_of(info);
	if (IS_ERR(ct))
		return PTR_ERR(ct);
	pid = find_get_pid(nla_get_u32(info->attrs[CLOISON_ACCT_A_PID]));
	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_PID);
	if (task) {
		c = cloison_of_task(task);
		/* Nor its init, whose session may be that of all. */
		err = c && c->id == ct->id && !is_child_reaper(pid) ? 0 : -EINVAL;
	}
	rcu_read_unlock();
	if (!err)
		err = acct_visit(ct, pid);
	if (err == -ESRCH || err == -EINVAL)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[CLOISON_ACCT_A_PID],
				    "no process of this container's");
	put_pid(pid);
	acct_put(ct);
	return err;
}

static int acct_cmd_carry(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;
	struct acct_ct *ct;
	u32 r;

	if (!acct_resource(info, &r) ||
	    GENL_REQ_ATTR_CHECK(info, CLOISON_ACCT_A_MAXHELD) ||
	    GENL_REQ_ATTR_CHECK(info, CLOISON_ACCT_A_FAILCNT))
		return -EINVAL;
	ct = acct_ct_of(info);
	if (IS_ERR(ct))
		return PTR_ERR(ct);
	acct_carry(ct, r, min(nla_get_u64(attrs[CLOISON_ACCT_A_MAXHELD]), CLOISON_ACCT_UNLIMITED),
		   min(nla_get_u64(attrs[CLOISON_ACCT_A_FAILCNT]), CLOISON_ACCT_UNLIMITED));
	acct_put(ct);
	return 0;
}

static int acct_dump_one(struct sk_buff *skb, struct netlink_callback *cb,
			 u32 id, const struct acct_sample *s)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, &acct_family, NLM_F_MULTI,
				CLOISON_ACCT_CMD_GET);

	if (!hdr)
		return -EMSGSIZE;
	if (acct_put_sample(skb, id, s)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* Goes on with the first id that was not shown, in args[0]; the kernel begins with 0. */
static int acct_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct acct_sample *s = kmalloc_obj(*s);
	struct acct_ct *ct;
	int err = 0;
	u32 id;

	if (!s)
		return -ENOMEM;
	while (!err && (ct = acct_next(cb->args[0]))) {
		id = ct->id;
		err = acct_sample(ct, s);
		acct_put(ct);
		if (!err && acct_dump_one(skb, cb, id, s))
			break;
		cb->args[0] = (unsigned long)id + 1;
	}
	kfree(s);
	return err ?: skb->len;
}

static const struct genl_ops acct_genl_ops[] = {
	{
		.cmd		= CLOISON_ACCT_CMD_GET,
		.doit		= acct_cmd_get,
		.start		= cloison_genl_dump_all,
		.dumpit		= acct_get_dump,
		.policy		= get_policy,
		.maxattr	= ARRAY_SIZE(get_policy) - 1,
	},
	{
		.cmd		= CLOISON_ACCT_CMD_SET,
		.doit		= acct_cmd_set,
		.policy		= set_policy,
		.maxattr	= ARRAY_SIZE(set_policy) - 1,
	},
	{
		.cmd		= CLOISON_ACCT_CMD_ENFORCE,
		.doit		= acct_cmd_enforce,
		.policy		= enforce_policy,
		.maxattr	= ARRAY_SIZE(enforce_policy) - 1,
	},
	{
		.cmd		= CLOISON_ACCT_CMD_VISIT,
		.doit		= acct_cmd_visit,
		.policy		= visit_policy,
		.maxattr	= ARRAY_SIZE(visit_policy) - 1,
	},
	{
		.cmd		= CLOISON_ACCT_CMD_CARRY,
		.doit		= acct_cmd_carry,
		.policy		= carry_policy,
		.maxattr	= ARRAY_SIZE(carry_policy) - 1,
	},
};

/*
 * netnsok is not set: only the initial network namespace sees the family.
 * resv_start_op is not set: all commands are validated strictly.
 */
static struct genl_family acct_family __ro_after_init = {
	.name		= CLOISON_ACCT_GENL_NAME,
	.version	= CLOISON_ACCT_GENL_VERSION,
	.module		= THIS_MODULE,
	.parallel_ops	= true,
	.pre_doit	= acct_pre_doit,
	.ops		= acct_genl_ops,
	.n_ops		= ARRAY_SIZE(acct_genl_ops),
};

int __init acct_netlink_init(void)
{
	return genl_register_family(&acct_family);
}

void acct_netlink_exit(void)
{
	genl_unregister_family(&acct_family);
}
