// SPDX-License-Identifier: GPL-2.0-only
/*
 * A name that comes or goes changes the times of its directory, which is listed with a slash
 * then: rsync compares all that is in it, and removes what is not, one level deep. A
 * directory that was moved has new times itself, as where it came to has, but what is below
 * it has not: so below one that has changed in one that has changed, all is listed. Of a file
 * with several names all are listed or none, for the times are the file's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/cleanup.h"
#include "../lib/error.h"
#include "../lib/util.h"
#include "changed.h"
#include "status.h"

#define CUT_OFF	2	/* seconds */

struct walk {
	FILE *out;
	const char *dir;
	time_t since;
	dev_t dev;
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

static bool has_changed(const struct walk *w, const struct stat *st)
{
	/* what is from the future the target distrusts, see files.c */
	return st->st_ctim.tv_sec >= w->since || st->st_mtim.tv_sec >= w->since;
}

static int list(struct walk *w, const char *name, const char *tail)
{
	fputs(name, w->out);
	fputs(tail, w->out);
	return putc('\0', w->out) == EOF ? -1 : 0;
}

static int look_in(struct walk *w, const char *name, bool changed, bool all);

static int look_at(struct walk *w, int dir, const char *in, const char *entry, bool in_changed,
		   bool all, char ***below, size_t *count)
{
	cleanup_free char *name = *in ? xasprintf("%s/%s", in, entry) : xstrdup(entry);
	struct stat st;
	bool changed;

	if (fstatat(dir, entry, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -1;
	changed = has_changed(w, &st);
	if (!S_ISDIR(st.st_mode))
		return all || changed ? list(w, name, "") : 0;
	if ((all || changed) && list(w, name, "/"))
		return -1;
	if (st.st_dev != w->dev)
		return 0;
	/* not now: with a descriptor for each level there might be too few */
	*below = xrealloc(*below, (*count + 1) * sizeof(**below));
	(*below)[(*count)++] = xasprintf("%c%c%s", changed ? 'c' : '-',
					 all || (changed && in_changed) ? 'a' : '-', name);
	return 0;
}

static int look_in(struct walk *w, const char *name, bool changed, bool all)
{
	/* @dir itself may be a link, of /proc */
	cleanup_free char *path = xasprintf("%s/%s", w->dir, name);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), ret = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	char **below = NULL;
	size_t count = 0;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while (!ret && (errno = 0, de = readdir(dir)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			ret = look_at(w, fd, name, de->d_name, changed, all, &below, &count);
	if (!ret && errno)
		ret = -1;
	closedir(dir);
	for (size_t i = 0; i < count; i++) {
		if (!ret)
			ret = look_in(w, below[i] + 2, below[i][0] == 'c', below[i][1] == 'a');
		free(below[i]);
	}
	free(below);
	return ret;
}

int changed_write(const char *dir, const struct moment *since, int fd)
{
	time_t moved = ahead() - since->ahead;
	/* seconds are cut off twice */
	bool all = moved < -1 || moved > 1;
	struct walk w = { .dir = dir, .since = since->seconds };
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0), ret;
	struct stat st;

	w.out = copy < 0 ? NULL : fdopen(copy, "w");
	ret = !w.out || stat(dir, &st) ? -1 : 0;
	w.dev = st.st_dev;
	/* its own times, and what is right in it, always: otherwise it is left out */
	if (!ret)
		ret = list(&w, "./", "");
	if (!ret)
		ret = look_in(&w, "", has_changed(&w, &st), all);
	if (w.out && fclose(w.out))
		ret = -1;
	return ret ? fail_errno(MIGRATE_COPY, "Cannot look through %s", dir) : 0;
}
