// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way of a packet.
 *
 *	container		host
 *
 *	venet_xmit()
 *	  source its own?
 *	  on hold? ---> queue
 *	  |
 *	  +-- short cut? ------------------------------+
 *	  |						|
 *	  +---> venet0 ---> routing, netfilter, ...	|
 *						|	|
 *				venet_xmit()	|	|
 *				  whose?	v	v
 *				  on hold? ---> queue
 *				  |
 *	venet0 <------------------+
 *
 * A packet is scrubbed once, when it leaves the device it was sent on, and then
 * passes from one device to the other whole: neither segmented nor
 * checksummed. Transmission runs with BH off, which is a reader's lock of RCU
 * too. What every packet passes is inlined: the calls are a good part of it.
 */
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <net/ip.h>
#include <net/sch_generic.h>

#include "net.h"

bool venet_shortcut;
struct venet_stats __percpu *venet_host_stats;

struct venet_packet {
	struct in6_addr saddr;
	struct in6_addr daddr;
};

static void venet_count(struct venet_ct *ct, enum venet_flow flow,
			unsigned int len)
{
	struct venet_stats *stats = this_cpu_ptr(ct->stats);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(&stats->flow[flow].packets);
	u64_stats_add(&stats->flow[flow].bytes, len);
	u64_stats_update_end(&stats->syncp);
}

void venet_drop(struct venet_stats __percpu *percpu, enum venet_flow flow,
		enum cloison_net_drop why, struct sk_buff *skb)
{
	struct venet_stats *stats;

	local_bh_disable();
	stats = this_cpu_ptr(percpu);
	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(&stats->flow[flow].drops[why]);
	u64_stats_update_end(&stats->syncp);
	local_bh_enable();
	kfree_skb(skb);
}

/* The addresses, or why it cannot pass. 0 if it can. */
static __always_inline enum cloison_net_drop
venet_parse(struct sk_buff *skb, struct venet_packet *packet)
{
	const struct ipv6hdr *ip6h;
	const struct iphdr *iph;

	switch (skb->protocol) {
	case htons(ETH_P_IP):
		if (!pskb_may_pull(skb, sizeof(*iph)))
			return CLOISON_NET_DROP_INVALID;
		iph = (struct iphdr *)skb->data;
		if (iph->version != 4)
			return CLOISON_NET_DROP_INVALID;
		if (ipv4_is_multicast(iph->daddr) ||
		    ipv4_is_lbcast(iph->daddr))
			return CLOISON_NET_DROP_SCOPE;
		ipv6_addr_set_v4mapped(iph->saddr, &packet->saddr);
		ipv6_addr_set_v4mapped(iph->daddr, &packet->daddr);
		return 0;
	case htons(ETH_P_IPV6):
		if (!pskb_may_pull(skb, sizeof(*ip6h)))
			return CLOISON_NET_DROP_INVALID;
		ip6h = (struct ipv6hdr *)skb->data;
		if (ip6h->version != 6)
			return CLOISON_NET_DROP_INVALID;
		packet->saddr = ip6h->saddr;
		packet->daddr = ip6h->daddr;
		/* In the table that would be somebody's IPv4. */
		if (venet_is_v4(&packet->saddr) || venet_is_v4(&packet->daddr))
			return CLOISON_NET_DROP_INVALID;
		if (ipv6_addr_is_multicast(&packet->daddr) ||
		    ipv6_addr_type(&packet->daddr) & IPV6_ADDR_LINKLOCAL ||
		    ipv6_addr_type(&packet->saddr) & IPV6_ADDR_LINKLOCAL)
			return CLOISON_NET_DROP_SCOPE;
		return 0;
	default:
		return CLOISON_NET_DROP_INVALID;
	}
}

/*
 * To the device at the end of this way: through the CPU's backlog, so that the
 * stack does not grow, or at once.
 */
static __always_inline bool
venet_receive(struct venet_ct *ct, enum venet_flow flow, struct net_device *dev,
	      struct sk_buff *skb, bool at_once)
{
	unsigned int len = skb->len;

	if (unlikely(!dev)) {
		venet_drop(ct->stats, flow, CLOISON_NET_DROP_NO_DEVICE, skb);
		return false;
	}
	skb->dev = dev;
	if (unlikely(at_once)) {
		/* the other receiver takes it to another CPU, if RPS says so */
		netif_receive_skb_core(skb);
	} else if (unlikely(__netif_rx(skb) != NET_RX_SUCCESS)) {
		venet_drop(ct->stats, flow, CLOISON_NET_DROP_BACKLOG, NULL);
		return false;
	}
	dev_sw_netstats_rx_add(dev, len);
	venet_count(ct, flow, len);
	return true;
}

static __always_inline enum venet_held
venet_on_hold(struct venet_ct *ct, struct sk_buff *skb, enum venet_flow flow)
{
	return unlikely(READ_ONCE(ct->hold.on[flow])) ?
	       venet_hold_take(ct, skb, flow) : VENET_PASSES;
}

static __always_inline bool venet_to(struct venet_ct *ct, struct sk_buff *skb,
				     bool at_once)
{
	enum venet_held held = venet_on_hold(ct, skb, VENET_TO);

	if (unlikely(held))
		return held == VENET_QUEUED;
	return venet_receive(ct, VENET_TO, rcu_dereference_bh(ct->dev), skb,
			     at_once);
}

static __always_inline bool venet_leave(struct venet_ct *ct,
					struct sk_buff *skb,
					const struct venet_packet *packet,
					bool at_once)
{
	struct venet_address *to;

	if (READ_ONCE(venet_shortcut) && !READ_ONCE(ct->no_shortcut)) {
		to = venet_address_find(&packet->daddr);
		/* What is sent to oneself over a link the host may see; it does not come back. */
		if (to && to->ct != ct && !READ_ONCE(to->ct->no_shortcut)) {
			venet_count(ct, VENET_FROM, skb->len);
			return venet_to(to->ct, skb, at_once);
		}
	}
	return venet_receive(ct, VENET_FROM, rcu_dereference_bh(venet_host_dev),
			     skb, at_once);
}

static void venet_log_spoofed(struct venet_ct *ct,
			      const struct venet_packet *packet)
{
	if (!__ratelimit(&ct->log_limit))
		return;
	if (venet_is_v4(&packet->saddr))
		pr_warn("cloison_net: container %u sent from %pI4, which is not its own, to %pI4\n",
			ct->id, &packet->saddr.s6_addr32[3],
			&packet->daddr.s6_addr32[3]);
	else
		pr_warn("cloison_net: container %u sent from %pI6c, which is not its own, to %pI6c\n",
			ct->id, &packet->saddr, &packet->daddr);
}

static bool venet_is_own(const struct venet_ct *ct, const struct in6_addr *addr)
{
	struct venet_address *a = venet_address_find(addr);

	return a && a->ct == ct;
}

/*
 * Nothing of the sender's side may reach the other: an ifb device leaves a mark
 * by which the packet would pass by the ingress hooks of tc and netfilter, tc's
 * redirection one by which it would pass by XDP.
 */
static void venet_scrub(struct sk_buff *skb)
{
	skb_scrub_packet(skb, true);
	skb_skip_tc_classify(skb);
	skb_reset_redirect(skb);
	skb_set_dst_pending_confirm(skb, 0);
	skb->priority = 0;
#ifdef CONFIG_NET_SCHED
	skb->tc_index = 0;
#endif
	skb_set_queue_mapping(skb, 0);
	skb_reset_mac_header(skb);
}

/* Few ask for it: others do not pay for the calls. There is no PHY here. */
static __always_inline void venet_timestamp(struct sk_buff *skb)
{
	if (unlikely(skb_shinfo(skb)->tx_flags))
		skb_tx_timestamp(skb);
}

static bool venet_xmit_container(struct venet_ct *ct, struct sk_buff *skb)
{
	struct venet_packet packet;
	enum cloison_net_drop why;
	enum venet_held held;

	why = venet_parse(skb, &packet);
	if (unlikely(why)) {
		venet_drop(ct->stats, VENET_FROM, why, skb);
		return false;
	}
	if (unlikely(!venet_is_own(ct, &packet.saddr))) {
		venet_log_spoofed(ct, &packet);
		venet_drop(ct->stats, VENET_FROM, CLOISON_NET_DROP_SPOOFED,
			   skb);
		return false;
	}
	venet_scrub(skb);
	venet_timestamp(skb);
	held = venet_on_hold(ct, skb, VENET_FROM);
	if (unlikely(held))
		return held == VENET_QUEUED;
	return venet_leave(ct, skb, &packet, false);
}

/*
 * Set while a packet that was queued is on its way through the host: forwarded from there it
 * goes to another container at once as well. In this CPU's backlog it might
 * still wait when the hold has ended, and later packets take that of another CPU.
 * One device further, no more: stacks are finite. What the host itself sends meanwhile, an answer
 * say, goes by the backlog as ever: it may have a lock of the socket in its hands.
 */
static DEFINE_PER_CPU(bool, venet_at_once);

/*
 * There is no answer to a packet for nobody: whose it was may just be on its
 * way from or to another host.
 */
static bool venet_xmit_host(struct sk_buff *skb)
{
	struct venet_packet packet;
	enum cloison_net_drop why;
	struct venet_address *to;
	bool forwarded, sent;

	why = venet_parse(skb, &packet);
	if (unlikely(why))
		goto drop;
	to = venet_address_find(&packet.daddr);
	if (unlikely(!to)) {
		why = CLOISON_NET_DROP_NO_OWNER;
		goto drop;
	}
	/* From here; until it is scrubbed. */
	forwarded = skb->skb_iif == skb->dev->ifindex;
	/*
	 * Its own are at hand where it is. One that has it come back could have it go round, on CPU
	 * time of nobody's: only what the host forwards from here can be that.
	 */
	if (forwarded && unlikely(venet_is_own(to->ct, &packet.saddr))) {
		venet_drop(to->ct->stats, VENET_TO, CLOISON_NET_DROP_LOOPED, skb);
		return false;
	}
	venet_scrub(skb);
	venet_timestamp(skb);
	if (likely(!forwarded || !__this_cpu_read(venet_at_once)))
		return venet_to(to->ct, skb, false);
	__this_cpu_write(venet_at_once, false);
	sent = venet_to(to->ct, skb, true);
	__this_cpu_write(venet_at_once, true);
	return sent;

drop:
	venet_drop(venet_host_stats, VENET_TO, why, skb);
	return false;
}

netdev_tx_t venet_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct venet *venet = netdev_priv(dev);
	unsigned int len = skb->len;
	struct venet_ct *ct;
	bool sent = false;

	ct = rcu_dereference_bh(venet->ct);
	if (unlikely(skb_orphan_frags(skb, GFP_ATOMIC)))
		kfree_skb(skb);
	else if (ct)
		sent = venet_xmit_container(ct, skb);
	else if (venet->host)
		sent = venet_xmit_host(skb);
	else
		kfree_skb(skb);

	if (likely(sent))
		dev_sw_netstats_tx_add(dev, 1, len);
	else
		dev_core_stats_tx_dropped_inc(dev);
	return NETDEV_TX_OK;
}

/* An address may have changed hands while the packet was queued. */
void venet_resume(struct venet_ct *ct, struct sk_buff *skb,
		  enum venet_flow flow)
{
	struct venet_packet packet;

	if (venet_parse(skb, &packet)) {
		venet_drop(ct->stats, flow, CLOISON_NET_DROP_INVALID, skb);
	} else if (flow == VENET_TO) {
		if (venet_is_own(ct, &packet.daddr))
			venet_receive(ct, VENET_TO, rcu_dereference_bh(ct->dev),
				      skb, true);
		else if (!venet_address_find(&packet.daddr))
			/*
			 * Whose it was has moved to another host, where the routes of this
			 * one may lead by now. Where they still lead here it comes to nobody.
			 */
			venet_receive(ct, VENET_FROM, rcu_dereference_bh(venet_host_dev),
				      skb, true);
		else
			venet_drop(ct->stats, flow, CLOISON_NET_DROP_NO_OWNER,
				   skb);
	} else if (venet_is_own(ct, &packet.saddr)) {
		__this_cpu_write(venet_at_once, true);
		venet_leave(ct, skb, &packet, true);
		__this_cpu_write(venet_at_once, false);
	} else {
		venet_drop(ct->stats, flow, CLOISON_NET_DROP_SPOOFED, skb);
	}
}
