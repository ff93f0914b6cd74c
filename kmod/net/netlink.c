// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family: the protocol of
 * include/uapi/linux/cloison_net.h.
 */
#include <linux/module.h>
#include <net/net_namespace.h>

#include "../compat/compat.h"
#include "../core/genl.h"
#include "net.h"

static struct genl_family venet_family;

static struct netlink_range_validation id_range = {
	.min = 1, .max = CLOISON_ID_MAX,
};

#define POLICY_ID	NLA_POLICY_FULL_RANGE(NLA_U32, &id_range)
#define POLICY_ADDR	{ .type = NLA_BINARY, .len = sizeof(struct in6_addr) }

/* One policy for each command: what it does not name is refused. */
static const struct nla_policy id_policy[] = {
	[CLOISON_NET_A_ID]		= POLICY_ID,
};

static const struct nla_policy bind_policy[] = {
	[CLOISON_NET_A_ID]		= POLICY_ID,
	[CLOISON_NET_A_NETNS_FD]	= { .type = NLA_S32 },
};

static const struct nla_policy addr_policy[] = {
	[CLOISON_NET_A_ID]		= POLICY_ID,
	[CLOISON_NET_A_ADDR]		= POLICY_ADDR,
	[CLOISON_NET_A_PREFIXLEN]	= { .type = NLA_U8 },
};

static const struct nla_policy addr_get_policy[] = {
	[CLOISON_NET_A_ID]		= POLICY_ID,
	[CLOISON_NET_A_ADDR]		= POLICY_ADDR,
};

static const struct nla_policy hold_policy[] = {
	[CLOISON_NET_A_ID]		= POLICY_ID,
	[CLOISON_NET_A_MAX_PACKETS]	= { .type = NLA_U32 },
	[CLOISON_NET_A_MAX_BYTES]	= { .type = NLA_U32 },
	[CLOISON_NET_A_NEW]		= { .type = NLA_FLAG },
};

static const struct nla_policy set_policy[] = {
	[CLOISON_NET_A_ID]		= POLICY_ID,
	[CLOISON_NET_A_SHORTCUT]	= NLA_POLICY_MAX(NLA_U8, 1),
};

static const struct nla_policy host_set_policy[] = {
	[CLOISON_NET_A_SHORTCUT]	= NLA_POLICY_MAX(NLA_U8, 1),
};

/* Containers stay while a command runs. */
static int venet_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
			  struct genl_info *info)
{
	int err = cloison_genl_capable(skb, info->extack);

	if (!err)
		mutex_lock(&venet_mutex);
	return err;
}

static void venet_post_doit(const struct genl_split_ops *ops,
			    struct sk_buff *skb, struct genl_info *info)
{
	mutex_unlock(&venet_mutex);
	/*
	 * Whoever saw the container not on hold is through before the answer.
	 * Others, whose changes wait for the mutex, do not wait for that.
	 */
	if (info->user_ptr[0])
		synchronize_net();
}

static struct venet_ct *venet_ct_of(struct genl_info *info)
{
	struct nlattr *id = info->attrs[CLOISON_NET_A_ID];
	struct venet_ct *ct;

	if (GENL_REQ_ATTR_CHECK(info, CLOISON_NET_A_ID))
		return ERR_PTR(-EINVAL);
	ct = xa_load(&venet_cts, nla_get_u32(id));
	if (!ct) {
		NL_SET_ERR_MSG_ATTR(info->extack, id, "no such container");
		return ERR_PTR(-ENOENT);
	}
	return ct;
}

/* IPv4 becomes IPv4-mapped. Returns how many bits that put in front, or an error. */
static int venet_get_addr(struct genl_info *info, struct in6_addr *addr)
{
	struct nlattr *attr = info->attrs[CLOISON_NET_A_ADDR];

	if (GENL_REQ_ATTR_CHECK(info, CLOISON_NET_A_ADDR))
		return -EINVAL;
	switch (nla_len(attr)) {
	case sizeof(struct in_addr):
		ipv6_addr_set_v4mapped(nla_get_in_addr(attr), addr);
		return 96;
	case sizeof(*addr):
		*addr = nla_get_in6_addr(attr);
		if (!venet_is_v4(addr))
			return 0;
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "an IPv4 address has 4 bytes");
		return -EINVAL;
	}
	NL_SET_ERR_MSG_ATTR(info->extack, attr,
			    "an address has 4 or 16 bytes");
	return -EINVAL;
}

static bool venet_may_be_owned(const struct in6_addr *addr)
{
	__be32 v4 = addr->s6_addr32[3];

	if (venet_is_v4(addr))
		return !ipv4_is_zeronet(v4) && !ipv4_is_loopback(v4) &&
		       !ipv4_is_multicast(v4) && !ipv4_is_lbcast(v4);
	/* 0000::/8 has the unspecified, the loopback and embedded IPv4. */
	return addr->s6_addr[0] && !ipv6_addr_is_multicast(addr) &&
	       !(ipv6_addr_type(addr) & IPV6_ADDR_LINKLOCAL);
}

static int venet_get_prefix(struct genl_info *info, struct in6_addr *addr)
{
	struct nlattr *len = info->attrs[CLOISON_NET_A_PREFIXLEN];
	int front = venet_get_addr(info, addr);
	struct in6_addr prefix;
	int plen = 128;

	if (front < 0)
		return front;
	if (len) {
		plen = front + nla_get_u8(len);
		if (plen > 128 || plen < (front ? front + 8 : 16)) {
			NL_SET_ERR_MSG_ATTR(info->extack, len,
					    "a prefix has 8 to 32 bits, or 16 to 128");
			return -ERANGE;
		}
	}
	ipv6_addr_prefix(&prefix, addr, plen);
	if (!ipv6_addr_equal(&prefix, addr)) {
		NL_SET_ERR_MSG(info->extack,
			       "the address has bits beyond the prefix");
		return -EINVAL;
	}
	if (!venet_may_be_owned(addr)) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[CLOISON_NET_A_ADDR],
				    "not an address that a container can have");
		return -EINVAL;
	}
	return plen;
}

static int venet_cmd_bind(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *fd = info->attrs[CLOISON_NET_A_NETNS_FD];
	struct venet_ct *ct = venet_ct_of(info);
	struct net *net;
	int err;

	if (IS_ERR(ct))
		return PTR_ERR(ct);
	if (GENL_REQ_ATTR_CHECK(info, CLOISON_NET_A_NETNS_FD))
		return -EINVAL;
	net = get_net_ns_by_fd(nla_get_s32(fd));
	if (IS_ERR(net)) {
		NL_SET_ERR_MSG_ATTR(info->extack, fd,
				    "not a network namespace");
		return PTR_ERR(net);
	}
	err = venet_bind(ct, venet_net(net), info->extack);
	put_net(net);
	return err;
}

static int venet_cmd_addr_add(struct sk_buff *skb, struct genl_info *info)
{
	struct venet_ct *ct = venet_ct_of(info);
	struct in6_addr addr;
	int plen;

	if (IS_ERR(ct))
		return PTR_ERR(ct);
	plen = venet_get_prefix(info, &addr);
	if (plen < 0)
		return plen;
	return venet_address_add(ct, &addr, plen, info->extack);
}

static int venet_cmd_addr_del(struct sk_buff *skb, struct genl_info *info)
{
	struct venet_ct *ct = venet_ct_of(info);
	struct in6_addr addr;
	int plen, err;

	if (IS_ERR(ct))
		return PTR_ERR(ct);
	plen = venet_get_prefix(info, &addr);
	if (plen < 0)
		return plen;
	err = venet_address_del(ct, &addr, plen);
	if (err)
		GENL_SET_ERR_MSG(info,
				 "the container does not have that address");
	return err;
}

static int venet_put_address(struct sk_buff *skb, const struct venet_address *a)
{
	bool v4 = venet_is_v4(&a->addr);

	if (nla_put_u32(skb, CLOISON_NET_A_ID, a->ct->id) ||
	    (v4 ? nla_put_in_addr(skb, CLOISON_NET_A_ADDR,
				  a->addr.s6_addr32[3]) :
		  nla_put_in6_addr(skb, CLOISON_NET_A_ADDR, &a->addr)) ||
	    nla_put_u8(skb, CLOISON_NET_A_PREFIXLEN, a->plen - (v4 ? 96 : 0)))
		return -EMSGSIZE;
	return 0;
}

static int venet_put_drops(struct sk_buff *skb, int type,
			   const struct venet_stats *stats,
			   enum venet_flow flow, int pad)
{
	struct nlattr *nest = nla_nest_start(skb, type);
	u64 n;
	int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = pad + 1; i <= CLOISON_NET_DROP_MAX; i++) {
		n = u64_stats_read(&stats->flow[flow].drops[i]);
		if (n && nla_put_u64_64bit(skb, i, n, pad))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static void add_stat(u64_stats_t *sum, const u64_stats_t *one)
{
	u64_stats_add(sum, u64_stats_read(one));
}

/* The sum over all processors. */
static void venet_read_stats(struct venet_stats *sum,
			     struct venet_stats __percpu *percpu)
{
	const struct venet_stats *stats;
	struct venet_stats one;
	unsigned int start;
	int cpu, flow, i;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		stats = per_cpu_ptr(percpu, cpu);
		do {
			start = u64_stats_fetch_begin(&stats->syncp);
			one = *stats;
		} while (u64_stats_fetch_retry(&stats->syncp, start));
		for (flow = 0; flow < VENET_FLOWS; flow++) {
			add_stat(&sum->flow[flow].packets, &one.flow[flow].packets);
			add_stat(&sum->flow[flow].bytes, &one.flow[flow].bytes);
			add_stat(&sum->flow[flow].held, &one.flow[flow].held);
			for (i = 0; i <= CLOISON_NET_DROP_MAX; i++)
				add_stat(&sum->flow[flow].drops[i], &one.flow[flow].drops[i]);
		}
	}
}

static int venet_put_flow(struct sk_buff *skb, int type, struct venet_ct *ct,
			  const struct venet_stats *stats, enum venet_flow flow)
{
	struct nlattr *nest = nla_nest_start(skb, type);
	struct venet_hold *hold = &ct->hold;
	u32 packets, bytes;

	spin_lock_bh(&hold->lock);
	packets = skb_queue_len(&hold->queue[flow]);
	bytes = hold->bytes[flow];
	spin_unlock_bh(&hold->lock);

	if (!nest ||
	    nla_put_u64_64bit(skb, CLOISON_NET_FLOW_A_PACKETS,
			      u64_stats_read(&stats->flow[flow].packets),
			      CLOISON_NET_FLOW_A_PAD) ||
	    nla_put_u64_64bit(skb, CLOISON_NET_FLOW_A_BYTES,
			      u64_stats_read(&stats->flow[flow].bytes),
			      CLOISON_NET_FLOW_A_PAD) ||
	    nla_put_u64_64bit(skb, CLOISON_NET_FLOW_A_HELD,
			      u64_stats_read(&stats->flow[flow].held),
			      CLOISON_NET_FLOW_A_PAD) ||
	    nla_put_u32(skb, CLOISON_NET_FLOW_A_QUEUED_PACKETS, packets) ||
	    nla_put_u32(skb, CLOISON_NET_FLOW_A_QUEUED_BYTES, bytes) ||
	    venet_put_drops(skb, CLOISON_NET_FLOW_A_DROPS, stats, flow,
			    CLOISON_NET_DROP_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int venet_put_ct(struct sk_buff *skb, struct venet_ct *ct)
{
	struct nlattr *nest = nla_nest_start(skb, CLOISON_NET_A_CONTAINER);
	struct net_device *dev = ct->net ? ct->net->dev : NULL;
	struct venet_hold *hold = &ct->hold;
	struct venet_stats stats;

	venet_read_stats(&stats, ct->stats);
	if (!nest ||
	    nla_put_u32(skb, CLOISON_NET_CONTAINER_A_ID, ct->id) ||
	    (ct->net && nla_put_u32(skb, CLOISON_NET_CONTAINER_A_NETNS,
				    ct->net->net->ns.inum)) ||
	    (dev && nla_put_u32(skb, CLOISON_NET_CONTAINER_A_IFINDEX,
				dev->ifindex)) ||
	    nla_put_u8(skb, CLOISON_NET_CONTAINER_A_SHORTCUT,
		       !ct->no_shortcut) ||
	    (venet_is_held(hold) &&
	     (nla_put_u32(skb, CLOISON_NET_CONTAINER_A_MAX_PACKETS,
			  hold->max_packets) ||
	      nla_put_u32(skb, CLOISON_NET_CONTAINER_A_MAX_BYTES,
			  hold->max_bytes))) ||
	    venet_put_flow(skb, CLOISON_NET_CONTAINER_A_FROM, ct, &stats,
			   VENET_FROM) ||
	    venet_put_flow(skb, CLOISON_NET_CONTAINER_A_TO, ct, &stats,
			   VENET_TO))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int venet_put_host(struct sk_buff *skb)
{
	struct venet_stats stats;

	venet_read_stats(&stats, venet_host_stats);
	if (nla_put_u8(skb, CLOISON_NET_A_SHORTCUT, venet_shortcut) ||
	    venet_put_drops(skb, CLOISON_NET_A_DROPS, &stats, VENET_TO,
			    CLOISON_NET_DROP_PAD))
		return -EMSGSIZE;
	return 0;
}

static struct sk_buff *venet_reply(struct genl_info *info, void **hdr)
{
	struct sk_buff *reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (!reply)
		return NULL;
	*hdr = genlmsg_put_reply(reply, info, &venet_family, 0,
				 info->genlhdr->cmd);
	return reply;
}

/* @err says whether the reply is complete. */
static int venet_send(struct sk_buff *reply, void *hdr, int err,
		      struct genl_info *info)
{
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

static int venet_cmd_addr_get(struct sk_buff *skb, struct genl_info *info)
{
	struct venet_address *a;
	struct sk_buff *reply;
	struct in6_addr addr;
	void *hdr;
	int err;

	if (info->attrs[CLOISON_NET_A_ID]) {
		GENL_SET_ERR_MSG(info, "an id is for dumps");
		return -EINVAL;
	}
	err = venet_get_addr(info, &addr);
	if (err < 0)
		return err;
	a = venet_address_find(&addr);
	if (!a) {
		GENL_SET_ERR_MSG(info, "the address is no container's");
		return -EADDRNOTAVAIL;
	}
	reply = venet_reply(info, &hdr);
	if (!reply)
		return -ENOMEM;
	err = hdr ? venet_put_address(reply, a) : -EMSGSIZE;
	return venet_send(reply, hdr, err, info);
}

static int venet_cmd_get(struct sk_buff *skb, struct genl_info *info)
{
	struct venet_ct *ct = venet_ct_of(info);
	struct sk_buff *reply;
	void *hdr;

	if (IS_ERR(ct))
		return PTR_ERR(ct);
	reply = venet_reply(info, &hdr);
	if (!reply)
		return -ENOMEM;
	return venet_send(reply, hdr,
			  hdr ? venet_put_ct(reply, ct) : -EMSGSIZE, info);
}

static int venet_cmd_hold(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *packets = info->attrs[CLOISON_NET_A_MAX_PACKETS];
	struct nlattr *bytes = info->attrs[CLOISON_NET_A_MAX_BYTES];
	struct venet_ct *ct = venet_ct_of(info);

	if (IS_ERR(ct))
		return PTR_ERR(ct);
	venet_hold_start(ct,
			 packets ? nla_get_u32(packets) :
				   CLOISON_NET_HOLD_PACKETS,
			 bytes ? nla_get_u32(bytes) : CLOISON_NET_HOLD_BYTES,
			 info->attrs[CLOISON_NET_A_NEW]);
	/* See venet_post_doit(). */
	info->user_ptr[0] = ct;
	return 0;
}

static int venet_end_hold(struct genl_info *info,
			  int (*end)(struct venet_ct *ct))
{
	struct venet_ct *ct = venet_ct_of(info);
	int err;

	if (IS_ERR(ct))
		return PTR_ERR(ct);
	err = end(ct);
	if (err)
		GENL_SET_ERR_MSG(info, "the container is not on hold");
	return err;
}

static int venet_cmd_release(struct sk_buff *skb, struct genl_info *info)
{
	return venet_end_hold(info, venet_hold_release);
}

static int venet_cmd_discard(struct sk_buff *skb, struct genl_info *info)
{
	return venet_end_hold(info, venet_hold_discard);
}

static int venet_cmd_set(struct sk_buff *skb, struct genl_info *info)
{
	struct venet_ct *ct = venet_ct_of(info);

	if (IS_ERR(ct))
		return PTR_ERR(ct);
	if (GENL_REQ_ATTR_CHECK(info, CLOISON_NET_A_SHORTCUT))
		return -EINVAL;
	WRITE_ONCE(ct->no_shortcut,
		   !nla_get_u8(info->attrs[CLOISON_NET_A_SHORTCUT]));
	return 0;
}

static int venet_cmd_host_set(struct sk_buff *skb, struct genl_info *info)
{
	if (GENL_REQ_ATTR_CHECK(info, CLOISON_NET_A_SHORTCUT))
		return -EINVAL;
	WRITE_ONCE(venet_shortcut,
		   nla_get_u8(info->attrs[CLOISON_NET_A_SHORTCUT]));
	return 0;
}

static int venet_cmd_host_get(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply;
	void *hdr;

	/* Without a policy nobody has looked. */
	if (nlmsg_attrlen(info->nlhdr, GENL_HDRLEN)) {
		GENL_SET_ERR_MSG(info, "the command takes no attributes");
		return -EINVAL;
	}
	reply = venet_reply(info, &hdr);
	if (!reply)
		return -ENOMEM;
	return venet_send(reply, hdr,
			  hdr ? venet_put_host(reply) : -EMSGSIZE, info);
}

/* Where a dump goes on: the container, and which of its addresses is next. */
struct venet_dump {
	unsigned long id;
	unsigned long skip;
	u32 only;	/* this container; 0: all */
};

static struct venet_dump *venet_dump(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct venet_dump) > sizeof(cb->ctx));
	return (struct venet_dump *)cb->ctx;
}

static int venet_addr_get_start(struct netlink_callback *cb)
{
	struct nlattr *attrs[CLOISON_NET_A_MAX + 1];
	int err = cloison_genl_capable(cb->skb, cb->extack);

	if (err)
		return err;
	/* Valid already: older kernels hand it out in another way. */
	err = genlmsg_parse(cb->nlh, &venet_family, attrs, CLOISON_NET_A_MAX,
			    NULL, cb->extack);
	if (err)
		return err;
	if (attrs[CLOISON_NET_A_ADDR]) {
		NL_SET_ERR_MSG(cb->extack, "a dump takes no address");
		return -EINVAL;
	}
	*venet_dump(cb) = (struct venet_dump){};
	if (attrs[CLOISON_NET_A_ID])
		venet_dump(cb)->only = nla_get_u32(attrs[CLOISON_NET_A_ID]);
	return 0;
}

/* One message of a dump. */
static int venet_dump_one(struct sk_buff *skb, struct netlink_callback *cb,
			  int cmd, struct venet_ct *ct,
			  const struct venet_address *a)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, &venet_family, NLM_F_MULTI,
				cmd);

	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (a ? venet_put_address(skb, a) : venet_put_ct(skb, ct)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* Both go on where they were, whatever has come and gone meanwhile. */
static int venet_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct venet_dump *dump = venet_dump(cb);
	struct venet_ct *ct;
	unsigned long id;

	mutex_lock(&venet_mutex);
	cb->seq = venet_generation;
	xa_for_each_start(&venet_cts, id, ct, dump->id) {
		if (venet_dump_one(skb, cb, CLOISON_NET_CMD_GET, ct, NULL))
			break;
		dump->id = id + 1;
	}
	mutex_unlock(&venet_mutex);
	return skb->len;
}

static int venet_dump_addresses(struct sk_buff *skb,
				struct netlink_callback *cb,
				struct venet_ct *ct)
{
	struct venet_dump *dump = venet_dump(cb);
	struct venet_address *a;
	unsigned long i = 0;

	list_for_each_entry(a, &ct->addresses, list) {
		if (i++ < dump->skip)
			continue;
		if (venet_dump_one(skb, cb, CLOISON_NET_CMD_ADDR_GET, ct, a))
			return -EMSGSIZE;
		dump->skip++;
	}
	return 0;
}

static int venet_addr_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct venet_dump *dump = venet_dump(cb);
	struct venet_ct *ct;
	unsigned long id;
	int err = 0;

	mutex_lock(&venet_mutex);
	cb->seq = venet_generation;
	if (dump->only && !xa_load(&venet_cts, dump->only))
		err = -ENOENT;
	xa_for_each_start(&venet_cts, id, ct, dump->id) {
		if (dump->only && dump->only != id)
			continue;
		if (venet_dump_addresses(skb, cb, ct))
			break;
		dump->id = id + 1;
		dump->skip = 0;
	}
	mutex_unlock(&venet_mutex);
	return err ?: skb->len;
}

#define VENET_OP(_cmd, _name, _policy, _maxattr)			\
	.cmd		= _cmd,						\
	.doit		= venet_cmd_##_name,				\
	.policy		= _policy,					\
	.maxattr	= _maxattr

static const struct genl_ops venet_genl_ops[] = {
	{ VENET_OP(CLOISON_NET_CMD_BIND, bind, bind_policy,
		   ARRAY_SIZE(bind_policy) - 1) },
	{ VENET_OP(CLOISON_NET_CMD_ADDR_ADD, addr_add, addr_policy,
		   ARRAY_SIZE(addr_policy) - 1) },
	{ VENET_OP(CLOISON_NET_CMD_ADDR_DEL, addr_del, addr_policy,
		   ARRAY_SIZE(addr_policy) - 1) },
	{
		VENET_OP(CLOISON_NET_CMD_ADDR_GET, addr_get, addr_get_policy,
			 ARRAY_SIZE(addr_get_policy) - 1),
		.start	= venet_addr_get_start,
		.dumpit	= venet_addr_get_dump,
	},
	{
		VENET_OP(CLOISON_NET_CMD_GET, get, id_policy,
			 ARRAY_SIZE(id_policy) - 1),
		.start	= cloison_genl_dump_all,
		.dumpit	= venet_get_dump,
	},
	{ VENET_OP(CLOISON_NET_CMD_HOLD, hold, hold_policy,
		   ARRAY_SIZE(hold_policy) - 1) },
	{ VENET_OP(CLOISON_NET_CMD_RELEASE, release, id_policy,
		   ARRAY_SIZE(id_policy) - 1) },
	{ VENET_OP(CLOISON_NET_CMD_DISCARD, discard, id_policy,
		   ARRAY_SIZE(id_policy) - 1) },
	{ VENET_OP(CLOISON_NET_CMD_HOST_SET, host_set, host_set_policy,
		   ARRAY_SIZE(host_set_policy) - 1) },
	{
		.cmd	= CLOISON_NET_CMD_HOST_GET,
		.doit	= venet_cmd_host_get,
	},
	{ VENET_OP(CLOISON_NET_CMD_SET, set, set_policy,
		   ARRAY_SIZE(set_policy) - 1) },
};

/*
 * netnsok is not set: only the initial network namespace sees the family.
 * resv_start_op is not set: all commands are validated strictly.
 */
static struct genl_family venet_family __ro_after_init = {
	.name		= CLOISON_NET_GENL_NAME,
	.version	= CLOISON_NET_GENL_VERSION,
	.module		= THIS_MODULE,
	.parallel_ops	= true,
	.pre_doit	= venet_pre_doit,
	.post_doit	= venet_post_doit,
	.ops		= venet_genl_ops,
	.n_ops		= ARRAY_SIZE(venet_genl_ops),
};

int __init venet_netlink_init(void)
{
	return genl_register_family(&venet_family);
}

void venet_netlink_exit(void)
{
	genl_unregister_family(&venet_family);
}
