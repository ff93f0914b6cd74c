// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/fs.h>
#include <linux/magic.h>

#include "ahead.h"
#include "dir.h"
#include "error.h"
#include "idmap.h"
#include "layout.h"
#include "replica.h"
#include "util.h"

/* Each takes three descriptors. What is deeper is left to cp(1). */
#define LEVELS		128

/*
 * A change is told of when it begins. A write that is under way is waited for, by the lock that
 * lseek() takes on ext4, and sendfile() on xfs; direct I/O, and who got hold of pages of the
 * file for it, has as many seconds to be done.
 */
#define BEFORE		10

/* Of a copy that was made while all stood still, where a file has several names. */
#define NOW		".now"

struct ahead {
	int from;		/* the files, with the ids that the copies are to have */
	int copies;		/* a directory */
	time_t since;		/* what was changed before that is here as it is */
	int clock;		/* says whether that was set */
	uint64_t more;		/* names to look at: who moves them on and on holds nobody up */
};

static char *copies_of(const struct copy *c)
{
	return xasprintf("%s/ahead", c->to);
}

static bool is_full(int error)
{
	return error == ENOSPC || error == EDQUOT;
}

static int fail_full(const struct copy *c)
{
	return fail_errno(c->status, "Cannot copy the files of %s to %s", c->from, c->to);
}

static bool is_self(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int open_dir(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC);
}

/* For reading from the start; @fd stays as it is. */
static DIR *read_dir(int fd)
{
	int own = open_dir(fd, ".");
	DIR *dir = own < 0 ? NULL : fdopendir(own);

	if (!dir && own >= 0)
		close(own);
	return dir;
}

static int look_at(struct ahead *a, int dir, const char *name, unsigned int level);

/* -1 if there is no room; what else is in the way here is another's task. */
static int look_in(struct ahead *a, int fd, unsigned int level)
{
	cleanup_dir DIR *dir = level < LEVELS ? read_dir(fd) : NULL;
	struct dirent *de;

	while (dir && a->more && (de = readdir(dir))) {
		if (is_self(de->d_name))
			continue;
		a->more--;
		if (look_at(a, fd, de->d_name, level))
			return -1;
	}
	return 0;
}

static int look_at(struct ahead *a, int dir, const char *name, unsigned int level)
{
	cleanup_close int sub = -1;
	char as[32];
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	if (S_ISDIR(st.st_mode)) {
		sub = open_dir(dir, name);
		return sub < 0 ? 0 : look_in(a, sub, level + 1);
	}
	/* what has changed already will be copied later; a second name is found to be there */
	if (st.st_ctim.tv_sec >= a->since)
		return 0;
	snprintf(as, sizeof(as), "%ju", (uintmax_t)st.st_ino);
	return replica_make(dir, name, &st, a->copies, as) && is_full(errno) ? -1 : 0;
}

static int put(const struct ahead *a, const char *as, const struct stat *st, int to,
	       const char *name)
{
	return st->st_nlink == 1 ? renameat(a->copies, as, to, name) :
				   linkat(a->copies, as, to, name, 0);
}

/* Is there a copy of it as it is? A write that was under way may have made it longer since. */
static bool is_copied(const struct ahead *a, const char *as, const struct stat *st)
{
	struct stat copy;

	return st->st_ctim.tv_sec < a->since &&
	       !fstatat(a->copies, as, &copy, AT_SYMLINK_NOFOLLOW) && copy.st_size == st->st_size;
}

/* What is no directory, and stands still. */
static int place(const struct ahead *a, int from, const char *name, const struct stat *st, int to)
{
	char as[32], now[sizeof(as) + sizeof(NOW)];

	snprintf(as, sizeof(as), "%ju", (uintmax_t)st->st_ino);
	if (is_copied(a, as, st))
		return put(a, as, st, to, name);
	if (st->st_nlink == 1)
		return replica_make(from, name, st, to, name);
	snprintf(now, sizeof(now), "%s" NOW, as);
	/* by its first name it is copied */
	if (replica_make(from, name, st, a->copies, now) && errno != EEXIST)
		return -1;
	return put(a, now, st, to, name);
}

static int build_at(const struct ahead *a, int from, const char *name, int to, dev_t dev,
		    unsigned int level);

static int build_in(const struct ahead *a, int from, int to, unsigned int level)
{
	cleanup_dir DIR *dir = read_dir(from);
	struct dirent *de;
	struct stat st;

	if (!dir || fstat(from, &st))
		return -1;
	while (errno = 0, de = readdir(dir))
		if (!is_self(de->d_name) &&
		    build_at(a, from, de->d_name, to, st.st_dev, level))
			return -1;
	return errno ? -1 : replica_attributes(from, to, &st);
}

static int build_at(const struct ahead *a, int from, const char *name, int to, dev_t dev,
		    unsigned int level)
{
	cleanup_close int sub = -1, new = -1;
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW))
		return -1;
	if (!S_ISDIR(st.st_mode))
		return place(a, from, name, &st, to);
	if (level == LEVELS || st.st_dev != dev) {
		errno = level == LEVELS ? ELOOP : EXDEV;
		return -1;
	}
	if (mkdirat(to, name, 0700))
		return -1;
	sub = open_dir(from, name);
	new = open_dir(to, name);
	return sub < 0 || new < 0 ? -1 : build_in(a, sub, new, level + 1);
}

/* Whoever sets the clock has it say so: times say nothing then. */
static int watch_clock(void)
{
	const struct itimerspec far = { .it_value.tv_sec = INT64_MAX };
	cleanup_close int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 || timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL))
		return -1;
	return take_fd(&fd);
}

static bool clock_was_set(int clock)
{
	uint64_t times;

	return read(clock, &times, sizeof(times)) >= 0 || errno != EAGAIN;
}

static int open_unnamed(const char *dir)
{
	return open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

static bool shares_blocks(const char *from, const char *to)
{
	cleanup_close int source = open_unnamed(from);
	cleanup_close int dest = open_unnamed(to);

	return source >= 0 && dest >= 0 && ioctl(dest, FICLONE, source) == 0;
}

/* Change times are the kernel's own there, and numbers of files those of one file system. */
static bool is_good(int fd, uint64_t *files)
{
	struct statfs st;

	if (fstatfs(fd, &st) || (st.f_type != EXT4_SUPER_MAGIC && st.f_type != XFS_SUPER_MAGIC))
		return false;
	*files = st.f_files - st.f_ffree;
	return true;
}

static int open_source(const struct copy *c, const char *path)
{
	cleanup_close int mnt = c->from_base == c->to_base ?
				open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC) :
				idmap_shift(path, c->from_base, c->to_base);

	return mnt < 0 ? -1 : open_dir(mnt, ".");
}

static void let_go(struct ahead *a)
{
	close(a->from);
	close(a->copies);
	close(a->clock);
	free(a);
}

/* NULL: not so. */
static struct ahead *prepare(const struct copy *c, const char *path, const char *copies)
{
	struct ahead *a = xcalloc(1, sizeof(*a));

	*a = (struct ahead){ .from = open_source(c, path), .copies = -1, .clock = watch_clock() };
	if (a->from >= 0 && a->clock >= 0 && is_good(a->from, &a->more) && !dir_make(c, copies)) {
		a->copies = open_dir(AT_FDCWD, copies);
		a->since = time(NULL) - BEFORE;
		if (a->copies >= 0 && !sync_file_system(c->from))
			return a;
	}
	error_clear();
	let_go(a);
	return NULL;
}

int ahead_begin(struct copy *c)
{
	const struct layout *layout = layout_of(c->from);
	cleanup_free char *copies = copies_of(c);
	cleanup_free char *path = NULL;

	if (!layout->tree || shares_blocks(c->from, c->to))
		return 0;
	path = xasprintf("%s/%s", c->from, layout->tree);
	c->ahead = prepare(c, path, copies);
	if (!c->ahead || !look_in(c->ahead, c->ahead->from, 0))
		return 0;
	return ahead_end(c, fail_full(c));
}

int ahead_finish(const struct copy *c, const char *to, bool *done)
{
	cleanup_close int dest = open_dir(AT_FDCWD, to);
	int ret;

	*done = false;
	if (dest >= 0 && !clock_was_set(c->ahead->clock)) {
		*done = !build_in(c->ahead, c->ahead->from, dest, 0);
		if (*done)
			return 0;
		if (is_full(errno))
			return fail_full(c);
		detail("All is copied while it stands still: %s", strerror(errno));
	}
	ret = remove_tree(to, c->ct->lock, c->status);
	return ret ? ret : dir_make(c, to);
}

int ahead_end(struct copy *c, int ret)
{
	cleanup_free char *why = ret ? xstrdup(error_text()) : NULL;
	cleanup_free char *copies = copies_of(c);
	int other;

	if (c->ahead)
		let_go(c->ahead);
	c->ahead = NULL;
	if (access(copies, F_OK))
		return ret;
	other = remove_tree(copies, c->ct->lock, c->status);
	return ret ? fail(ret, "%s", why) : other;
}
