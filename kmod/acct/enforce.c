// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits that no controller of the kernel holds: BPF programs at hooks of its
 * security modules ask here, and refuse.
 *
 * The tool writes and attaches the programs, and gives their links to us: so they are
 * there for as long as a container has use for them, whatever becomes of the tool.
 * Files and sockets are counted, from before the container's first process on. Of
 * terminals and locks the end cannot be seen: of these so many may be had as were free
 * when the container was last looked at; then it is looked at again.
 *
 * Whose something is, its user id says: each container has a range of its own.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/in.h>
#include <linux/net.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "../compat/compat.h"
#include "acct.h"

#define ACCT_IDS	65536	/* of a container */

/* Programs that come and go together. */
enum acct_group_id {
	ACCT_GROUP_FILES,
	ACCT_GROUP_SOCKETS,
	ACCT_GROUP_PTYS,
	ACCT_GROUP_LOCKS,
	ACCT_GROUPS,
	ACCT_GROUP_NONE = ACCT_GROUPS,
};

static struct acct_group {
	/*
	 * Those programs whose token this is are heard; 0: none. A tool that attached
	 * some too, at the same time, takes its own away again.
	 */
	u32		token;
	unsigned int	users;		/* containers */
	unsigned int	count;
	struct file	*links[CLOISON_ACCT_LINKS_MAX];
} acct_groups[ACCT_GROUPS];

/* Groups, and which containers are in them. Under the core's mutex. */
static DEFINE_MUTEX(acct_groups_lock);

/*
 * Those in any group, by the upper half of their first id, which need not be at a
 * multiple. Ranges do not overlap. Read under RCU.
 */
static DEFINE_XARRAY(acct_bases);

/* What is counted, by address. There while the group of sockets has users. */
struct acct_sock {
	struct rhash_head	node;
	unsigned long		sk;
	struct acct_ct		*ct;	/* a reference */
	u32			resource;
	struct rcu_head		rcu;
};

static const struct rhashtable_params acct_socks_params = {
	.key_len		= sizeof(unsigned long),
	.key_offset		= offsetof(struct acct_sock, sk),
	.head_offset		= offsetof(struct acct_sock, node),
	.automatic_shrinking	= true,
};

static struct rhashtable acct_socks;

static enum acct_group_id acct_group_of(u32 resource)
{
	switch (resource) {
	case CLOISON_ACCT_NUMFILE:
		return ACCT_GROUP_FILES;
	case CLOISON_ACCT_NUMTCPSOCK:
	case CLOISON_ACCT_NUMOTHERSOCK:
		return ACCT_GROUP_SOCKETS;
	case CLOISON_ACCT_NUMPTY:
		return ACCT_GROUP_PTYS;
	case CLOISON_ACCT_NUMFLOCK:
		return ACCT_GROUP_LOCKS;
	}
	return ACCT_GROUP_NONE;
}

bool acct_enforces(struct acct_ct *ct, u32 resource)
{
	return READ_ONCE(ct->groups) & BIT(acct_group_of(resource));
}

static bool acct_counts(u32 resource)
{
	enum acct_group_id g = acct_group_of(resource);

	return g == ACCT_GROUP_FILES || g == ACCT_GROUP_SOCKETS;
}

bool acct_owns(const struct acct_ct *ct, kuid_t uid)
{
	return __kuid_val(uid) - ct->base < ACCT_IDS;
}

/* Under RCU. NULL if a program asks that is not heard, or not about this one. */
static struct acct_ct *acct_of_uid(enum acct_group_id g, u32 token, u32 uid)
{
	unsigned long block = uid / ACCT_IDS;
	struct acct_ct *ct;

	if (READ_ONCE(acct_groups[g].token) != token || !token)
		return NULL;
	ct = xa_load(&acct_bases, block);
	if (!ct || !acct_owns(ct, KUIDT_INIT(uid)))
		ct = block ? xa_load(&acct_bases, block - 1) : NULL;
	return ct && acct_owns(ct, KUIDT_INIT(uid)) &&
	       READ_ONCE(ct->groups) & BIT(g) ? ct : NULL;
}

static void acct_peak(struct acct_charge *c, long held)
{
	long peak = atomic_long_read(&c->peak);

	while (held > peak && !atomic_long_try_cmpxchg(&c->peak, &peak, held))
		;
}

/* One more, which may not be refused. True: it is within the limit. */
static bool acct_charge(struct acct_charge *c)
{
	long held = atomic_long_inc_return(&c->held);

	if (held > READ_ONCE(c->limit))
		return false;
	acct_peak(c, held);
	return true;
}

static int acct_sock_add(struct acct_ct *ct, unsigned long sk, bool tcp, bool refuse)
{
	u32 r = tcp ? CLOISON_ACCT_NUMTCPSOCK : CLOISON_ACCT_NUMOTHERSOCK;
	struct acct_charge *c = &ct->charge[r];
	struct acct_sock *s;
	int err;

	s = kmalloc(sizeof(*s), GFP_ATOMIC | __GFP_NOWARN);
	if (!s || !refcount_inc_not_zero(&ct->refcount)) {
		/* Then it is not counted when it goes either. */
		kfree(s);
		return 0;
	}
	s->sk = sk;
	s->ct = ct;
	s->resource = r;
	if (!acct_charge(c) && refuse) {
		atomic_long_inc(&c->failcnt);
		err = -ENOBUFS;
	} else {
		/* -EEXIST: met twice in a walk. */
		err = rhashtable_lookup_insert_fast(&acct_socks, &s->node, acct_socks_params);
		if (!err) {
			acct_peak(c, atomic_long_read(&c->held));
			return 0;
		}
		err = 0;
	}
	atomic_long_dec(&c->held);
	acct_put(ct);
	kfree(s);
	return err;
}

static void acct_sock_free(void *ptr, void *arg)
{
	struct acct_sock *s = ptr;

	atomic_long_dec(&s->ct->charge[s->resource].held);
	acct_put(s->ct);
	kfree_rcu(s, rcu);
}

/* Of a container that ran before it was counted. */
void acct_enroll(struct acct_ct *ct, struct sock *sk)
{
	if (acct_owns(ct, compat_sk_uid(sk)))
		acct_sock_add(ct, (unsigned long)sk, sk_is_tcp(sk), false);
}

static int acct_recount(struct acct_ct *ct, u32 r)
{
	struct acct_sample *s = kzalloc_obj(*s);
	struct acct_source src;
	long left;
	int err;

	if (!s)
		return -ENOMEM;
	acct_source_get(ct, &src);
	err = src.init ? acct_walk(&src, s, NULL) : -ESRCH;
	acct_source_put(&src);
	left = READ_ONCE(ct->charge[r].limit) - (long)s->row[r].held;
	kfree(s);
	if (err)
		return err;
	/* One of them is the caller's. */
	atomic_long_set(&ct->charge[r].left, max(left - 1, 0));
	return left > 0 ? 0 : -ENOSPC;
}

/* May the calling process have one more, of what is not counted? Sleeps. */
static bool acct_ask(struct acct_ct *ct, u32 r)
{
	struct acct_charge *c = &ct->charge[r];
	int err = 0;

	if (READ_ONCE(c->limit) == CLOISON_ACCT_UNLIMITED ||
	    atomic_long_dec_if_positive(&c->left) >= 0)
		return true;
	/* Its own processes wait for each other only. */
	if (mutex_lock_killable(&ct->recount))
		return false;
	if (atomic_long_dec_if_positive(&c->left) < 0)
		err = acct_recount(ct, r);
	mutex_unlock(&ct->recount);
	if (err == -ENOSPC)
		atomic_long_inc(&c->failcnt);
	return !err;
}

/*
 * What the programs call. All arguments are numbers, and whatever they are does no harm:
 * an address is looked up only. 1: yes; 0: refuse.
 */
__bpf_kfunc_start_defs();

__bpf_kfunc int acct_bpf_file_alloc(u32 token, u32 uid)
{
	struct acct_charge *c;
	struct acct_ct *ct;
	int ok = 1;

	rcu_read_lock();
	ct = acct_of_uid(ACCT_GROUP_FILES, token, uid);
	if (ct) {
		c = &ct->charge[CLOISON_ACCT_NUMFILE];
		ok = acct_charge(c);
		if (!ok) {
			atomic_long_dec(&c->held);
			atomic_long_inc(&c->failcnt);
		}
	}
	rcu_read_unlock();
	return ok;
}

__bpf_kfunc int acct_bpf_file_free(u32 token, u32 uid)
{
	struct acct_ct *ct;

	rcu_read_lock();
	ct = acct_of_uid(ACCT_GROUP_FILES, token, uid);
	if (ct)
		atomic_long_dec(&ct->charge[CLOISON_ACCT_NUMFILE].held);
	rcu_read_unlock();
	return 1;
}

/* 0 if it is refused; one from a queue of connections that were let in is not. */
__bpf_kfunc int acct_bpf_sock_new(u32 token, u64 sk, u32 uid, u32 kind, u32 refuse)
{
	struct acct_ct *ct;
	int err = 0;

	rcu_read_lock();
	ct = acct_of_uid(ACCT_GROUP_SOCKETS, token, uid);
	if (ct)
		err = acct_sock_add(ct, sk, kind == (SOCK_STREAM << 16 | IPPROTO_TCP), refuse);
	rcu_read_unlock();
	return !err;
}

/* Of TCP, a connection that somebody wants to make. */
__bpf_kfunc int acct_bpf_sock_request(u32 token, u32 uid)
{
	struct acct_charge *c;
	struct acct_ct *ct;
	int ok = 1;

	rcu_read_lock();
	ct = acct_of_uid(ACCT_GROUP_SOCKETS, token, uid);
	if (ct) {
		c = &ct->charge[CLOISON_ACCT_NUMTCPSOCK];
		ok = atomic_long_read(&c->held) < READ_ONCE(c->limit);
		if (!ok)
			atomic_long_inc(&c->failcnt);
	}
	rcu_read_unlock();
	return ok;
}

__bpf_kfunc int acct_bpf_sock_free(u32 token, u64 sk)
{
	unsigned long key = sk;
	struct acct_sock *s;

	rcu_read_lock();
	if (READ_ONCE(acct_groups[ACCT_GROUP_SOCKETS].token) == token && token) {
		s = rhashtable_lookup(&acct_socks, &key, acct_socks_params);
		if (s && !rhashtable_remove_fast(&acct_socks, &s->node, acct_socks_params))
			acct_sock_free(s, NULL);
	}
	rcu_read_unlock();
	return 1;
}

static int acct_bpf_ask(u32 token, u32 resource)
{
	struct acct_ct *ct;
	int ok;

	rcu_read_lock();
	ct = acct_of_uid(acct_group_of(resource), token, __kuid_val(current_uid()));
	if (ct && !refcount_inc_not_zero(&ct->refcount))
		ct = NULL;
	rcu_read_unlock();
	if (!ct)
		return 1;
	ok = acct_ask(ct, resource);
	acct_put(ct);
	return ok;
}

__bpf_kfunc int acct_bpf_lock(u32 token)
{
	return acct_bpf_ask(token, CLOISON_ACCT_NUMFLOCK);
}

__bpf_kfunc int acct_bpf_terminal(u32 token)
{
	return acct_bpf_ask(token, CLOISON_ACCT_NUMPTY);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(acct_kfuncs)
BTF_ID_FLAGS(func, acct_bpf_file_alloc)
BTF_ID_FLAGS(func, acct_bpf_file_free)
BTF_ID_FLAGS(func, acct_bpf_sock_new)
BTF_ID_FLAGS(func, acct_bpf_sock_request)
BTF_ID_FLAGS(func, acct_bpf_sock_free)
BTF_ID_FLAGS(func, acct_bpf_lock, KF_SLEEPABLE)
BTF_ID_FLAGS(func, acct_bpf_terminal, KF_SLEEPABLE)
BTF_KFUNCS_END(acct_kfuncs)

static const struct btf_kfunc_id_set acct_kfunc_set = {
	.owner	= THIS_MODULE,
	.set	= &acct_kfuncs,
};

void acct_limit(struct acct_ct *ct, u32 resource, u64 limit)
{
	struct acct_charge *c = &ct->charge[resource];

	WRITE_ONCE(c->limit, limit);
	/* Those that were free under the last one are none now. */
	atomic_long_set(&c->left, 0);
}

/* The group is left by all: nobody asks any more when this returns. */
static void acct_group_close(enum acct_group_id g)
{
	struct acct_group *group = &acct_groups[g];

	WRITE_ONCE(group->token, 0);
	synchronize_rcu();
	if (g == ACCT_GROUP_SOCKETS)
		rhashtable_free_and_destroy(&acct_socks, acct_sock_free, NULL);
	while (group->count)
		fput(group->links[--group->count]);
}

static int acct_group_open(enum acct_group_id g, const struct acct_links *links,
			   struct netlink_ext_ack *extack)
{
	struct acct_group *group = &acct_groups[g];
	struct file *file;
	int err = 0;

	if (!links->token || !links->count) {
		NL_SET_ERR_MSG(extack, "this limit needs programs, and none are attached");
		return -ENOLINK;
	}
	if (g == ACCT_GROUP_SOCKETS)
		err = rhashtable_init(&acct_socks, &acct_socks_params);
	if (err)
		return err;
	while (!err && group->count < links->count) {
		file = fget(links->fd[group->count]);
		if (file)
			group->links[group->count++] = file;
		else
			err = -EBADF;
	}
	if (err) {
		NL_SET_ERR_MSG(extack, "not an open file");
		acct_group_close(g);
		return err;
	}
	WRITE_ONCE(group->token, links->token);
	return 0;
}

/* Its place among those whose things are counted. */
static int acct_base_add(struct acct_ct *ct, u32 base, struct netlink_ext_ack *extack)
{
	int err;

	if (ct->groups) {
		if (ct->base == base)
			return 0;
		NL_SET_ERR_MSG(extack, "its ids were others");
		return -EINVAL;
	}
	ct->base = base;
	err = xa_insert(&acct_bases, base / ACCT_IDS, ct, GFP_KERNEL);
	if (err == -EBUSY)
		NL_SET_ERR_MSG(extack, "another container has these ids");
	return err;
}

static int acct_join(struct acct_ct *ct, enum acct_group_id g, u32 base,
		     const struct acct_links *links, struct netlink_ext_ack *extack)
{
	struct acct_group *group = &acct_groups[g];
	int err;

	if (ct->gone) {
		NL_SET_ERR_MSG(extack, "it was just deleted");
		return -ENOENT;
	}
	err = acct_base_add(ct, base, extack);
	if (err)
		return err;
	if (!group->users)
		err = acct_group_open(g, links, extack);
	if (err && !ct->groups)
		xa_erase(&acct_bases, base / ACCT_IDS);
	if (err)
		return err;
	group->users++;
	WRITE_ONCE(ct->groups, ct->groups | BIT(g));
	return 0;
}

/* What it has from before: once, as from then on it is counted. */
static int acct_catch_up(struct acct_ct *ct, enum acct_group_id g)
{
	struct acct_charge *files = &ct->charge[CLOISON_ACCT_NUMFILE];
	struct acct_enrol enrol = {
		.ct = ct, .sockets = g == ACCT_GROUP_SOCKETS,
	};
	struct acct_sample *s;
	struct acct_source src;
	int err = 0;

	if (g != ACCT_GROUP_FILES && g != ACCT_GROUP_SOCKETS)
		return 0;
	s = kzalloc_obj(*s);
	if (!s)
		return -ENOMEM;
	acct_source_get(ct, &src);
	if (src.init)
		err = acct_walk(&src, s, &enrol);
	acct_source_put(&src);
	kfree(s);
	/* Those that came since it is counted the walk has met too. */
	if (!err && g == ACCT_GROUP_FILES && src.init)
		atomic_long_add(enrol.files - atomic_long_read(&files->held), &files->held);
	return err;
}

int acct_enforce(struct acct_ct *ct, u32 resource, u32 base,
		 const struct acct_links *links, struct netlink_ext_ack *extack)
{
	enum acct_group_id g = acct_group_of(resource);
	int err = 0;

	if (g == ACCT_GROUP_NONE) {
		NL_SET_ERR_MSG(extack, "this resource cannot be refused here");
		return -EOPNOTSUPP;
	}
	mutex_lock(&acct_groups_lock);
	if (ct->groups & BIT(g)) {
		mutex_unlock(&acct_groups_lock);
		return 0;
	}
	err = acct_join(ct, g, base, links, extack);
	mutex_unlock(&acct_groups_lock);
	return err ?: acct_catch_up(ct, g);
}

void acct_unenforce(struct acct_ct *ct)
{
	enum acct_group_id g;

	mutex_lock(&acct_groups_lock);
	ct->gone = true;
	if (ct->groups)
		xa_erase(&acct_bases, ct->base / ACCT_IDS);
	for (g = 0; g < ACCT_GROUPS; g++)
		if (ct->groups & BIT(g) && !--acct_groups[g].users)
			acct_group_close(g);
	WRITE_ONCE(ct->groups, 0);
	mutex_unlock(&acct_groups_lock);
}

void acct_sample_enforced(struct acct_ct *ct, struct acct_sample *s, bool dead)
{
	struct acct_charge *c;
	struct acct_row *row;
	u32 r;

	for (r = 0; r < CLOISON_ACCT_RESOURCES; r++) {
		if (!acct_enforces(ct, r))
			continue;
		c = &ct->charge[r];
		row = &s->row[r];
		row->failcnt = atomic_long_read(&c->failcnt);
		row->limit = READ_ONCE(c->limit);
		row->barrier = row->limit;
		row->flags |= CLOISON_ACCT_F_LIMITED;
		if (!acct_counts(r))
			continue;
		row->maxheld = atomic_long_read(&c->peak);
		row->flags |= CLOISON_ACCT_F_PEAK;
		if (!dead)
			acct_hold(row, max(atomic_long_read(&c->held), 0L));
	}
}

/* Without a description of this module's types no program can call it; all else works. */
void acct_enforce_init(void)
{
	/* That is for programs at hooks of security modules too: a second time it is refused. */
	register_btf_kfunc_id_set(BPF_PROG_TYPE_TRACING, &acct_kfunc_set);
}
