// SPDX-License-Identifier: GPL-2.0-only
/*
 * A name that comes or goes changes its directory: of one that has changed all that is right in
 * it is listed (a slash at its end), and rsync removes what is not there. It may have been moved as
 * well, and what is below it has no new times then; so all below it is listed. A file that has
 * changed has by all its names. But one of several names that has not, in what may have been
 * moved, would be sent as another file: then all there is must be looked at. The same with another
 * file system's directory, or subvolume: rsync goes into it, and its times may be of any clock.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "../lib/cleanup.h"
#include "../lib/error.h"
#include "../lib/shut_in.h"
#include "../lib/util.h"
#include "changed.h"
#include "files.h"
#include "status.h"

#define CUT_OFF		2		/* seconds */
#define NAMES_MAX	(16 << 20)	/* bytes; to look at all is as quick then */

/* Beside find's own letters of what has changed: */
#define SAME_DIRECTORY	'u'
#define SAME_LINKED	'h'	/* has several names */

struct list {
	FILE *file;
	size_t count, bytes;
};

struct look {
	time_t since;
	struct list names, contents;
	char below[PATH_MAX];	/* of this directory all is listed; none if empty */
	long long device;	/* of the first directory, 0 before */
	const char *all;	/* why all names must be looked at */
	bool unknown;		/* of contents, too */
};

static time_t ahead(void)
{
	struct timespec real, boot;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return real.tv_sec - boot.tv_sec;
}

void changed_begin(struct moment *since)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	*since = (struct moment){ now.tv_sec - CUT_OFF, ahead() };
}

/* False if that cannot be. */
static bool list(struct list *in, const char *name, const char *tail)
{
	in->count++;
	in->bytes += strlen(name) + 2;
	return in->bytes <= NAMES_MAX && fprintf(in->file, "%s%s", name, tail) >= 0 &&
	       putc('\0', in->file) != EOF;
}

static void list_name(struct look *l, const char *name, const char *tail)
{
	if (!l->all && !list(&l->names, name, tail))
		l->all = "so many have changed";
}

static bool is_below(const char *dir, const char *name)
{
	size_t len = strlen(dir);

	return len && strncmp(name, dir, len) == 0 && name[len] == '/';
}

static void take(struct look *l, char type, long long device, time_t modified,
		 const char *name)
{
	bool below = is_below(l->below, name);

	/* in an overlay only directories all have one */
	if (type == 'd' || type == SAME_DIRECTORY) {
		l->device = l->device ?: device;
		if (device != l->device)
			l->all = "there is another file system";
	}
	if (type == SAME_LINKED) {
		if (below)
			l->all = "a file with several names may have been moved";
	} else if (type == SAME_DIRECTORY) {
		if (below)
			list_name(l, name, "/");
	} else if (type == 'd') {
		/* that would be everything */
		if (strcmp(name, ".") == 0)
			l->all = "/ has changed";
		list_name(l, name, "/");
		if (!below)
			snprintf(l->below, sizeof(l->below), "%s", name);
	} else {
		if (!below)
			list_name(l, name, "");
		/* of the others the target has copies that are known to be old, see files.c */
		if (type == 'f' && modified <= l->since && !list(&l->contents, name, ""))
			l->unknown = true;
	}
}

/* "TYPE DEVICE SECONDS.FRACTION NAME". False at the end, and for what is no such thing. */
static bool take_next(struct look *l, FILE *found)
{
	char record[PATH_MAX + 64], type;
	long long device, modified;
	size_t len = 0;
	int c, at = 0;

	while ((c = getc(found)) != EOF && c && len < sizeof(record) - 1)
		record[len++] = (char)c;
	record[len] = '\0';
	if (c == EOF && !len)
		return false;
	if (c || sscanf(record, "%c %lld %lld%*[.0-9] %n", &type, &device, &modified, &at) != 3 ||
	    !at || strlen(record + at) >= PATH_MAX)
		l->unknown = true;
	else
		take(l, type, device, modified, record + at);
	return !l->unknown;
}

static int look_through(const struct container *ct, uint32_t base, struct look *l)
{
	cleanup_free char *than = xasprintf("@%lld", (long long)l->since);
	const char *const argv[] = {
		"find", ".",
		/* what is from the future the target distrusts, see files.c */
		"(", "-newerct", than, "-o", "-newermt", than, ")",
		"-printf", "%y %D %T@ %p\\0",
		"-o", "-type", "d", "-printf", "u %D 0. %p\\0",
		"-o", "-links", "+1", "-printf", "h 0 0. %p\\0", NULL
	};
	int ends[2], ret;
	FILE *found;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	found = fdopen(ends[0], "r");
	if (!found) {
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	ret = files_spawn(ct, base, argv, -1, ends[1], -1, &pid);
	close(ends[1]);
	while (!ret && take_next(l, found))
		;
	fclose(found);
	if (ret)
		return ret;
	if (l->unknown)
		kill(pid, SIGKILL);
	return shut_in_wait(pid);
}

/* *@fd is for who reads it. */
static int open_list(struct list *l, int *fd)
{
	int ours;

	*fd = memfd_create("changed", MFD_CLOEXEC);
	ours = *fd < 0 ? -1 : fcntl(*fd, F_DUPFD_CLOEXEC, 0);
	l->file = ours < 0 ? NULL : fdopen(ours, "w");
	if (!l->file && ours >= 0)
		close(ours);
	return l->file ? 0 : -1;
}

static int close_list(struct list *l, int *fd, bool wanted)
{
	int ret = l->file && fclose(l->file) ? -1 : 0;

	if (wanted)
		return ret || lseek(*fd, 0, SEEK_SET) ? -1 : 0;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return 0;
}

/* Times of inodes are of this host's clock, and a name that is given sets it. */
static bool has_times(const struct container *ct)
{
	struct statfs fs;

	return statfs(ct->private, &fs) == 0 &&
	       (fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == XFS_SUPER_MAGIC ||
		fs.f_type == BTRFS_SUPER_MAGIC);
}

int changed_find(const struct container *ct, uint32_t base, const struct moment *since,
		 int *names, int *contents)
{
	time_t moved = ahead() - since->ahead;
	struct look l = { .since = since->seconds };
	int ret = 0;

	*names = *contents = -1;
	/* seconds were cut off twice */
	if (!since->seconds || moved < -1 || moved > 1 || !has_times(ct)) {
		detail("All names in the last pass: times do not tell");
		return 0;
	}
	if (since->missed)
		l.all = "not all came there before";
	if (open_list(&l.names, names) || open_list(&l.contents, contents))
		ret = fail_errno(MIGRATE_COPY, "Cannot make a list");
	if (!ret) {
		/* its own times, and what is right in it */
		list_name(&l, "./", "");
		if (look_through(ct, base, &l))
			l.unknown = true;
		error_clear();
		if (l.unknown)
			l.all = "not all of them could be looked at";
		if (l.all)
			detail("All names in the last pass: %s", l.all);
		else
			detail("%zu names in the last pass", l.names.count);
	}
	if (close_list(&l.names, names, !ret && !l.all) ||
	    close_list(&l.contents, contents, !ret && !l.unknown && l.contents.bytes))
		ret = fail_errno(MIGRATE_COPY, "Cannot write a list");
	return ret;
}
