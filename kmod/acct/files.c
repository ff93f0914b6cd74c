// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open files, and what they are: sockets with their buffers, terminals, locks.
 *
 * What is opened once and has many descriptors, after fork() say, counts once. A
 * file with one reference has one descriptor: it is counted at once. Others are
 * noted and counted in the end, each once.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/major.h>
#include <linux/net.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "../compat/compat.h"
#include "acct.h"

void acct_count(struct acct_walk *walk, const struct acct_thing *thing)
{
	struct acct_row *row = walk->s->row;

	switch (thing->what) {
	case ACCT_MEMORY:
		row[CLOISON_ACCT_PRIVVMPAGES].held += thing->amount[0];
		row[CLOISON_ACCT_LOCKEDPAGES].held += thing->amount[1];
		return;
	case ACCT_TCP_UNHASHED:
		walk->tcp_unhashed++;
		fallthrough;
	case ACCT_TCP:
		row[CLOISON_ACCT_NUMTCPSOCK].held++;
		fallthrough;
	case ACCT_TCP_COUNTED:
		row[CLOISON_ACCT_TCPSNDBUF].held += thing->amount[0];
		row[CLOISON_ACCT_TCPRCVBUF].held += thing->amount[1];
		break;
	case ACCT_SOCKET:
		row[CLOISON_ACCT_NUMOTHERSOCK].held++;
		fallthrough;
	case ACCT_SOCKET_COUNTED:
		row[CLOISON_ACCT_OTHERSOCKBUF].held += thing->amount[0];
		row[thing->dgram ? CLOISON_ACCT_DGRAMRCVBUF :
				   CLOISON_ACCT_OTHERSOCKBUF].held +=
			thing->amount[1];
		break;
	case ACCT_FILE:
		break;
	}
	row[CLOISON_ACCT_NUMFILE].held++;
}

/* Did this walk not meet it before? What cannot be noted is left out. */
static bool acct_first(struct acct_walk *walk, const void *thing, u32 r)
{
	/* one thing may be met as another resource too */
	unsigned long index = (unsigned long)thing / sizeof(long) + (r == CLOISON_ACCT_NUMPTY);
	int err = xa_insert(&walk->met, index, xa_mk_value(0), GFP_ATOMIC | __GFP_NOWARN);

	if (err == -ENOMEM)
		walk->s->cut |= BIT(r);
	return !err;
}

/*
 * The list of an inode has the locks of all its files, whoever opened them. So in a walk it is
 * gone through once, for all that are the container's, once more for each file that another opened
 * and it was given, and no further than this; all lists no further than ACCT_LOOKS_MAX, and
 * ACCT_LOOKS of them are as good as a file in a batch.
 */
#define ACCT_LOCKS_MAX	4096
#define ACCT_LOOKS	64

/* Of the file, if it was given; else of all the container's own. A lock keeps its file. */
static u32 acct_locks_in(const struct acct_walk *walk, const struct list_head *list,
			 const struct file *given, unsigned int *left)
{
	const struct file *file;
	struct file_lock_core *lock;
	u32 n = 0;

	list_for_each_entry(lock, list, flc_list) {
		if (!*left)
			break;
		--*left;
		file = lock->flc_file;
		n += given ? file == given : file && acct_in(walk->base, file->f_cred->uid);
	}
	return n;
}

/* Those of flock() and fcntl(). */
static void acct_locks(struct acct_walk *walk, const struct file *file)
{
	const struct file *given = acct_in(walk->base, file->f_cred->uid) ? NULL : file;
	const struct inode *inode = file_inode(file);
	unsigned int may = min_t(unsigned int, walk->looks, ACCT_LOCKS_MAX);
	unsigned int left = may;
	struct file_lock_context *ctx;
	u32 n;

	/* Pairs with the cmpxchg() that published it, whole. */
	ctx = smp_load_acquire(&inode->i_flctx);
	if (!ctx || (list_empty(&ctx->flc_flock) && list_empty(&ctx->flc_posix)) ||
	    !acct_first(walk, given ?: (const void *)inode, CLOISON_ACCT_NUMFLOCK))
		return;
	spin_lock(&ctx->flc_lock);
	n = acct_locks_in(walk, &ctx->flc_flock, given, &left) +
	    acct_locks_in(walk, &ctx->flc_posix, given, &left);
	spin_unlock(&ctx->flc_lock);
	walk->s->row[CLOISON_ACCT_NUMFLOCK].held += n;
	walk->looks -= may - left;
	walk->left -= min(walk->left, (may - left) / ACCT_LOOKS);
	/* Others may have filled a list, that of /dev/null say: it is none the worse for that. */
	if (!left && (!walk->looks || n >= may / 2))
		walk->s->cut |= BIT(CLOISON_ACCT_NUMFLOCK);
}

static void acct_socket(struct acct_walk *walk, struct acct_thing *thing,
			struct sock *sk)
{
	bool counted = walk->net && net_eq(sock_net(sk), walk->net);

	if (sk_is_tcp(sk)) {
		thing->what = !counted	    ? ACCT_TCP :
			      sk_hashed(sk) ? ACCT_TCP_COUNTED :
					      ACCT_TCP_UNHASHED;
		thing->amount[0] = READ_ONCE(sk->sk_wmem_queued);
	} else {
		thing->what = counted ? ACCT_SOCKET_COUNTED : ACCT_SOCKET;
		thing->amount[0] = sk_wmem_alloc_get(sk);
		thing->dgram = sk->sk_type != SOCK_STREAM &&
			       sk->sk_type != SOCK_SEQPACKET;
	}
	thing->amount[1] = sk_rmem_alloc_get(sk);
}

/*
 * What a pair is known by: its master, or, when that was closed, the node of the slave, which lost
 * its name by that; the pair lives on while there is a file of it. NULL: it is no terminal.
 */
static const void *acct_pty(const struct file *file, const struct inode *inode)
{
	if (!S_ISCHR(inode->i_mode) || file->f_mode & FMODE_PATH)
		return NULL;
	if (inode->i_rdev == MKDEV(TTYAUX_MAJOR, 2))
		return file;
	return MAJOR(inode->i_rdev) - UNIX98_PTY_SLAVE_MAJOR < UNIX98_PTY_MAJOR_COUNT &&
	       !READ_ONCE(inode->i_nlink) ? inode : NULL;
}

void acct_count_pty(struct acct_walk *walk, const void *pty)
{
	if (pty && acct_first(walk, pty, CLOISON_ACCT_NUMPTY))
		walk->s->row[CLOISON_ACCT_NUMPTY].held++;
}

void acct_count_asked(struct acct_walk *walk, u32 resource, const struct file *file)
{
	if (resource == CLOISON_ACCT_NUMPTY)
		acct_count_pty(walk, acct_pty(file, file_inode(file)));
	else
		acct_locks(walk, file);
}

/* Under the lock of the table. True stops. */
static int acct_file(const void *data, struct file *file, unsigned int fd)
{
	struct acct_walk *walk = (struct acct_walk *)data;
	struct acct_thing thing = { .key = (unsigned long)file };
	struct socket *sock;

	walk->fd = fd;
	if (!walk->left || walk->count == walk->size)
		return 1;
	walk->left--;
	walk->descriptors--;

	sock = sock_from_file(file);
	if (sock && sock->sk)
		acct_socket(walk, &thing, sock->sk);
	acct_count_pty(walk, acct_pty(file, file_inode(file)));
	acct_locks(walk, file);
	acct_enroll(walk->ct, CLOISON_ACCT_NUMFILE, file->f_cred->uid, file);
	if (sock && sock->sk)
		acct_enroll(walk->ct, sk_is_tcp(sock->sk) ? CLOISON_ACCT_NUMTCPSOCK :
							    CLOISON_ACCT_NUMOTHERSOCK,
			    compat_sk_uid(sock->sk), sock->sk);

	if (walk->shared || file_count(file) > 1)
		walk->again[walk->count++] = thing;
	else
		acct_count(walk, &thing);
	return 0;
}

/*
 * Empty places are stepped over, and one descriptor makes half a million of them: so many are as
 * good as a descriptor.
 */
#define ACCT_PLACES	64

/*
 * Is it to be gone through from its beginning? A table that processes share once only; it is known
 * by its address: one that came meanwhile, where another had ended, is missed.
 */
static bool acct_table(struct acct_walk *walk, struct files_struct *files)
{
	unsigned int places;

	/* without memory it is gone through again: what is in it counts once all the same */
	if (walk->shared && xa_insert(&walk->met, (unsigned long)files / sizeof(long),
				      xa_mk_value(0), GFP_ATOMIC | __GFP_NOWARN) == -EBUSY)
		return false;
	rcu_read_lock();
	places = files_fdtable(files)->max_fds;
	rcu_read_unlock();
	walk->descriptors -= min(walk->descriptors, places / ACCT_PLACES);
	return true;
}

/* From walk->fd on; there is room for one more. 1: there is more. */
int acct_files(struct acct_walk *walk, struct task_struct *task)
{
	struct files_struct *files;
	int more = 0;

	task_lock(task);
	files = task->files;
	if (files && atomic_read(&files->count) > get_nr_threads(task))
		walk->shared = true;
	if (files && (walk->fd || acct_table(walk, files))) {
		walk->left = min(walk->descriptors, ACCT_BATCH);
		if (walk->left)
			more = iterate_fd(files, walk->fd, acct_file, walk);
		else
			walk->s->cut |= BIT(CLOISON_ACCT_NUMFLOCK) | BIT(CLOISON_ACCT_NUMPTY);
	}
	task_unlock(task);
	return more;
}
