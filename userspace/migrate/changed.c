// SPDX-License-Identifier: GPL-2.0-only
/*
 * A name that comes or goes changes its directory: of one that has changed all that is right in
 * it is listed (a slash at its end), and rsync removes what is not there. It may have been moved as
 * well, and what is below it has no new times then; so all below it is listed. A file that has
 * changed has by all its names. But one of several names that has not, in what may have been
 * moved, would be sent as another file: then all there is must be looked at. The same with another
 * file system's directory, or subvolume: rsync goes into it, and its times may be of any clock.
 *
 * Of an overlay only what its upper layer has is looked at, as the container sees it. Where that
 * does not tell all (upper_layer.c; a file that has other names) all is looked at.
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
#include "../storage/layout.h"
#include "changed.h"
#include "files.h"
#include "status.h"
#include "upper_layer.h"

#define CUT_OFF		2		/* seconds */
#define NAMES_MAX	(16 << 20)	/* bytes; to look at all is as quick then */
#define GIVEN_MAX	(1 << 20)	/* the same, for find */

/* Beside find's own letters of what has changed: */
#define SAME_DIRECTORY	'u'
#define SAME_LINKED	'h'	/* has several names */
#define DIRECTORIES	"du"

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
	bool one_by_one;	/* what an upper layer has; see upper_layer.h */
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

/* "TYPE DEVICE LINKS SECONDS.FRACTION NAME". False at the end, and for what is no such thing. */
static bool take_next(struct look *l, FILE *found)
{
	char record[PATH_MAX + 64], type;
	long long device, links, modified;
	size_t len = 0;
	int c, at = 0;

	while ((c = getc(found)) != EOF && c && len < sizeof(record) - 1)
		record[len++] = (char)c;
	record[len] = '\0';
	if (c == EOF && !len)
		return false;
	if (c || sscanf(record, "%c %lld %lld %lld%*[.0-9] %n", &type, &device, &links,
			&modified, &at) != 4 || !at || strlen(record + at) >= PATH_MAX)
		l->unknown = true;
	/* it has other names, which the lower layer alone may have */
	else if (l->one_by_one && links > 1 && !strchr(DIRECTORIES, type))
		l->unknown = true;
	else
		take(l, type, device, modified, record + at);
	return !l->unknown;
}

static bool is_layered(const struct container *ct)
{
	return ct->layout == &layout_overlay;
}

static int start(const struct container *ct, uint32_t base, const struct moment *since,
		 struct search *s)
{
	cleanup_free char *than = xasprintf("@%lld", (long long)since->seconds);
	const char *const argv[] = {
		"find", "-files0-from", "-", "-maxdepth", s->one_by_one ? "0" : "999999",
		/* what is from the future the target distrusts, see files.c */
		"(", "-newerct", than, "-o", "-newermt", than, ")",
		"-printf", "%y %D %n %T@ %p\\0",
		"-o", "-type", "d", "-printf", "u %D 1 0. %p\\0",
		"-o", "-links", "+1", "-printf", "h 0 1 0. %p\\0", NULL
	};
	int from, to, ret = files_spawn_piped(ct, base, argv, &from, &to, &s->pid);

	if (ret)
		return ret;
	/* it may not read while nobody reads what it has found */
	fcntl(to, F_SETPIPE_SZ, GIVEN_MAX);
	s->names = to;
	s->found = fdopen(from, "r");
	if (s->found)
		return 0;
	close(from);
	changed_forget(s);
	return fail_errno(MIGRATE_COPY, "Cannot read what is found");
}

int changed_prepare(const struct container *ct, uint32_t base, const struct moment *since,
		    struct search *s)
{
	*s = (struct search){ .one_by_one = is_layered(ct) };
	return start(ct, base, since, s);
}

static int end(struct search *s)
{
	int ret = -1;

	if (s->names > 0)
		close(s->names);
	if (s->found)
		fclose(s->found);
	if (s->pid > 0)
		ret = shut_in_wait(s->pid);
	*s = (struct search){};
	return ret;
}

void changed_forget(struct search *s)
{
	if (s->pid > 0)
		kill(s->pid, SIGKILL);
	end(s);
}

/* @names are where it looks. */
static int look_at(struct search *s, const char *names, size_t bytes, struct look *l)
{
	bool told = write(s->names, names, bytes) == (ssize_t)bytes;

	close(s->names);
	s->names = 0;
	while (told && take_next(l, s->found))
		;
	if (l->unknown)
		kill(s->pid, SIGKILL);
	return end(s) || !told ? -1 : 0;
}

static int look_at_upper(const struct container *ct, struct search *s, struct look *l)
{
	int room = fcntl(s->names, F_GETPIPE_SZ);
	size_t bytes;
	cleanup_free char *names = upper_layer_names(ct->fs, l->since, room < 0 ? 0 : room, &bytes);

	return names ? look_at(s, names, bytes, l) : -1;
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

/* *@unknown: it could not look at all that may have changed. */
static int find_once(const struct container *ct, uint32_t base, const struct moment *since,
		     struct search *s, int *names, int *contents, bool *unknown)
{
	struct look l = { .since = since->seconds, .one_by_one = s->one_by_one };
	int ret = 0;

	if (since->missed)
		l.all = "not all came there before";
	if (open_list(&l.names, names) || open_list(&l.contents, contents))
		ret = fail_errno(MIGRATE_COPY, "Cannot make a list");
	if (!ret) {
		/* its own times, and what is right in it */
		list_name(&l, "./", "");
		if ((!s->pid && start(ct, base, since, s)) ||
		    (l.one_by_one ? look_at_upper(ct, s, &l) : look_at(s, ".", 2, &l)))
			l.unknown = true;
		error_clear();
		if (l.unknown)
			l.all = "not all of them could be looked at";
		if (!l.all)
			detail("%zu names in the last pass", l.names.count);
		else if (!l.unknown || !l.one_by_one)
			detail("All names in the last pass: %s", l.all);
	}
	changed_forget(s);
	*unknown = l.unknown;
	if (close_list(&l.names, names, !ret && !l.all) ||
	    close_list(&l.contents, contents, !ret && !l.unknown && l.contents.bytes))
		ret = fail_errno(MIGRATE_COPY, "Cannot write a list");
	return ret;
}

int changed_find(const struct container *ct, uint32_t base, const struct moment *since,
		 struct search *s, int *names, int *contents)
{
	time_t moved = ahead() - since->ahead;
	bool upper, unknown;
	int ret;

	*names = *contents = -1;
	/* seconds were cut off twice */
	if (!since->seconds || moved < -1 || moved > 1 || !has_times(ct)) {
		detail("All names in the last pass: times do not tell");
		changed_forget(s);
		return 0;
	}
	if (!s->pid)
		s->one_by_one = is_layered(ct);
	upper = s->one_by_one;
	ret = find_once(ct, base, since, s, names, contents, &unknown);
	if (ret || !unknown || !upper)
		return ret;
	detail("What the overlay has of its own does not tell what has changed");
	return find_once(ct, base, since, s, names, contents, &unknown);
}
