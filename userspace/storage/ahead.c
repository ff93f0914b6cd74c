// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "ahead.h"
#include "cgroup.h"
#include "confine.h"
#include "dir.h"
#include "error.h"
#include "idmap.h"
#include "layout.h"
#include "replica.h"
#include "sync.h"
#include "util.h"

/* Each takes two descriptors. What is deeper is left to cp(1). */
#define LEVELS		128

/*
 * A change is told of when it begins. A write that is under way then is waited for, by the lock
 * that lseek() takes on ext4; direct I/O, and who got hold of pages of the file for it, has so
 * long to be done: a limit of I/O may make it slow.
 */
#define BEFORE_S	(10 * 60)

/*
 * So long somebody may have the copying done step by step. For a single one, a file or a piece
 * of it, sync_hear() has its patience.
 */
#define MOST_MS		(60 * 60 * 1000)

struct ahead {
	const struct copy *copy;
	int from;		/* the files, with the ids that the copies are to have */
	int copies;		/* a directory */
	int clock;		/* says whether that was set */
	int line;		/* from who copies to who waits */
	time_t since;		/* what was changed before that is copied as it is */
};

struct name {
	char text[64];
};

static struct name name_of(const struct stat *st)
{
	struct name name;

	snprintf(name.text, sizeof(name.text), "%ju", (uintmax_t)st->st_ino);
	return name;
}

/* What is open as @fd, whatever has its name by now. */
static struct name name_of_open(int fd)
{
	struct name name;

	snprintf(name.text, sizeof(name.text), "/proc/self/fd/%d", fd);
	return name;
}

static char *copies_of(const struct copy *c)
{
	return xasprintf("%s/ahead", c->to);
}

static int open_dir(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC);
}

static DIR *read_dir(int dir, const char *name)
{
	cleanup_close int fd = open_dir(dir, name);
	DIR *all = fd < 0 ? NULL : fdopendir(fd);

	if (all)
		take_fd(&fd);
	return all;
}

static struct dirent *next_of(DIR *dir)
{
	struct dirent *de;

	do
		de = readdir(dir);
	while (de && (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0));
	return de;
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

/*
 * A page of a mapping that is written to again is a change that nobody is told of, unless it was
 * written to disk in between: then that is a first one.
 */
static int before_piece(int from, off_t at, off_t len, void *arg)
{
	const struct ahead *a = arg;

	if (sync_tell(a->line, NULL, 0))
		return -1;
	return sync_file_range(from, at, len, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
					      SYNC_FILE_RANGE_WAIT_AFTER);
}

/* Before anything stands still. What else goes wrong, cp(1) says when its turn comes. */
static void die_if_full(const struct ahead *a)
{
	const struct copy *c = a->copy;

	if (errno == ENOSPC || errno == EDQUOT)
		sync_die(a->line, fail_errno(c->status, "Cannot copy the files of %s to %s",
					     c->from, c->to));
}

static bool is_changed(int fd, const struct stat *st)
{
	struct stat now;

	return fstat(fd, &now) || now.st_ctim.tv_sec != st->st_ctim.tv_sec ||
	       now.st_ctim.tv_nsec != st->st_ctim.tv_nsec;
}

/*
 * Of a regular file, which is open by its name only (O_PATH). What cannot be had now, because of a
 * lease on it, say, is left to cp(1).
 */
static void copy_file_of(const struct ahead *a, int at, const struct stat *st)
{
	struct name as = name_of(st), source = name_of_open(at), whole;
	cleanup_close int from = -1, to = -1;

	/* by another name of its own */
	if (!faccessat(a->copies, as.text, F_OK, AT_SYMLINK_NOFOLLOW))
		return;
	from = open(source.text, O_RDONLY | O_NONBLOCK | O_NOATIME | O_CLOEXEC);
	if (from < 0)
		return;
	to = openat(a->copies, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (to < 0 || replica_contents(from, to, st, before_piece, (void *)a)) {
		die_if_full(a);
		return;
	}
	whole = name_of_open(to);
	if (!replica_attributes(from, to, st) && !is_changed(from, st))
		linkat(AT_FDCWD, whole.text, a->copies, as.text, AT_SYMLINK_FOLLOW);
	sync_tell(a->line, NULL, 0);
}

static void copy_all_in(const struct ahead *a, int fd, unsigned int level)
{
	cleanup_dir DIR *dir = level < LEVELS ? read_dir(fd, ".") : NULL;
	struct dirent *de;
	struct stat st;

	while (dir && (de = next_of(dir))) {
		/* no device is opened so, no link followed, and what this is it stays */
		cleanup_close int at = openat(fd, de->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

		if (at < 0 || fstat(at, &st))
			continue;
		if (S_ISDIR(st.st_mode))
			copy_all_in(a, at, level + 1);
		else if (S_ISREG(st.st_mode) && st.st_ctim.tv_sec < a->since &&
			 !clock_was_set(a->clock))
			copy_file_of(a, at, &st);
	}
}

static void run(struct ahead *a, pid_t tool) __attribute__((noreturn));

static void run(struct ahead *a, pid_t tool)
{
	const int keep[] = { a->from, a->copies, a->line };
	cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* a terminal or pipe of the operator's is not held up either */
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
	    confine_descriptors(keep, ARRAY_SIZE(keep)) || prctl(PR_SET_PDEATHSIG, SIGKILL) ||
	    getppid() != tool)
		_exit(EXIT_SYSTEM);
	/* who asks is told once */
	a->clock = watch_clock();
	copy_all_in(a, a->from, 0);
	_exit(0);
}

static int copy_all(struct ahead *a)
{
	int64_t end = now_ms() + MOST_MS;
	pid_t tool = getpid(), pid;
	int ends[2], ret = sync_pair(ends);

	if (ret)
		return ret;
	a->line = ends[1];
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		run(a, tool);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return fail_errno(EXIT_SYSTEM, "Cannot fork");
	}
	do
		ret = sync_hear(ends[0], NULL, 0);
	while (!ret && now_ms() < end);
	kill(pid, SIGKILL);
	close(ends[0]);
	reap_child(pid, NULL);
	if (ret == a->copy->status)
		return ret;
	/* the end of the line is the end of its work */
	if (ret != EXIT_START)
		detail("What could not be copied ahead is copied while all stands still");
	error_clear();
	return 0;
}

static int open_source(const struct copy *c, const char *tree)
{
	cleanup_free char *path = xasprintf("%s/%s", c->from, tree);
	cleanup_close int mnt = c->from_base == c->to_base ?
				open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC) :
				idmap_shift(path, c->from_base, c->to_base);

	return mnt < 0 ? -1 : open_dir(mnt, ".");
}

/* What is said here about times and locks is known of ext4. */
static bool is_good(const struct ahead *a)
{
	struct statfs st;

	return a->from >= 0 && a->clock >= 0 && !fstatfs(a->from, &st) &&
	       st.f_type == EXT4_SUPER_MAGIC;
}

int ahead_begin(const struct container *source, struct copy *c)
{
	const struct layout *layout = layout_of(c->from);
	cleanup_free char *copies = copies_of(c);
	struct ahead *a;
	int ret;

	if (!layout->tree || !cgroup_exists(source->id) || cgroup_frozen(source->id))
		return 0;
	a = xcalloc(1, sizeof(*a));
	*a = (struct ahead){
		.copy = c, .from = open_source(c, layout->tree), .copies = -1,
		.clock = watch_clock(),
	};
	/* not before the clock is watched */
	a->since = time(NULL) - BEFORE_S;
	c->ahead = a;
	if (!is_good(a)) {
		error_clear();
		ahead_end(c);
		return 0;
	}
	ret = dir_make(c, copies);
	if (ret)
		return ret;
	a->copies = open_dir(AT_FDCWD, copies);
	return a->copies < 0 ? fail_errno(c->status, "Cannot open %s", copies) : copy_all(a);
}

/* A write that was under way may have made it longer since. To be read is no change. */
static void place(const struct ahead *a, const struct stat *st, int to, const char *name)
{
	const struct timespec times[] = { st->st_atim, st->st_mtim };
	struct name as = name_of(st);
	struct stat copy;

	if (st->st_ctim.tv_sec >= a->since ||
	    fstatat(a->copies, as.text, &copy, AT_SYMLINK_NOFOLLOW) || copy.st_size != st->st_size)
		return;
	if ((copy.st_atim.tv_sec != st->st_atim.tv_sec ||
	     copy.st_atim.tv_nsec != st->st_atim.tv_nsec) &&
	    utimensat(a->copies, as.text, times, AT_SYMLINK_NOFOLLOW))
		return;
	if (st->st_nlink == 1)
		renameat(a->copies, as.text, to, name);
	else
		linkat(a->copies, as.text, to, name, 0);
}

/* What is not placed, for whatever reason, cp(1) finds missing. */
static void place_all_in(const struct ahead *a, int from, const char *name, int to,
			 unsigned int level)
{
	cleanup_dir DIR *dir = level < LEVELS ? read_dir(from, name) : NULL;
	struct dirent *de;
	struct stat st;

	while (dir && (de = next_of(dir))) {
		cleanup_close int sub = -1;

		if (fstatat(dirfd(dir), de->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (S_ISREG(st.st_mode))
			place(a, &st, to, de->d_name);
		if (!S_ISDIR(st.st_mode) || mkdirat(to, de->d_name, 0700))
			continue;
		sub = open_dir(to, de->d_name);
		if (sub >= 0)
			place_all_in(a, dirfd(dir), de->d_name, sub, level + 1);
	}
}

int ahead_place(const struct copy *c, const char *to)
{
	const struct ahead *a = c->ahead;
	cleanup_free char *copies = copies_of(c);
	cleanup_close int dest = open_dir(AT_FDCWD, to);

	if (dest >= 0 && !clock_was_set(a->clock))
		place_all_in(a, a->from, ".", dest, 0);
	/* now, for there to be room for what has taken their place */
	return remove_tree(copies, c->ct->lock, c->status);
}

void ahead_end(struct copy *c)
{
	struct ahead *a = c->ahead;

	if (!a)
		return;
	close(a->from);
	close(a->copies);
	close(a->clock);
	free(a);
	c->ahead = NULL;
}
