// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"
#include "error.h"
#include "standin.h"
#include "util.h"

/* Copies of smaller ones cost less than this does. */
#define LARGE	(1 << 20)

struct work {
	int root, upper;
	int error;	/* of the first that could not be made */
};

static bool is_written(pid_t pid, const char *fd)
{
	cleanup_free char *path = xasprintf("/proc/%d/fdinfo/%s", (int)pid, fd);
	cleanup_free char *text = read_file(path, 65536);
	const char *line = text ? strstr(text, "flags:") : NULL;
	unsigned int flags;

	return line && sscanf(line, "flags: %o", &flags) == 1 && (flags & O_ACCMODE) != O_RDONLY;
}

/* It is called so, and is no other that is mounted there: a path tells who asks from outside. */
static bool is_at(int root, const char *path, const struct stat *is)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	cleanup_close int fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == is->st_dev &&
	       st.st_ino == is->st_ino;
}

/* A directory of both layers looks like the upper one. */
static int make_parents(const struct work *w, char *path)
{
	for (char *s = strchr(path, '/'); s; s = strchr(s + 1, '/')) {
		struct stat st;
		int bad;

		*s = '\0';
		bad = fstatat(w->root, path, &st, AT_SYMLINK_NOFOLLOW);
		if (!bad && mkdirat(w->upper, path, 0700))
			bad = errno != EEXIST;
		else if (!bad)
			bad = fchownat(w->upper, path, st.st_uid, st.st_gid, 0) ||
			      fchmodat(w->upper, path, st.st_mode & 07777, 0);
		*s = '/';
		if (bad)
			return -1;
	}
	return 0;
}

static int make(const struct work *w, char *path, const struct stat *st)
{
	cleanup_close int fd = -1;

	if (make_parents(w, path))
		return -1;
	fd = openat(w->upper, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? 0 : -1;
	return ftruncate(fd, st->st_size) || fchown(fd, st->st_uid, st->st_gid) ||
	       fchmod(fd, st->st_mode & 07777) ? -1 : 0;
}

static void look(pid_t pid, void *arg)
{
	cleanup_free char *fds = xasprintf("/proc/%d/fd", (int)pid);
	cleanup_dir DIR *dir = opendir(fds);
	struct work *w = arg;
	struct dirent *de;

	while (dir && !w->error && (de = readdir(dir))) {
		char path[PATH_MAX] = "";
		struct stat st;

		if (fstatat(dirfd(dir), de->d_name, &st, 0) || !S_ISREG(st.st_mode) ||
		    st.st_size < LARGE || !is_written(pid, de->d_name) ||
		    readlinkat(dirfd(dir), de->d_name, path, sizeof(path) - 1) < 2)
			continue;
		if (is_at(w->root, path + 1, &st) && make(w, path + 1, &st))
			w->error = errno;
	}
}

int standin_make(uint32_t id, const char *root, const char *upper)
{
	cleanup_close int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int above = mkdir(upper, 0700) ? -1 :
				  open(upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct work w = { .root = dir, .upper = above };

	if (dir < 0 || above < 0)
		return fail_errno(EXIT_PAUSE, "Cannot make %s", upper);
	cgroup_each_process(id, true, look, &w);
	errno = w.error;
	return w.error ? fail_errno(EXIT_PAUSE, "Cannot make files in %s", upper) : 0;
}
