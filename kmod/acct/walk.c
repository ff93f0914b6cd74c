// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the processes of a container have: memory, files, signals that wait for
 * them; and the sockets of its network namespace. They are those in the pid
 * namespace of its init, or below it. The walk takes each of them for a moment
 * only: it is no picture of one moment.
 */
#include <linux/mm.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <net/transp_v6.h>

#include "acct.h"

/*
 * A descriptor costs a container next to nothing, and each of its processes can have half a
 * million: so many are looked at, some second's work. What is beyond them is not seen. A table
 * takes of them by its size.
 */
#define ACCT_DESCRIPTORS_MAX	BIT(21)

/* 40 bytes each; a sort of so many takes some tens of milliseconds, on each CPU. */
#define ACCT_THINGS_MAX	BIT(16)

/* With a reference, the first from number @nr on, which goes beyond it. */
struct task_struct *acct_next_task(struct pid_namespace *ns, int *nr)
{
	struct task_struct *task = NULL;
	struct pid *pid;

	rcu_read_lock();
	while (!task) {
		pid = find_ge_pid(*nr, ns);
		if (!pid)
			break;
		*nr = pid_nr_ns(pid, ns) + 1;
		task = pid_task(pid, PIDTYPE_PID);
	}
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	return task;
}

/* Interrupts are off: of a longer queue no more than this counts. */
#define ACCT_SIGNALS_MAX	4096

static u64 acct_count_list(const struct list_head *list)
{
	const struct list_head *pos;
	u64 n = 0;

	list_for_each(pos, list)
		if (++n == ACCT_SIGNALS_MAX)
			break;
	return n;
}

/* The queues are mostly empty: then nothing is locked. */
static u64 acct_signals(struct task_struct *task)
{
	struct sigpending *shared = &task->signal->shared_pending;
	bool leader = thread_group_leader(task);
	struct sighand_struct *sighand;
	unsigned long flags;
	u64 n = 0;

	if (list_empty_careful(&task->pending.list) &&
	    (!leader || list_empty_careful(&shared->list)))
		return 0;
	rcu_read_lock();
	/* Never freed under RCU; may have become another's: then it is dead. */
	sighand = rcu_dereference(task->sighand);
	if (sighand) {
		spin_lock_irqsave(&sighand->siglock, flags);
		if (sighand == rcu_access_pointer(task->sighand)) {
			n = acct_count_list(&task->pending.list);
			if (leader)
				n += acct_count_list(&shared->list);
		}
		spin_unlock_irqrestore(&sighand->siglock, flags);
	}
	rcu_read_unlock();
	return n;
}

static int acct_compare(const void *a, const void *b)
{
	unsigned long x = ((const struct acct_thing *)a)->key;
	unsigned long y = ((const struct acct_thing *)b)->key;

	return x < y ? -1 : x > y;
}

/* Each thing stays once. */
static void acct_unique(struct acct_walk *walk)
{
	struct acct_thing *again = walk->again;
	size_t i, n = 0;

	sort(again, walk->count, sizeof(*again), acct_compare, NULL);
	for (i = 0; i < walk->count; i++)
		if (!n || again[i].key != again[n - 1].key)
			again[n++] = again[i];
	walk->count = n;
}

static int acct_grow(struct acct_walk *walk)
{
	size_t size = max_t(size_t, 2 * walk->size, 256);
	struct acct_thing *again;

	again = kvmalloc_array(size, sizeof(*again), GFP_KERNEL_ACCOUNT);
	if (!again)
		return -ENOMEM;
	if (walk->count)
		memcpy(again, walk->again, walk->count * sizeof(*again));
	kvfree(walk->again);
	walk->again = again;
	walk->size = size;
	return 0;
}

/*
 * Room for one more. There is never more than for twice the things there are,
 * whose memory is the container's, however many descriptors it has of them; and
 * beyond ACCT_THINGS_MAX each descriptor counts.
 */
static int acct_room(struct acct_walk *walk)
{
	size_t i;

	if (walk->count < walk->size)
		return 0;
	acct_unique(walk);
	if (walk->count <= walk->size / 2 && walk->size)
		return 0;
	if (walk->size < ACCT_THINGS_MAX)
		return acct_grow(walk);
	for (i = 0; i < walk->count; i++)
		acct_count(walk, &walk->again[i]);
	walk->count = 0;
	return 0;
}

static int acct_push(struct acct_walk *walk, const struct acct_thing *thing)
{
	int err = acct_room(walk);

	if (!err)
		walk->again[walk->count++] = *thing;
	return err;
}

/* One address space for all threads; others may share it: vfork(). */
static int acct_memory(struct acct_walk *walk, struct task_struct *task,
		       bool leader)
{
	struct acct_thing thing = { .what = ACCT_MEMORY };
	struct mm_struct *mm;
	bool shared = false;

	task_lock(task);
	mm = task->flags & PF_KTHREAD ? NULL : task->mm;
	if (mm) {
		thing.key = (unsigned long)mm;
		thing.amount[0] = READ_ONCE(mm->data_vm) + READ_ONCE(mm->stack_vm);
		thing.amount[1] = READ_ONCE(mm->locked_vm);
		shared = !leader ||
			 atomic_read(&mm->mm_users) > get_nr_threads(task);
	}
	task_unlock(task);
	if (!mm)
		return 0;
	if (shared)
		return acct_push(walk, &thing);
	acct_count(walk, &thing);
	return 0;
}

/* A thread of its own has what its leader has not, or no longer. */
static bool acct_has_own(struct task_struct *task, bool *mm, bool *files)
{
	struct task_struct *leader;
	bool alive;

	*mm = true;
	*files = true;
	if (thread_group_leader(task))
		return true;
	rcu_read_lock();
	/* One that was released has nothing, and its leader may be gone. */
	alive = pid_alive(task);
	leader = task->group_leader;
	/* They are compared, and for a figure: nothing is taken from there. */
	*mm = alive && data_race(task->mm != leader->mm);
	/* The same. */
	*files = alive && data_race(task->files != leader->files);
	rcu_read_unlock();
	return false;
}

static int acct_task(struct acct_walk *walk, struct task_struct *task)
{
	struct acct_row *signals = &walk->s->row[CLOISON_ACCT_NUMSIGINFO];
	bool mm, files, leader;
	int err = 0;

	leader = acct_has_own(task, &mm, &files);
	signals->held += acct_signals(task);
	if (mm)
		err = acct_memory(walk, task, leader);
	walk->fd = 0;
	while (!err && files) {
		walk->shared = !leader;
		err = acct_room(walk) ?: acct_files(walk, task);
		if (err <= 0)
			break;
		/* There is more. */
		err = fatal_signal_pending(current) ? -EINTR : 0;
		cond_resched();
	}
	return err;
}

static void acct_count_once(struct acct_walk *walk)
{
	size_t i;

	acct_unique(walk);
	for (i = 0; i < walk->count; i++)
		acct_count(walk, &walk->again[i]);
}

static struct net *acct_net(struct pid *init)
{
	struct task_struct *task = get_pid_task(init, PIDTYPE_PID);
	struct net *net = NULL;

	if (!task)
		return NULL;
	task_lock(task);
	if (task->nsproxy)
		net = get_net(task->nsproxy->net_ns);
	task_unlock(task);
	put_task_struct(task);
	return net;
}

/*
 * A network namespace counts its sockets, and of TCP those that listen or are
 * connected: also those that no process has a file of, any more or yet.
 */
static void acct_sockets(struct acct_walk *walk)
{
	struct acct_row *tcp = &walk->s->row[CLOISON_ACCT_NUMTCPSOCK];
	struct acct_row *other = &walk->s->row[CLOISON_ACCT_NUMOTHERSOCK];
	s64 hashed, rest;

	if (!walk->net)
		return;
	hashed = sock_prot_inuse_get(walk->net, &tcp_prot) +
		 sock_prot_inuse_get(walk->net, &tcpv6_prot);
	rest = sock_inuse_get(walk->net) - hashed - walk->tcp_unhashed;
	tcp->held += hashed;
	/* They were read one after the other. */
	other->held += max_t(s64, rest, 0);
}

static const u8 acct_walked[] = {
	CLOISON_ACCT_LOCKEDPAGES, CLOISON_ACCT_PRIVVMPAGES,
	CLOISON_ACCT_NUMTCPSOCK, CLOISON_ACCT_NUMFLOCK, CLOISON_ACCT_NUMPTY,
	CLOISON_ACCT_NUMSIGINFO, CLOISON_ACCT_TCPSNDBUF, CLOISON_ACCT_TCPRCVBUF,
	CLOISON_ACCT_OTHERSOCKBUF, CLOISON_ACCT_DGRAMRCVBUF,
	CLOISON_ACCT_NUMOTHERSOCK, CLOISON_ACCT_NUMFILE,
};

int acct_walk(struct acct_ct *ct, const struct acct_source *src, struct acct_sample *s)
{
	struct acct_walk walk = { .ct = ct, .s = s, .looks = ACCT_LOOKS_MAX,
				 .descriptors = ACCT_DESCRIPTORS_MAX };
	struct task_struct *task;
	int nr = 1, err = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(acct_walked); i++)
		acct_hold(&s->row[acct_walked[i]], 0);
	if (!src->init)
		return 0;
	walk.net = acct_net(src->init);
	walk.base = __kuid_val(make_kuid(ns_of_pid(src->init)->user_ns, 0));
	xa_init_flags(&walk.met, XA_FLAGS_ACCOUNT);
	while (!err && (task = acct_next_task(ns_of_pid(src->init), &nr))) {
		err = acct_task(&walk, task);
		put_task_struct(task);
		cond_resched();
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
	}
	err = err ?: acct_walk_asked(&walk);
	if (!err) {
		acct_count_once(&walk);
		acct_sockets(&walk);
	}
	if (walk.net)
		put_net(walk.net);
	kvfree(walk.again);
	xa_destroy(&walk.met);
	return err;
}
