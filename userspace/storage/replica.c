// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <linux/limits.h>

#include "cleanup.h"
#include "replica.h"
#include "util.h"

/* What is open, also if only as O_PATH: it is followed to the file itself, were that a link. */
static void path_of(int fd, char path[32])
{
	snprintf(path, 32, "/proc/self/fd/%d", fd);
}

static int copy_xattr(const char *from, const char *to, const char *name)
{
	static char value[XATTR_SIZE_MAX];
	ssize_t len = getxattr(from, name, value, sizeof(value));

	return len < 0 ? -1 : setxattr(to, name, value, len, 0);
}

/* ACLs are among them. */
static int copy_xattrs(const char *from, const char *to)
{
	static char names[XATTR_LIST_MAX];
	ssize_t len = listxattr(from, names, sizeof(names));

	if (len < 0)
		return errno == EOPNOTSUPP ? 0 : -1;
	for (const char *name = names; name < names + len; name += strlen(name) + 1)
		if (copy_xattr(from, to, name))
			return -1;
	return 0;
}

int replica_attributes(int from, int to, const struct stat *st)
{
	const struct timespec times[] = { st->st_atim, st->st_mtim };
	char source[32], dest[32];

	path_of(from, source);
	path_of(to, dest);
	/* in this order: an owner takes capabilities away, and an ACL changes the mode */
	if (fchownat(to, "", st->st_uid, st->st_gid, AT_EMPTY_PATH) || copy_xattrs(source, dest) ||
	    (!S_ISLNK(st->st_mode) && chmod(dest, st->st_mode & 07777)))
		return -1;
	return utimensat(to, "", times, AT_EMPTY_PATH);
}

static int copy_range(int from, int to, off_t at, off_t end)
{
	if (lseek(to, at, SEEK_SET) < 0)
		return -1;
	while (at < end) {
		ssize_t n = sendfile(to, from, &at, end - at);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n == 0) {
			/* somebody has cut it off */
			errno = ESTALE;
			return -1;
		}
	}
	return 0;
}

static int copy_contents(int from, int to, off_t size)
{
	off_t at = 0, end;

	while (at < size) {
		at = lseek(from, at, SEEK_DATA);
		/* a hole as far as it goes */
		if (at < 0 && errno == ENXIO)
			break;
		if (at >= size)
			break;
		end = at < 0 ? -1 : lseek(from, at, SEEK_HOLE);
		if (end < 0 || copy_range(from, to, at, end < size ? end : size))
			return -1;
		at = end;
	}
	return ftruncate(to, size);
}

/* It may have been exchanged for anything since it was looked at. */
static int open_same(int dir, const char *name, const struct stat *st, int flags)
{
	cleanup_close int fd = openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC);
	struct stat now;

	if (fd < 0 || fstat(fd, &now))
		return -1;
	if (now.st_ino != st->st_ino || now.st_dev != st->st_dev ||
	    (now.st_mode & S_IFMT) != (st->st_mode & S_IFMT)) {
		errno = ESTALE;
		return -1;
	}
	return take_fd(&fd);
}

static int make_regular(int from, const char *name, const struct stat *st, int to, const char *as)
{
	cleanup_close int source = open_same(from, name, st, O_RDONLY | O_NONBLOCK | O_NOATIME);
	cleanup_close int dest = source < 0 ? -1 :
				 openat(to, as, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
					O_CLOEXEC, 0600);

	if (dest < 0)
		return -1;
	return copy_contents(source, dest, st->st_size) ? -1 :
	       replica_attributes(source, dest, st);
}

static int make_link(int source, int to, const char *as)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(source, "", target, sizeof(target) - 1);

	if (n < 0)
		return -1;
	target[n] = '\0';
	return symlinkat(target, to, as);
}

static int make_special(int from, const char *name, const struct stat *st, int to, const char *as)
{
	cleanup_close int source = open_same(from, name, st, O_PATH);
	cleanup_close int dest = -1;

	if (source < 0 ||
	    (S_ISLNK(st->st_mode) ? make_link(source, to, as) :
				    mknodat(to, as, (st->st_mode & S_IFMT) | 0600, st->st_rdev)))
		return -1;
	dest = openat(to, as, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return dest < 0 ? -1 : replica_attributes(source, dest, st);
}

int replica_make(int from, const char *name, const struct stat *st, int to, const char *as)
{
	int error, ret = S_ISREG(st->st_mode) ? make_regular(from, name, st, to, as) :
						make_special(from, name, st, to, as);

	if (ret && errno != EEXIST) {
		error = errno;
		unlinkat(to, as, 0);
		errno = error;
	}
	return ret;
}
