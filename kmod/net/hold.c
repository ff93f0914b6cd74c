// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that wait while their container is frozen, saved or moved.
 *
 * A queued packet keeps nothing of the side it came from: it was scrubbed, is
 * charged to no socket, and knows no device. Its owner is looked up
 * again when it goes on.
 */
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/workqueue.h>
#include <net/ip.h>

#include "net.h"

/*
 * As many as a TCP connection may have under way; but where the rules of a container make each
 * take its time, no more than begin in one jiffy, so that others do not notice.
 */
#define VENET_BATCH	256

static struct workqueue_struct *venet_wq;

static void venet_hold_work(struct work_struct *work);

void venet_hold_init(struct venet_hold *hold)
{
	int flow;

	spin_lock_init(&hold->lock);
	INIT_WORK(&hold->work, venet_hold_work);
	for (flow = 0; flow < VENET_FLOWS; flow++)
		__skb_queue_head_init(&hold->queue[flow]);
}

/* Nobody releases it any more; what was released has gone on. Sleeps. */
void venet_hold_stop(struct venet_hold *hold)
{
	flush_work(&hold->work);
}

void venet_hold_free(struct venet_hold *hold)
{
	int flow;

	for (flow = 0; flow < VENET_FLOWS; flow++)
		__skb_queue_purge(&hold->queue[flow]);
}

/* Its headers were looked at by venet_parse(). */
static bool venet_hold_opens(struct sk_buff *skb)
{
	const struct iphdr *iph = (struct iphdr *)skb->data;
	const struct tcphdr *th;
	struct tcphdr buf;
	int offset;

	if (skb->protocol == htons(ETH_P_IP)) {
		if (iph->protocol != IPPROTO_TCP || ip_is_fragment(iph))
			return false;
		offset = iph->ihl * 4;
	} else {
		if (((struct ipv6hdr *)iph)->nexthdr != IPPROTO_TCP)
			return false;
		offset = sizeof(struct ipv6hdr);
	}
	th = skb_header_pointer(skb, offset, sizeof(buf), &buf);
	return th && th->syn && !th->ack;
}

enum venet_held venet_hold_take(struct venet_ct *ct, struct sk_buff *skb,
				enum venet_flow flow)
{
	struct venet_stats *stats = this_cpu_ptr(ct->stats);
	struct venet_hold *hold = &ct->hold;
	bool full;

	/*
	 * The socket must be able to go, with its owner and his namespace; nor
	 * does he wait for memory of his that was sent without copying.
	 */
	if (unlikely(skb_orphan_frags_rx(skb, GFP_ATOMIC))) {
		venet_drop(ct->stats, flow, CLOISON_NET_DROP_BACKLOG, skb);
		return VENET_DROPPED;
	}
	skb_orphan(skb);
	skb->dev = NULL;

	spin_lock(&hold->lock);
	if (!hold->on[flow] || (hold->new_only &&
				(flow != VENET_TO || !venet_hold_opens(skb)))) {
		spin_unlock(&hold->lock);
		return VENET_PASSES;
	}
	full = skb_queue_len(&hold->queue[flow]) >= hold->max_packets ||
	       hold->bytes[flow] + (u64)skb->truesize > hold->max_bytes;
	if (!full) {
		hold->bytes[flow] += skb->truesize;
		__skb_queue_tail(&hold->queue[flow], skb);
	}
	spin_unlock(&hold->lock);

	if (full) {
		venet_drop(ct->stats, flow, CLOISON_NET_DROP_HOLD_FULL, skb);
		return VENET_DROPPED;
	}
	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(&stats->flow[flow].held);
	u64_stats_update_end(&stats->syncp);
	return VENET_QUEUED;
}

/* It holds for certain a grace period later: see venet_post_doit(). */
void venet_hold_start(struct venet_ct *ct, u32 max_packets, u32 max_bytes,
		      bool new_only)
{
	struct venet_hold *hold = &ct->hold;
	int flow;

	lockdep_assert_held(&venet_mutex);

	spin_lock_bh(&hold->lock);
	hold->max_packets = max_packets;
	hold->max_bytes = max_bytes;
	hold->releasing = false;
	/* What waits already is not to be overtaken. */
	hold->new_only = new_only && (hold->new_only || (!hold->on[VENET_FROM] &&
							 !hold->on[VENET_TO]));
	for (flow = 0; flow < VENET_FLOWS; flow++)
		WRITE_ONCE(hold->on[flow], true);
	spin_unlock_bh(&hold->lock);
}

/* Takes out the first packet, which is then the caller's. */
static struct sk_buff *venet_hold_dequeue(struct venet_hold *hold,
					  enum venet_flow flow)
{
	struct sk_buff *skb = __skb_dequeue(&hold->queue[flow]);

	lockdep_assert_held(&hold->lock);
	if (skb)
		hold->bytes[flow] -= skb->truesize;
	return skb;
}

/*
 * A batch of what waits goes on; BH off. Packets that come meanwhile are queued behind the
 * others, and each is through before the next one goes: so none overtakes. True if there is
 * none left, and none waits from now on, or if the container is on hold again.
 */
static bool venet_hold_drain(struct venet_ct *ct, enum venet_flow flow)
{
	unsigned long began = jiffies;
	struct venet_hold *hold = &ct->hold;
	struct sk_buff *skb;
	int i;

	for (i = 0; i < VENET_BATCH; i++) {
		spin_lock(&hold->lock);
		skb = hold->releasing ? venet_hold_dequeue(hold, flow) : NULL;
		if (hold->releasing && !skb) {
			WRITE_ONCE(hold->on[flow], false);
			hold->releasing = hold->on[VENET_FROM] || hold->on[VENET_TO];
		}
		/* Before the lock goes: a new hold waits for this. */
		rcu_read_lock();
		spin_unlock(&hold->lock);
		if (skb)
			venet_resume(ct, skb, flow);
		rcu_read_unlock();
		if (!skb)
			return true;
		if (need_resched() || time_after(jiffies, began))
			break;
	}
	return false;
}

/*
 * First what goes to the container: its answers wait until that is done, so that who sends to
 * it has to stop. What that one sends for an answer comes when BH are on again, after
 * the look for more. Only who waits for no answer and is faster can make this last.
 */
static void venet_hold_work(struct work_struct *work)
{
	static const enum venet_flow order[] = { VENET_TO, VENET_FROM };
	struct venet_ct *ct = container_of(work, struct venet_ct, hold.work);
	bool done;
	int i;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		do {
			local_bh_disable();
			done = venet_hold_drain(ct, order[i]);
			local_bh_enable();
			cond_resched();
		} while (!done);
	}
}

int venet_hold_release(struct venet_ct *ct)
{
	struct venet_hold *hold = &ct->hold;
	int err = -EALREADY;

	lockdep_assert_held(&venet_mutex);

	spin_lock_bh(&hold->lock);
	if (venet_is_held(hold)) {
		hold->releasing = true;
		queue_work(venet_wq, &hold->work);
		err = 0;
	}
	spin_unlock_bh(&hold->lock);
	return err;
}

int venet_hold_discard(struct venet_ct *ct)
{
	struct venet_hold *hold = &ct->hold;
	struct sk_buff *skb;
	int flow;

	lockdep_assert_held(&venet_mutex);

	spin_lock_bh(&hold->lock);
	if (!venet_is_held(hold)) {
		spin_unlock_bh(&hold->lock);
		return -EALREADY;
	}
	for (flow = 0; flow < VENET_FLOWS; flow++)
		while ((skb = venet_hold_dequeue(hold, flow)))
			venet_drop(ct->stats, flow, CLOISON_NET_DROP_DISCARDED,
				   skb);
	spin_unlock_bh(&hold->lock);
	return 0;
}

int venet_hold_init_wq(void)
{
	/* Unbound: it receives packets, and that takes what it takes. */
	venet_wq = alloc_workqueue("cloison_net", WQ_UNBOUND, 0);
	return venet_wq ? 0 : -ENOMEM;
}

void venet_hold_exit_wq(void)
{
	destroy_workqueue(venet_wq);
}
