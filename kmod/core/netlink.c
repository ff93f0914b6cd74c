// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family: the protocol of include/uapi/linux/cloison.h.
 *
 * Handlers run in the caller's context, so his pid namespace is current's.
 */
#include <linux/module.h>
#include <linux/pid_namespace.h>

#include "../compat/compat.h"
#include "core.h"
#include "genl.h"

static struct genl_family cloison_family;

/* Counts the changes: a dump that saw two values is not of one moment. */
static unsigned int cloison_generation = 1;

static struct netlink_range_validation id_range = {
	.min = 1, .max = CLOISON_ID_MAX,
};

static struct netlink_range_validation pid_range = {
	.min = 1, .max = PID_MAX_LIMIT,
};

#define POLICY_ID	NLA_POLICY_FULL_RANGE(NLA_U32, &id_range)
#define POLICY_PID	NLA_POLICY_FULL_RANGE(NLA_U32, &pid_range)
#define POLICY_NAME	{ .type = NLA_NUL_STRING, .len = CLOISON_NAME_MAX }

/* One policy for each command: what it does not name is refused. */
static const struct nla_policy new_policy[] = {
	[CLOISON_A_ID]		= POLICY_ID,
	[CLOISON_A_NAME]	= POLICY_NAME,
	[CLOISON_A_CGROUP_ID]	= { .type = NLA_U64 },
};

static const struct nla_policy set_policy[] = {
	[CLOISON_A_ID]		= POLICY_ID,
	[CLOISON_A_NAME]	= POLICY_NAME,
	[CLOISON_A_INIT_PID]	= POLICY_PID,
};

static const struct nla_policy del_policy[] = {
	[CLOISON_A_ID]		= POLICY_ID,
};

static const struct nla_policy get_policy[] = {
	[CLOISON_A_ID]		= POLICY_ID,
	[CLOISON_A_NAME]	= POLICY_NAME,
};

static const struct nla_policy resolve_policy[] = {
	[CLOISON_A_PID]		= POLICY_PID,
};

static int put_container(struct sk_buff *skb, const struct cloison_container *c,
			 struct pid_namespace *reader)
{
	struct nlattr *nest = nla_nest_start(skb, CLOISON_A_CONTAINER);
	pid_t init = pid_nr_ns(c->init, reader);

	if (!nest ||
	    nla_put_u32(skb, CLOISON_CONTAINER_A_ID, c->id) ||
	    (*c->name &&
	     nla_put_string(skb, CLOISON_CONTAINER_A_NAME, c->name)) ||
	    nla_put_u64_64bit(skb, CLOISON_CONTAINER_A_CGROUP_ID, c->cgroup_id,
			      CLOISON_CONTAINER_A_PAD) ||
	    nla_put_u32(skb, CLOISON_CONTAINER_A_STATE, c->state) ||
	    (init && nla_put_u32(skb, CLOISON_CONTAINER_A_INIT_PID, init)) ||
	    (c->started &&
	     nla_put_u64_64bit(skb, CLOISON_CONTAINER_A_STARTED, c->started,
			       CLOISON_CONTAINER_A_PAD)) ||
	    (c->state == CLOISON_STATE_DEAD &&
	     nla_put_u32(skb, CLOISON_CONTAINER_A_EXIT_STATUS, c->exit_status)))
		return -EMSGSIZE;

	nla_nest_end(skb, nest);
	return 0;
}

void cloison_notify(const struct cloison_container *c, enum cloison_event event)
{
	struct sk_buff *skb;
	void *hdr;

	lockdep_assert_held(&cloison_mutex);
	cloison_generation++;

	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		goto lost;
	hdr = genlmsg_put(skb, 0, 0, &cloison_family, 0, CLOISON_CMD_EVENT);
	if (!hdr || nla_put_u32(skb, CLOISON_A_EVENT, event) ||
	    put_container(skb, c, &init_pid_ns)) {
		nlmsg_free(skb);
		goto lost;
	}
	genlmsg_end(skb, hdr);
	/* Without listeners this fails: nothing to tell anybody. */
	genlmsg_multicast(&cloison_family, skb, 0, 0, GFP_KERNEL);
	return;

lost:
	genl_set_err(&cloison_family, &init_net, 0, 0, -ENOBUFS);
}

static int cloison_pre_doit(const struct genl_split_ops *ops,
			    struct sk_buff *skb, struct genl_info *info)
{
	return cloison_genl_capable(skb, info->extack);
}

static struct cloison_container *find_by_id(struct genl_info *info)
{
	struct nlattr *attr = info->attrs[CLOISON_A_ID];
	struct cloison_container *c = cloison_find(nla_get_u32(attr));

	if (!c)
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "no such container");
	return c;
}

static int cloison_cmd_new(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *name = info->attrs[CLOISON_A_NAME];
	struct cloison_container *c;

	if (GENL_REQ_ATTR_CHECK(info, CLOISON_A_ID) ||
	    GENL_REQ_ATTR_CHECK(info, CLOISON_A_CGROUP_ID))
		return -EINVAL;

	mutex_lock(&cloison_mutex);
	c = cloison_new(nla_get_u32(info->attrs[CLOISON_A_ID]),
			name ? nla_data(name) : "",
			nla_get_u64(info->attrs[CLOISON_A_CGROUP_ID]),
			info->extack);
	if (!IS_ERR(c))
		cloison_notify(c, CLOISON_EVENT_CREATED);
	mutex_unlock(&cloison_mutex);
	return PTR_ERR_OR_ZERO(c);
}

/* The name first, so that the event of the start tells it. */
static int set_container(struct cloison_container *c, const char *name,
			 struct pid *pid, struct netlink_ext_ack *extack)
{
	char old[sizeof(c->name)];
	int err;

	strscpy(old, c->name, sizeof(old));
	if (name) {
		err = cloison_rename(c, name, extack);
		if (err)
			return err;
	}
	if (pid) {
		err = cloison_start(c, pid, extack);
		if (err) {
			strscpy(c->name, old, sizeof(c->name));
			return err;
		}
	}
	cloison_generation++;
	return 0;
}

static int cloison_cmd_set(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *name = info->attrs[CLOISON_A_NAME];
	struct nlattr *init = info->attrs[CLOISON_A_INIT_PID];
	struct cloison_container *c;
	struct pid *pid = NULL;
	int err = -ENOENT;

	if (GENL_REQ_ATTR_CHECK(info, CLOISON_A_ID))
		return -EINVAL;
	if (!name && !init) {
		GENL_SET_ERR_MSG(info, "there is nothing to set");
		return -EINVAL;
	}

	if (init) {
		pid = find_get_pid(nla_get_u32(init));
		if (!pid) {
			NL_SET_ERR_MSG_ATTR(info->extack, init,
					    "no such process");
			return -ESRCH;
		}
	}

	mutex_lock(&cloison_mutex);
	c = find_by_id(info);
	if (c)
		err = set_container(c, name ? nla_data(name) : NULL, pid,
				    info->extack);
	mutex_unlock(&cloison_mutex);
	put_pid(pid);
	return err;
}

static int cloison_cmd_del(struct sk_buff *skb, struct genl_info *info)
{
	struct cloison_container *c;

	if (GENL_REQ_ATTR_CHECK(info, CLOISON_A_ID))
		return -EINVAL;

	mutex_lock(&cloison_mutex);
	c = find_by_id(info);
	if (c) {
		/* The event comes last and still tells what it was. */
		cloison_get(c);
		cloison_del(c);
		cloison_notify(c, CLOISON_EVENT_DELETED);
		cloison_put(c);
	}
	mutex_unlock(&cloison_mutex);
	return c ? 0 : -ENOENT;
}

static int cloison_cmd_get(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *name = info->attrs[CLOISON_A_NAME];
	struct nlattr *id = info->attrs[CLOISON_A_ID];
	struct cloison_container *c;
	struct sk_buff *reply;
	void *hdr;
	int err;

	if (!id == !name) {
		GENL_SET_ERR_MSG(info, "either an id or a name is needed");
		return -EINVAL;
	}

	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;

	err = -EMSGSIZE;
	hdr = genlmsg_put_reply(reply, info, &cloison_family, 0,
				CLOISON_CMD_GET);
	if (!hdr)
		goto free;

	mutex_lock(&cloison_mutex);
	if (id) {
		c = find_by_id(info);
	} else {
		c = cloison_find_name(nla_data(name));
		if (!c)
			NL_SET_ERR_MSG_ATTR(info->extack, name,
					    "no such container");
	}
	err = c ? put_container(reply, c, task_active_pid_ns(current)) :
		  -ENOENT;
	mutex_unlock(&cloison_mutex);
	if (err)
		goto free;

	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);

free:
	nlmsg_free(reply);
	return err;
}

/* Goes on with the id in args[0], whatever has come and gone meanwhile. */
static int cloison_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct cloison_container *c;
	unsigned long id;
	void *hdr;

	mutex_lock(&cloison_mutex);
	cb->seq = cloison_generation;
	xa_for_each_start(&cloison_ids, id, c, cb->args[0]) {
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq, &cloison_family,
				  NLM_F_MULTI, CLOISON_CMD_GET);
		if (!hdr)
			break;
		genl_dump_check_consistent(cb, hdr);
		if (put_container(skb, c, task_active_pid_ns(current))) {
			genlmsg_cancel(skb, hdr);
			break;
		}
		genlmsg_end(skb, hdr);
		cb->args[0] = id + 1;
	}
	mutex_unlock(&cloison_mutex);
	return skb->len;
}

/* Id and name of the task's container: 0 for the host, or an error. */
static int resolve(pid_t nr, u32 *id, char *name)
{
	struct cloison_container *c;
	struct task_struct *task;
	int err = -ESRCH;

	lockdep_assert_held(&cloison_mutex);	/* for the name */

	rcu_read_lock();
	task = pid_task(find_vpid(nr), PIDTYPE_PID);
	if (task) {
		c = cloison_of_task(task);
		*id = c ? c->id : 0;
		strscpy(name, c ? c->name : "", CLOISON_NAME_MAX + 1);
		err = 0;
	}
	rcu_read_unlock();
	return err;
}

static int cloison_cmd_resolve(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *pid = info->attrs[CLOISON_A_PID];
	char name[CLOISON_NAME_MAX + 1];
	struct sk_buff *reply;
	void *hdr;
	int err;
	u32 id;

	if (GENL_REQ_ATTR_CHECK(info, CLOISON_A_PID))
		return -EINVAL;

	mutex_lock(&cloison_mutex);
	err = resolve(nla_get_u32(pid), &id, name);
	mutex_unlock(&cloison_mutex);
	if (err) {
		NL_SET_ERR_MSG_ATTR(info->extack, pid, "no such process");
		return err;
	}

	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	hdr = genlmsg_put_reply(reply, info, &cloison_family, 0,
				CLOISON_CMD_RESOLVE);
	if (!hdr || nla_put_u32(reply, CLOISON_A_ID, id) ||
	    (*name && nla_put_string(reply, CLOISON_A_NAME, name))) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

#define CLOISON_OP(_cmd, _name)						\
	.cmd		= _cmd,						\
	.doit		= cloison_cmd_##_name,				\
	.policy		= _name##_policy,				\
	.maxattr	= ARRAY_SIZE(_name##_policy) - 1

static const struct genl_ops cloison_genl_ops[] = {
	{ CLOISON_OP(CLOISON_CMD_NEW, new) },
	{ CLOISON_OP(CLOISON_CMD_SET, set) },
	{ CLOISON_OP(CLOISON_CMD_DEL, del) },
	{
		CLOISON_OP(CLOISON_CMD_GET, get),
		.start	= cloison_genl_dump_all,
		.dumpit	= cloison_get_dump,
	},
	{ CLOISON_OP(CLOISON_CMD_RESOLVE, resolve) },
};

static const struct genl_multicast_group cloison_mcgrps[] = {
	{
		.name	= CLOISON_GENL_MCGRP_EVENTS,
		.flags	= GENL_MCAST_CAP_SYS_ADMIN,
	},
};

/*
 * netnsok is not set: only the initial network namespace sees the family.
 * resv_start_op is not set: all commands are validated strictly.
 */
static struct genl_family cloison_family __ro_after_init = {
	.name		= CLOISON_GENL_NAME,
	.version	= CLOISON_GENL_VERSION,
	.module		= THIS_MODULE,
	.parallel_ops	= true,
	.pre_doit	= cloison_pre_doit,
	.ops		= cloison_genl_ops,
	.n_ops		= ARRAY_SIZE(cloison_genl_ops),
	.mcgrps		= cloison_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(cloison_mcgrps),
};

int __init cloison_netlink_init(void)
{
	return genl_register_family(&cloison_family);
}

void cloison_netlink_exit(void)
{
	genl_unregister_family(&cloison_family);
}
