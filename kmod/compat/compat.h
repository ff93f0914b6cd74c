/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The code is written for the newest kernel. What older ones lack is here,
 * each dated with the release that has it; see compat.mk.
 */
#ifndef _CLOISON_COMPAT_H
#define _CLOISON_COMPAT_H

#include <linux/btf.h>
#include <linux/fs.h>
#include <linux/netdevice.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/sock.h>

/* Before 7.0, allocations named a size. */
#ifndef kzalloc_obj
#define kzalloc_obj(obj) kzalloc(sizeof(obj), GFP_KERNEL)
#define kmalloc_obj(obj) kmalloc(sizeof(obj), GFP_KERNEL)
#endif

/* Before 6.3, file locks were declared in fs.h. */
#ifdef COMPAT_HAVE_FILELOCK_HEADER
#include <linux/filelock.h>
#endif

/* Before 6.7, that a file may not have ended was not told by its address. Under RCU. */
#ifdef get_file_rcu
static inline struct file *get_file_active(struct file **f)
{
	return get_file_rcu(*f) ? *f : NULL;
}
#endif

/* Before 6.9, a lock and a lease were one structure. */
#ifndef COMPAT_HAVE_FILE_LOCK_CORE
#define file_lock_core	file_lock
#define flc_list	fl_list
#define flc_file	fl_file
#endif

/* Before 6.9, sets of kfuncs were not told apart; before 6.7, nor these from others. */
#ifndef BTF_KFUNCS_START
#define BTF_KFUNCS_START(name)	BTF_SET8_START(name)
#define BTF_KFUNCS_END(name)	BTF_SET8_END(name)
#endif
#ifndef __bpf_kfunc_start_defs
#define __bpf_kfunc_start_defs()
#define __bpf_kfunc_end_defs()
#endif
#ifndef __bpf_kfunc
#define __bpf_kfunc	noinline
#endif

/* Before 6.17, the owner of a socket was read as it is. */
static inline kuid_t compat_sk_uid(const struct sock *sk)
{
#ifdef COMPAT_HAVE_SK_UID
	return sk_uid(sk);
#else
	return READ_ONCE(sk->sk_uid);
#endif
}

/* Before 6.2, pre_doit got a genl_ops. */
#ifndef COMPAT_HAVE_GENL_SPLIT_OPS
#define genl_split_ops genl_ops
#endif

/*
 * Before 6.3, an extended ack took constant text only. Two that are made at the
 * same time may mix here.
 */
#ifndef NL_SET_ERR_MSG_FMT
static inline void compat_set_err_msg(struct netlink_ext_ack *ack, const char *text)
{
	if (ack)
		ack->_msg = text;
}

#define NL_SET_ERR_MSG_FMT(extack, fmt, args...) do {			\
	static char msg_[80];						\
									\
	snprintf(msg_, sizeof(msg_), fmt, ##args);			\
	compat_set_err_msg(extack, msg_);				\
} while (0)
#endif

/*
 * No lock around transmission; no move to another network namespace. Before
 * 6.15 the latter was netns_local, before 6.12 both were features.
 */
static inline void compat_netdev_lltx_immutable(struct net_device *dev)
{
#ifdef COMPAT_HAVE_NETNS_IMMUTABLE
	dev->lltx = true;
	dev->netns_immutable = true;
#else
	dev->features |= NETIF_F_LLTX | NETIF_F_NETNS_LOCAL;
#endif
}

/*
 * COMPAT_SCHED_PROCESS_EXIT(name, fn) makes the probe name() for the tracepoint
 * sched_process_exit that calls fn(task, group_dead). Before 6.16 a probe is not
 * told of group death. do_exit() has counted the thread out just before, so of
 * several threads that exit together more than one may be taken for the last:
 * fn() must bear that.
 */
#ifdef COMPAT_HAVE_EXIT_GROUP_DEAD
#define COMPAT_SCHED_PROCESS_EXIT(name, fn)				\
	static void name(void *data, struct task_struct *p, bool group_dead) \
	{								\
		fn(p, group_dead);					\
	}
#else
#define COMPAT_SCHED_PROCESS_EXIT(name, fn)				\
	static void name(void *data, struct task_struct *p)		\
	{								\
		fn(p, !atomic_read(&p->signal->live));			\
	}
#endif

/* The end of a file system of simple_fill_super(). Before 7.0 it had to be told. */
#ifdef COMPAT_HAVE_PERSISTENT_DENTRIES
#define compat_kill_tree_super kill_anon_super
#else
#define compat_kill_tree_super kill_litter_super
#endif

#endif /* _CLOISON_COMPAT_H */
