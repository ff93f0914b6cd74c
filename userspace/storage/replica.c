// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "replica.h"
#include "util.h"

struct work {
	int from, to;
	off_t room;	/* bytes that may be copied still */
	int (*before)(int from, off_t at, off_t len, void *arg);
	void *arg;
};

static int copy_range(struct work *w, off_t at, off_t end)
{
	if (lseek(w->to, at, SEEK_SET) < 0)
		return -1;
	while (at < end) {
		off_t len = end - at < REPLICA_PIECE ? end - at : REPLICA_PIECE;
		ssize_t n;

		if (len > w->room) {
			errno = ESTALE;
			return -1;
		}
		if (w->before(w->from, at, len, w->arg))
			return -1;
		n = sendfile(w->to, w->from, &at, len);
		if (n < 0)
			return -1;
		if (n == 0) {
			/* somebody has cut it off */
			errno = ESTALE;
			return -1;
		}
		w->room -= n;
	}
	return 0;
}

int replica_contents(int from, int to, const struct stat *st,
		     int (*before)(int from, off_t at, off_t len, void *arg), void *arg)
{
	struct work w = { from, to, (off_t)st->st_blocks * 512, before, arg };
	off_t at = 0, end;

	while (at < st->st_size) {
		at = lseek(from, at, SEEK_DATA);
		/* a hole as far as it goes */
		if ((at < 0 && errno == ENXIO) || at >= st->st_size)
			break;
		end = at < 0 ? -1 : lseek(from, at, SEEK_HOLE);
		if (end < 0 || copy_range(&w, at, end < st->st_size ? end : st->st_size))
			return -1;
		at = end;
	}
	return ftruncate(to, st->st_size);
}

/* As attr(5)'s xattr.conf has it for cp: of xfs, what ACLs are as well; and true of one inode. */
static bool is_copied(const char *name)
{
	static const char *const not[] = { "trusted.SGI_", "security.evm" };

	for (size_t i = 0; i < ARRAY_SIZE(not); i++)
		if (strncmp(name, not[i], strlen(not[i])) == 0)
			return false;
	return true;
}

static int copy_xattr(int from, int to, const char *name)
{
	static char value[XATTR_SIZE_MAX];
	ssize_t len = fgetxattr(from, name, value, sizeof(value));

	return len < 0 ? -1 : fsetxattr(to, name, value, len, 0);
}

static int copy_xattrs(int from, int to)
{
	static char names[XATTR_LIST_MAX];
	ssize_t len = flistxattr(from, names, sizeof(names));

	if (len < 0)
		return errno == EOPNOTSUPP ? 0 : -1;
	for (const char *name = names; name < names + len; name += strlen(name) + 1)
		if (is_copied(name) && copy_xattr(from, to, name))
			return -1;
	return 0;
}

int replica_attributes(int from, int to, const struct stat *st)
{
	const struct timespec times[] = { st->st_atim, st->st_mtim };

	/* in this order: an owner takes capabilities away, and an ACL changes the mode */
	return fchown(to, st->st_uid, st->st_gid) || copy_xattrs(from, to) ||
	       fchmod(to, st->st_mode & 07777) || futimens(to, times) ? -1 : 0;
}
