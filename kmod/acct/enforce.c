// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits that no controller of the kernel holds: BPF programs at hooks of its
 * security modules ask here, and refuse.
 *
 * The tool writes and attaches the programs, and gives their links to us: so they are
 * there for as long as a container has use for them, whatever becomes of the tool.
 * Files and sockets are counted, from before the container's first process on. Of
 * terminals and locks the end cannot be seen: of these so many may be had as were free
 * when the container was last looked at; then it is looked at again. Files that were asked about
 * are remembered until they end: so what they have is found when no process has a descriptor.
 *
 * Where a file is allocated no program of a security module may be, and the others are
 * left out for all tasks of a CPU while one of them was preempted inside. So an allocation
 * may be missed. A file that is opened is asked about once more; any other is found by
 * the next walk, soon: see acct_look_soon(). The end of one that was counted is never missed.
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
	/* while there are users, the first if it counts */
	struct rhashtable counted;
	struct xarray	asked;		/* acct_ct, a reference, by the file's address */
} acct_groups[ACCT_GROUPS];

/* Groups, and which containers are in them. Under the core's mutex. */
static DEFINE_MUTEX(acct_groups_lock);

/*
 * Those in any group, by the upper half of their first id, which need not be at a
 * multiple. Ranges do not overlap. Read under RCU.
 */
static DEFINE_XARRAY(acct_bases);

/* What is counted, by address: so what was not is not taken off when it goes. */
struct acct_counted {
	struct rhash_head	node;
	unsigned long		address;
	struct acct_ct		*ct;	/* a reference */
	u32			resource;
};

/*
 * Freed at once, and may be another's while somebody looks at it (SLAB_TYPESAFE_BY_RCU): a
 * lookup that was led astray by that begins again. Only who put one in, or takes it
 * out, uses what it found.
 */
static struct kmem_cache *acct_counted_cache;

static const struct rhashtable_params acct_counted_params = {
	.key_len		= sizeof(unsigned long),
	.key_offset		= offsetof(struct acct_counted, address),
	.head_offset		= offsetof(struct acct_counted, node),
	.automatic_shrinking	= true,
};

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

static bool acct_counts(enum acct_group_id g)
{
	return g == ACCT_GROUP_FILES || g == ACCT_GROUP_SOCKETS;
}

/* Under RCU, as long as what the group has is used. */
static bool acct_heard(enum acct_group_id g, u32 token)
{
	/* Pairs with acct_group_open(): the table is whole. */
	return smp_load_acquire(&acct_groups[g].token) == token && token;
}

static bool acct_owns(const struct acct_ct *ct, kuid_t uid)
{
	return acct_in(ct->base, uid);
}

/* Under RCU. NULL if a program asks that is not heard, or not about this one. */
static struct acct_ct *acct_of_uid(enum acct_group_id g, u32 token, u32 uid)
{
	unsigned long block = uid / ACCT_IDS;
	struct acct_ct *ct;

	if (!acct_heard(g, token))
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

/*
 * Counts it, once: hooks and walks may meet it again. Under RCU, the group being heard.
 * False: that would be beyond the limit.
 */
static bool acct_add(struct acct_ct *ct, u32 r, unsigned long address, bool refuse)
{
	struct rhashtable *counted = &acct_groups[acct_group_of(r)].counted;
	struct acct_charge *c = &ct->charge[r];
	long held = atomic_long_read(&c->held), beyond;
	struct acct_counted *thing;

	if (rhashtable_lookup(counted, &address, acct_counted_params))
		return true;
	do {
		beyond = held - READ_ONCE(c->limit);
		if (refuse && beyond >= 0 && !acct_may_exceed(ct, r, beyond)) {
			atomic_long_inc(&c->failcnt);
			return false;
		}
	} while (!atomic_long_try_cmpxchg(&c->held, &held, held + 1));

	thing = kmem_cache_alloc(acct_counted_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!thing)
		goto uncount;
	if (!refcount_inc_not_zero(&ct->refcount))
		goto free;
	thing->address = address;
	thing->ct = ct;
	thing->resource = r;
	/* -EEXIST: two walks at a time met it. */
	if (rhashtable_lookup_insert_fast(counted, &thing->node, acct_counted_params))
		goto put;
	acct_peak(c, held + 1);
	return true;

put:
	acct_put(ct);
free:
	kmem_cache_free(acct_counted_cache, thing);
uncount:
	atomic_long_dec(&c->held);
	return true;
}

static void acct_uncount(void *ptr, void *arg)
{
	struct acct_counted *thing = ptr;

	atomic_long_dec(&thing->ct->charge[thing->resource].held);
	acct_put(thing->ct);
	kmem_cache_free(acct_counted_cache, thing);
}

static void acct_remove(enum acct_group_id g, u32 token, unsigned long address)
{
	struct rhashtable *counted = &acct_groups[g].counted;
	struct acct_counted *thing;

	rcu_read_lock();
	if (acct_heard(g, token)) {
		thing = rhashtable_lookup(counted, &address, acct_counted_params);
		if (thing && !rhashtable_remove_fast(counted, &thing->node, acct_counted_params))
			acct_uncount(thing, NULL);
	}
	rcu_read_unlock();
}

/* What a walk met, while it holds it there. */
void acct_enroll(struct acct_ct *ct, u32 r, kuid_t owner, const void *thing)
{
	enum acct_group_id g = acct_group_of(r);

	if (!acct_enforces(ct, r) || !acct_owns(ct, owner))
		return;
	rcu_read_lock();
	if (acct_heard(g, READ_ONCE(acct_groups[g].token)))
		acct_add(ct, r, (unsigned long)thing, false);
	rcu_read_unlock();
}

static unsigned long acct_index(u64 file)
{
	return file / sizeof(long);
}

/*
 * From now on the file may have some, whoever gets it: that is remembered, of the first container
 * that asked; others have it from the host only. A master, which is no @slave, has one to its
 * end. Under RCU, the group being heard. False: there is no memory.
 */
static bool acct_remember(struct acct_ct *ct, u32 r, u64 file, bool slave)
{
	struct xarray *asked = &acct_groups[acct_group_of(r)].asked;
	int err;

	if (xa_load(asked, acct_index(file)) || !refcount_inc_not_zero(&ct->refcount))
		return true;
	err = xa_insert(asked, acct_index(file), xa_tag_pointer(ct, slave),
			GFP_ATOMIC | __GFP_NOWARN);
	if (err)
		acct_put(ct);
	return err != -ENOMEM;
}

static void acct_forget(enum acct_group_id g, u32 token, u64 file)
{
	struct xarray *asked = &acct_groups[g].asked;
	void *entry;

	rcu_read_lock();
	if (acct_heard(g, token) && xa_load(asked, acct_index(file))) {
		entry = xa_erase(asked, acct_index(file));
		acct_put(xa_untag_pointer(entry));
	}
	rcu_read_unlock();
}

/* Under RCU: so what is there is a file, or one that has just ended; or already another. */
static void acct_meet(struct acct_walk *walk, u32 r, unsigned long index, void *entry)
{
	struct xarray *asked = &acct_groups[acct_group_of(r)].asked;
	struct file *file = (void *)(index * sizeof(long)), *got;

	if (r == CLOISON_ACCT_NUMPTY && !xa_pointer_tag(entry)) {
		acct_count_pty(walk, file);
		return;
	}
	got = get_file_active(&file);
	if (!got)
		return;
	if (xa_load(asked, index) == entry)
		acct_count_asked(walk, r, got);
	fput(got);
}

/* From *@index on. False: there are no more. */
static bool acct_meet_some(struct acct_walk *walk, u32 r, unsigned long *index)
{
	enum acct_group_id g = acct_group_of(r);
	void *entry = NULL;
	int i;

	rcu_read_lock();
	for (i = 0; i < ACCT_BATCH && acct_heard(g, READ_ONCE(acct_groups[g].token)); i++) {
		entry = xa_find(&acct_groups[g].asked, index, ULONG_MAX, XA_PRESENT);
		if (!entry)
			break;
		if (xa_untag_pointer(entry) == walk->ct)
			acct_meet(walk, r, *index, entry);
		++*index;
	}
	rcu_read_unlock();
	return entry;
}

int acct_walk_asked(struct acct_walk *walk)
{
	static const u32 resources[] = { CLOISON_ACCT_NUMPTY, CLOISON_ACCT_NUMFLOCK };
	unsigned long index;
	int i;

	for (i = 0; i < ARRAY_SIZE(resources); i++) {
		index = 0;
		while (acct_enforces(walk->ct, resources[i]) &&
		       acct_meet_some(walk, resources[i], &index)) {
			cond_resched();
			if (fatal_signal_pending(current))
				return -EINTR;
		}
	}
	return 0;
}

/* Counts of what it has what is not counted yet. */
int acct_catch_up(struct acct_ct *ct, struct acct_sample *s)
{
	struct acct_source src;
	int err;

	acct_source_get(ct, &src);
	err = acct_walk(ct, &src, s);
	acct_source_put(&src);
	return err;
}

/*
 * Who has nearly all he may have, and gives one back for each that he takes, has all that he has
 * looked at each time: so if any are free, one in so many of the limit may be had until the
 * next look. A small limit is exact.
 */
#define ACCT_LEAST	16

static int acct_recount(struct acct_ct *ct, u32 r)
{
	long limit = READ_ONCE(ct->charge[r].limit), left;
	struct acct_sample *s = kzalloc_obj(*s);
	int err;

	if (!s)
		return -ENOMEM;
	err = acct_catch_up(ct, s);
	left = limit - (long)s->row[r].held;
	/* Of those it did not get to there may be any number. */
	if (s->cut & BIT(r))
		left = min(left, 0L);
	if (left > 0)
		left = max(left, limit / ACCT_LEAST);
	kfree(s);
	if (err)
		return err;
	/* One of them is the caller's. */
	atomic_long_set(&ct->charge[r].left, max(left - 1, 0));
	return left > 0 || acct_may_exceed(ct, r, -left) ? 0 : -ENOSPC;
}

/* One at a time. @next: c->looks after one that began since he came. */
static int acct_take(struct acct_ct *ct, u32 r, unsigned int next)
{
	struct acct_charge *c = &ct->charge[r];
	int err;

	if (atomic_long_dec_if_positive(&c->left) >= 0)
		return 0;
	if ((int)(c->looks - next) >= 0 && !acct_may_exceed(ct, r, 0))
		return -ENOSPC;
	WRITE_ONCE(c->looks, c->looks + 1);
	err = acct_recount(ct, r);
	/* one that was cut off says nothing to anybody */
	WRITE_ONCE(c->looks, c->looks + (!err || err == -ENOSPC ? 1 : -1));
	return err;
}

/*
 * May the calling process have one more, of what is not counted? Sleeps, and all the time those
 * who free programs wait for it. So nobody waits for more than the look that is on its way and the
 * next one: if others have taken all that this one found, there was none for him. But who may
 * exceed the limit looks himself.
 */
static bool acct_ask(struct acct_ct *ct, u32 r)
{
	struct acct_charge *c = &ct->charge[r];
	unsigned int next;
	int err;

	if (READ_ONCE(c->limit) == CLOISON_ACCT_UNLIMITED ||
	    atomic_long_dec_if_positive(&c->left) >= 0)
		return true;
	/* What is counted when a look ends that has not begun yet. */
	next = (READ_ONCE(c->looks) + 3) & ~1U;
	/* Its own processes wait for each other only. */
	if (mutex_lock_killable(&ct->recount))
		return false;
	err = acct_take(ct, r, next);
	mutex_unlock(&ct->recount);
	if (err == -ENOSPC)
		atomic_long_inc(&c->failcnt);
	return !err;
}

/*
 * What the programs call. All arguments are numbers, and whatever they are does no harm:
 * an address is looked up only; but that of a file that may have locks or terminals has to be
 * one, if the token is right. 1: yes; 0: refuse.
 */
__bpf_kfunc_start_defs();

/* Asked twice about the same one: then the second time finds it, or that it was missed. */
__bpf_kfunc int acct_bpf_file_new(u32 token, u64 file, u32 uid)
{
	struct acct_ct *ct;
	int ok = 1;

	rcu_read_lock();
	ct = acct_of_uid(ACCT_GROUP_FILES, token, uid);
	if (ct) {
		ok = acct_add(ct, CLOISON_ACCT_NUMFILE, file, true);
		acct_look_soon(ct);
	}
	rcu_read_unlock();
	return ok;
}

__bpf_kfunc int acct_bpf_file_free(u32 token, u64 file)
{
	acct_remove(ACCT_GROUP_FILES, token, file);
	return 1;
}

/* 0 if it is refused; one from a queue of connections that were let in is not. */
__bpf_kfunc int acct_bpf_sock_new(u32 token, u64 sk, u32 uid, u32 kind, u32 refuse)
{
	struct acct_ct *ct;
	int ok = 1;

	rcu_read_lock();
	ct = acct_of_uid(ACCT_GROUP_SOCKETS, token, uid);
	if (ct)
		ok = acct_add(ct, kind == (SOCK_STREAM << 16 | IPPROTO_TCP) ?
			      CLOISON_ACCT_NUMTCPSOCK : CLOISON_ACCT_NUMOTHERSOCK, sk, refuse);
	rcu_read_unlock();
	return ok;
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
	acct_remove(ACCT_GROUP_SOCKETS, token, sk);
	return 1;
}

/* May it have one more? Then the file has it from now on. */
static int acct_bpf_ask(u32 token, u32 resource, u64 file)
{
	enum acct_group_id g = acct_group_of(resource);
	struct acct_ct *ct;
	int ok;

	rcu_read_lock();
	ct = acct_of_uid(g, token, __kuid_val(current_uid()));
	if (ct && !refcount_inc_not_zero(&ct->refcount))
		ct = NULL;
	rcu_read_unlock();
	if (!ct)
		return 1;
	ok = acct_ask(ct, resource);
	rcu_read_lock();
	if (ok && acct_heard(g, token))
		ok = acct_remember(ct, resource, file, false);
	rcu_read_unlock();
	acct_put(ct);
	return ok;
}

__bpf_kfunc int acct_bpf_lock(u32 token, u64 file)
{
	return acct_bpf_ask(token, CLOISON_ACCT_NUMFLOCK, file);
}

__bpf_kfunc int acct_bpf_lock_free(u32 token, u64 file)
{
	acct_forget(ACCT_GROUP_LOCKS, token, file);
	return 1;
}

__bpf_kfunc int acct_bpf_terminal(u32 token, u64 file)
{
	return acct_bpf_ask(token, CLOISON_ACCT_NUMPTY, file);
}

/* A slave keeps its pair, when the master is closed. */
__bpf_kfunc int acct_bpf_slave(u32 token, u64 file)
{
	struct acct_ct *ct;
	int ok = 1;

	rcu_read_lock();
	ct = acct_of_uid(ACCT_GROUP_PTYS, token, __kuid_val(current_uid()));
	if (ct)
		ok = acct_remember(ct, CLOISON_ACCT_NUMPTY, file, true);
	rcu_read_unlock();
	return ok;
}

__bpf_kfunc int acct_bpf_terminal_free(u32 token, u64 file)
{
	acct_forget(ACCT_GROUP_PTYS, token, file);
	return 1;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(acct_kfuncs)
BTF_ID_FLAGS(func, acct_bpf_file_new)
BTF_ID_FLAGS(func, acct_bpf_file_free)
BTF_ID_FLAGS(func, acct_bpf_sock_new)
BTF_ID_FLAGS(func, acct_bpf_sock_request)
BTF_ID_FLAGS(func, acct_bpf_sock_free)
BTF_ID_FLAGS(func, acct_bpf_lock, KF_SLEEPABLE)
BTF_ID_FLAGS(func, acct_bpf_lock_free)
BTF_ID_FLAGS(func, acct_bpf_terminal, KF_SLEEPABLE)
BTF_ID_FLAGS(func, acct_bpf_slave)
BTF_ID_FLAGS(func, acct_bpf_terminal_free)
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
	unsigned long index;
	void *entry;

	WRITE_ONCE(group->token, 0);
	synchronize_rcu();
	if (acct_counts(g))
		rhashtable_free_and_destroy(&group->counted, acct_uncount, NULL);
	xa_for_each(&group->asked, index, entry)
		acct_put(xa_untag_pointer(entry));
	xa_destroy(&group->asked);
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
	xa_init_flags(&group->asked, XA_FLAGS_ACCOUNT);
	if (acct_counts(g))
		err = rhashtable_init(&group->counted, &acct_counted_params);
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
	/* Pairs with acct_heard(). */
	smp_store_release(&group->token, links->token);
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

int acct_enforce(struct acct_ct *ct, u32 resource, u32 base,
		 const struct acct_links *links, struct netlink_ext_ack *extack)
{
	enum acct_group_id g = acct_group_of(resource);
	struct acct_sample *s;
	int err;

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
	if (err || !acct_counts(g))
		return err;
	s = kzalloc_obj(*s);
	if (!s)
		return -ENOMEM;
	err = acct_catch_up(ct, s);
	kfree(s);
	return err;
}

void acct_unenforce(struct acct_ct *ct)
{
	enum acct_group_id g;
	u32 groups;

	mutex_lock(&acct_groups_lock);
	ct->gone = true;
	groups = ct->groups;
	if (groups)
		xa_erase(&acct_bases, ct->base / ACCT_IDS);
	/* First: a walk that is on its way adds no more to what others may open again. */
	WRITE_ONCE(ct->groups, 0);
	for (g = 0; g < ACCT_GROUPS; g++)
		if (groups & BIT(g) && !--acct_groups[g].users)
			acct_group_close(g);
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
		if (!acct_counts(acct_group_of(r)))
			continue;
		row->maxheld = atomic_long_read(&c->peak);
		row->flags |= CLOISON_ACCT_F_PEAK;
		if (!dead)
			acct_hold(row, atomic_long_read(&c->held));
	}
}

/* Without a description of this module's types no program can call it; all else works. */
int acct_enforce_init(void)
{
	acct_counted_cache = KMEM_CACHE(acct_counted, SLAB_TYPESAFE_BY_RCU);
	if (!acct_counted_cache)
		return -ENOMEM;
	/* That is for programs at hooks of security modules too: a second time it is refused. */
	register_btf_kfunc_id_set(BPF_PROG_TYPE_TRACING, &acct_kfunc_set);
	return 0;
}

/* No container is left, and no group with it. */
void acct_enforce_exit(void)
{
	kmem_cache_destroy(acct_counted_cache);
}
