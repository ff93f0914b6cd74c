// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's Documentation/filesystems/overlayfs.rst. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../lib/cleanup.h"
#include "../lib/util.h"
#include "upper_layer.h"

/* Each takes a descriptor. */
#define DEPTH_MAX	100

struct walk {
	FILE *names;
	size_t bytes, most;
	char path[PATH_MAX];
};

static bool list(struct walk *w, size_t len)
{
	w->bytes += len + 1;
	return w->bytes <= w->most && fwrite(w->path, 1, len + 1, w->names) == len + 1;
}

/* One that was moved: what is below it may be the lower layer's, under another name there. */
static bool was_moved(int dir)
{
	return fgetxattr(dir, "trusted.overlay.redirect", NULL, 0) >= 0 || errno != ENODATA;
}

/* Something of the lower layer's that was removed. */
static bool is_whiteout(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(0, 0);
}

static bool walk_dir(struct walk *w, int fd, size_t len, unsigned int depth);

static bool walk_entry(struct walk *w, int dir, const struct dirent *de, size_t len,
		       unsigned int depth)
{
	size_t more = strlen(de->d_name);
	int fd;

	if (de->d_type == DT_CHR && is_whiteout(dir, de->d_name))
		return true;
	if (de->d_type == DT_UNKNOWN || len + 1 + more >= sizeof(w->path))
		return false;
	w->path[len] = '/';
	memcpy(w->path + len + 1, de->d_name, more + 1);
	if (de->d_type != DT_DIR)
		return list(w, len + 1 + more);
	fd = openat(dir, de->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && walk_dir(w, fd, len + 1 + more, depth + 1);
}

/* Takes @fd over. */
static bool walk_dir(struct walk *w, int fd, size_t len, unsigned int depth)
{
	cleanup_dir DIR *dir = depth < DEPTH_MAX && !was_moved(fd) ? fdopendir(fd) : NULL;
	bool good = dir && list(w, len);
	struct dirent *de;

	if (!dir)
		close(fd);
	errno = 0;
	while (good && (de = readdir(dir))) {
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			good = walk_entry(w, fd, de, len, depth);
		w->path[len] = '\0';
		errno = 0;
	}
	return good && !errno;
}

/*
 * A file of several names in the lower layer, changed by one that it has no more: under the others
 * the container sees what the index alone has.
 */
static bool has_no_name(int dir, const char *name, time_t since)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return true;
	return !S_ISDIR(st.st_mode) && !S_ISCHR(st.st_mode) && st.st_nlink == 1 &&
	       st.st_ctime >= since;
}

static bool names_tell_all(const char *overlay, time_t since)
{
	cleanup_free char *index = xasprintf("%s/work/index", overlay);
	cleanup_dir DIR *dir = opendir(index);
	struct dirent *de;
	bool good = true;

	if (!dir)
		return errno == ENOENT;
	errno = 0;
	while (good && (de = readdir(dir))) {
		good = !has_no_name(dirfd(dir), de->d_name, since);
		errno = 0;
	}
	return good && !errno;
}

char *upper_layer_names(const char *overlay, time_t since, size_t most, size_t *bytes)
{
	cleanup_free char *upper = xasprintf("%s/upper", overlay);
	struct walk w = { .most = most, .path = "." };
	int fd = open(upper, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char *text = NULL;
	bool good;

	w.names = fd < 0 ? NULL : open_memstream(&text, bytes);
	if (!w.names) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	good = walk_dir(&w, fd, 1, 0) && names_tell_all(overlay, since);
	if (fclose(w.names) == 0 && good)
		return text;
	free(text);
	return NULL;
}
