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

/* So many descriptors are looked at without a pause. */
#define ACCT_BATCH	512

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
	case ACCT_PTY:
		row[CLOISON_ACCT_NUMPTY].held++;
		break;
	case ACCT_FILE:
		break;
	}
	row[CLOISON_ACCT_NUMFLOCK].held += thing->locks;
	row[CLOISON_ACCT_NUMFILE].held++;
}

/*
 * The list has those of all files of the inode, so that what there is to look at
 * can be the square of what there is: so many of one inode, ACCT_LOOKS_MAX in
 * all, and ACCT_LOOKS of them are as good as a file in a batch.
 */
#define ACCT_LOCKS_MAX	4096
#define ACCT_LOOKS	64

static u32 acct_locks_in(const struct list_head *list, const struct file *file,
			 unsigned int *looks)
{
	struct file_lock_core *lock;
	u32 n = 0;

	list_for_each_entry(lock, list, flc_list) {
		if (!*looks)
			break;
		--*looks;
		n += lock->flc_file == file;
	}
	return n;
}

/* Those of flock() and fcntl() that were made through this very file. */
static u32 acct_locks(struct acct_walk *walk, struct file *file)
{
	unsigned int may = min_t(unsigned int, walk->looks, ACCT_LOCKS_MAX);
	unsigned int left = may;
	struct file_lock_context *ctx;
	u32 n;

	/* Pairs with the cmpxchg() that published it, whole. */
	ctx = smp_load_acquire(&file_inode(file)->i_flctx);
	if (!ctx || !may)
		return 0;
	spin_lock(&ctx->flc_lock);
	n = acct_locks_in(&ctx->flc_flock, file, &left) +
	    acct_locks_in(&ctx->flc_posix, file, &left);
	spin_unlock(&ctx->flc_lock);
	walk->looks -= may - left;
	walk->left -= min(walk->left, (may - left) / ACCT_LOOKS);
	return n;
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

/* The master side: one for each pair. */
static bool acct_is_pty(struct file *file)
{
	struct inode *inode = file_inode(file);

	return S_ISCHR(inode->i_mode) &&
	       inode->i_rdev == MKDEV(TTYAUX_MAJOR, 2);
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
	else if (acct_is_pty(file))
		thing.what = ACCT_PTY;
	thing.locks = acct_locks(walk, file);
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

/* From walk->fd on. 1: there is more. */
int acct_files(struct acct_walk *walk, struct task_struct *task)
{
	struct files_struct *files;
	int more = 0;

	walk->left = min(walk->descriptors, ACCT_BATCH);
	if (!walk->left)
		return 0;
	task_lock(task);
	files = task->files;
	if (files) {
		if (atomic_read(&files->count) > get_nr_threads(task))
			walk->shared = true;
		more = iterate_fd(files, walk->fd, acct_file, walk);
	}
	task_unlock(task);
	return more;
}
