/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of cloison_net.ko share. See Documentation/net.rst. */
#ifndef _CLOISON_NET_H
#define _CLOISON_NET_H

#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/ratelimit.h>
#include <linux/u64_stats_sync.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/ipv6.h>
#include <uapi/linux/cloison_net.h>

#include "../core/cloison.h"

/* Seen from the container. */
enum venet_flow {
	VENET_FROM,
	VENET_TO,

	VENET_FLOWS,
};

struct venet_stats {
	struct {
		u64_stats_t packets;
		u64_stats_t bytes;
		u64_stats_t held;
		u64_stats_t drops[CLOISON_NET_DROP_MAX + 1];
	} flow[VENET_FLOWS];
	struct u64_stats_sync syncp;
};

/* hold.c: what waits. on is read without the lock, all else needs it. */
struct venet_hold {
	spinlock_t		lock;		/* of all below */
	bool			on[VENET_FLOWS];
	bool			releasing;	/* what is queued flows on */
	bool			new_only;	/* what opens a TCP connection to it */
	u32			max_packets;
	u32			max_bytes;
	struct sk_buff_head	queue[VENET_FLOWS];
	u32			bytes[VENET_FLOWS];
	struct work_struct	work;
};

static inline bool venet_is_held(const struct venet_hold *hold)
{
	return hold->on[VENET_FROM] && !hold->releasing;
}

/*
 * container.c: the module's side of a container. Readers are under RCU; it is
 * freed a grace period after everything that points to it was taken away.
 */
struct venet_ct {
	u32				id;
	struct net_device __rcu		*dev;	/* while it is up */
	struct venet_stats __percpu	*stats;
	struct venet_hold		hold;
	struct ratelimit_state		log_limit;
	bool				no_shortcut;	/* written under venet_mutex */

	/* under venet_mutex */
	struct venet_net		*net;	/* bound to */
	struct list_head		addresses;
	struct rcu_head			rcu;
};

/* A network namespace. Under venet_mutex. */
struct venet_net {
	struct net		*net;
	struct net_device	*dev;	/* its only venet device */
	struct venet_ct		*ct;	/* bound to it */
};

/* Private to a venet device. */
struct venet {
	struct venet_ct __rcu	*ct;	/* NULL on the host, or not bound */
	bool			host;
	bool			up;	/* under venet_mutex */
};

/* IPv4 as IPv4-mapped IPv6: one table, one length of prefix, for both. */
struct venet_address {
	struct hlist_node	node;
	struct in6_addr		addr;
	unsigned int		plen;	/* 0..128 */
	struct venet_ct		*ct;
	struct list_head	list;	/* of the container's, read under RCU too */
	struct rcu_head		rcu;
};

/*
 * Serializes every change. Taken under the core's mutex and under RTNL: whoever
 * holds it must take neither.
 */
extern struct mutex venet_mutex;

/* main.c */
struct venet_net *venet_net(const struct net *net);

/* container.c: all of them, by id; changed under venet_mutex, read under RCU too. */
extern struct xarray venet_cts;
extern struct cloison_ops venet_cloison_ops;

int venet_bind(struct venet_ct *ct, struct venet_net *vnet,
	       struct netlink_ext_ack *extack);
void venet_unbind(struct venet_ct *ct);
void venet_publish(struct venet_net *vnet);

/*
 * Counts the changes of what dumps tell: one that saw two values is not of one moment. Under
 * venet_mutex.
 */
extern unsigned int venet_generation;

/* address.c */
static inline bool venet_is_v4(const struct in6_addr *addr)
{
	return ipv6_addr_v4mapped(addr);
}

void venet_address_init(void);
/* The container an address belongs to, and why; NULL: none. Under RCU. */
struct venet_address *venet_address_find(const struct in6_addr *addr);
int venet_address_add(struct venet_ct *ct, const struct in6_addr *addr,
		      unsigned int plen, struct netlink_ext_ack *extack);
int venet_address_del(struct venet_ct *ct, const struct in6_addr *addr,
		      unsigned int plen);
void venet_address_del_all(struct venet_ct *ct);

/* link.c */
extern struct rtnl_link_ops venet_link_ops;
extern struct net_device __rcu *venet_host_dev;	/* while it is up */

int venet_host_create(void);

/* xmit.c */
extern bool venet_shortcut;
extern struct venet_stats __percpu *venet_host_stats;

netdev_tx_t venet_xmit(struct sk_buff *skb, struct net_device *dev);
/*
 * What was queued goes on, the packets being freed if it cannot. Under RCU, BH
 * off; when it returns the receiver is through with it.
 */
void venet_resume(struct venet_ct *ct, struct sk_buff *skb,
		  enum venet_flow flow);
void venet_drop(struct venet_stats __percpu *stats, enum venet_flow flow,
		enum cloison_net_drop why, struct sk_buff *skb);

/* hold.c */
/* What became of a packet that may have to wait. */
enum venet_held {
	VENET_PASSES,	/* it need not */
	VENET_QUEUED,
	VENET_DROPPED,
};

int venet_hold_init_wq(void);
void venet_hold_exit_wq(void);
void venet_hold_init(struct venet_hold *hold);
void venet_hold_stop(struct venet_hold *hold);
void venet_hold_start(struct venet_ct *ct, u32 max_packets, u32 max_bytes,
		      bool new_only);
int venet_hold_release(struct venet_ct *ct);
int venet_hold_discard(struct venet_ct *ct);
void venet_hold_free(struct venet_hold *hold);
/* BH off. */
enum venet_held venet_hold_take(struct venet_ct *ct, struct sk_buff *skb,
				enum venet_flow flow);

/* netlink.c */
int venet_netlink_init(void);
void venet_netlink_exit(void);

#endif /* _CLOISON_NET_H */
