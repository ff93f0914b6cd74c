// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "container.h"
#include "error.h"
#include "import.h"
#include "oci.h"
#include "rootfs.h"
#include "sum.h"
#include "tarball.h"
#include "template.h"
#include "template_new.h"
#include "util.h"

#define CHUNK	(1 << 18)

/* What is done for one, in directories below that of the new template. */
struct work {
	struct template_new *t;
	uint32_t base;
	const char *root;	/* what is unpacked */
	const char *image;	/* the same of an image that is packed */
	struct room *room;	/* for all of it */
};

/* What a list of paths has shown. */
struct seen {
	bool init, shell;
	bool image;	/* an OCI image layout */
	bool below;	/* a root file system in rootfs/, as LXD has it */
};

static bool is_one_of(const char *path, const char *const *paths)
{
	while (*paths && strcmp(path, *paths) != 0)
		paths++;
	return *paths;
}

static void see(const char *path, void *arg)
{
	static const char *const inits[] = {
		"sbin/init", "usr/sbin/init", "bin/init", "usr/bin/init", NULL
	};
	static const char *const shells[] = { "bin/sh", "usr/bin/sh", NULL };
	struct seen *seen = arg;

	seen->image |= strcmp(path, "oci-layout") == 0;
	seen->init |= is_one_of(path, inits);
	seen->shell |= is_one_of(path, shells);
	seen->below |= strncmp(path, "rootfs/", 7) == 0 && is_one_of(path + 7, shells);
}

/* A directory that only root gets into, but for the one in it, which is its user's. */
static int make_room(const struct work *w, const char *dir)
{
	if ((mkdir(w->t->dir, 0700) && errno != EEXIST) || mkdir(dir, 0755) ||
	    chown(dir, w->base, w->base))
		return fail_errno(disk_status(EXIT_SYSTEM), "Cannot make %s", dir);
	return 0;
}

/*
 * Ids for a few minutes, from the end that containers get last: one that is made meanwhile and
 * has them cannot reach what belongs to them here.
 */
static int begin(struct work *w)
{
	cleanup_close int lock = -1;
	int ret = container_lock_ids(&lock);

	if (!ret)
		ret = container_choose_ids(UINT32_MAX, &w->base);
	if (!ret)
		ret = make_room(w, w->root);
	return ret ? ret : room_take(w->room, w->root);
}

/* The new archive, open. */
static int make(const struct template_new *t, int *fd)
{
	*fd = open(t->archive, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	return *fd < 0 ? fail_errno(disk_status(EXIT_SYSTEM), "Cannot make %s", t->archive) : 0;
}

/* Into the new archive, which is left open. */
static int copy(const struct import *im, const struct work *w, int *fd)
{
	const struct template_new *t = w->t;
	cleanup_close int in = strcmp(im->from, "-") == 0 ?
			       fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) :
			       open(im->from, O_RDONLY | O_CLOEXEC);
	cleanup_free char *data = xmalloc(CHUNK);
	char sum[SUM_SIZE];
	ssize_t n;
	int ret;

	if (in < 0)
		return fail_errno(EXIT_SYSTEM, "Cannot open %s", im->from);
	ret = make(t, fd);
	if (ret)
		return ret;
	while ((n = read(in, data, CHUNK)) > 0) {
		if (write_all(*fd, data, n))
			return fail_errno(disk_status(EXIT_SYSTEM), "Cannot write %s", t->archive);
		if (!room_is_left(w->room))
			return room_fail("copy the archive");
	}
	if (n < 0)
		return fail_errno(EXIT_SYSTEM, "Cannot read %s", im->from);
	if (!im->sum)
		return 0;
	ret = sum_file(*fd, "Checking the archive", sum);
	if (!ret && strcasecmp(im->sum, sum) != 0)
		ret = fail(EXIT_BAD_TEMPLATE, "%s has the SHA-256 %s, not %s", im->from, sum,
			   im->sum);
	return ret;
}

static int look(const struct work *w, int fd, struct seen *seen)
{
	const struct tarball_format *format = tarball_format(fd);

	*seen = (struct seen){};
	return format ? tarball_list(fd, format, w->root, w->base, see, seen) :
	       fail(EXIT_BAD_TEMPLATE,
		    "This is no archive of tar, be it plain or compressed by gzip, bzip2, xz or zstd");
}

/* What was unpacked is the archive. */
static int pack(const struct work *w, const char *below, struct seen *seen)
{
	cleanup_close int fd = -1;
	int ret;

	if (unlink(w->t->archive) && errno != ENOENT)
		return fail_errno(EXIT_SYSTEM, "Cannot remove %s", w->t->archive);
	ret = make(w->t, &fd);
	if (!ret)
		ret = tarball_pack(w->root, w->base, below, fd, w->room);
	return ret ? ret : look(w, fd, seen);
}

static int import_image(const struct work *w, const char *layout, struct seen *seen)
{
	int ret = oci_unpack(layout, w->root, w->base, w->room);

	return ret ? ret : pack(w, ".", seen);
}

static int unpack(const struct work *w, int fd, const char *dir)
{
	cleanup_close int mnt = rootfs_detach(dir);

	return mnt < 0 ? EXIT_MOUNT :
	       tarball_unpack(fd, tarball_format(fd), mnt, w->base, "the image", false,
			      w->room);
}

static int import_archive(const struct work *w, const struct import *im, struct seen *seen,
			  const char **suffix)
{
	cleanup_close int fd = -1;
	int ret = copy(im, w, &fd);

	if (!ret)
		ret = look(w, fd, seen);
	if (ret)
		return ret;
	if (seen->image) {
		ret = make_room(w, w->image);
		if (!ret)
			ret = unpack(w, fd, w->image);
		return ret ? ret : import_image(w, w->image, seen);
	}
	if (seen->below && !seen->shell) {
		ret = unpack(w, fd, w->root);
		return ret ? ret : pack(w, "rootfs", seen);
	}
	*suffix = tarball_format(fd)->suffix;
	return 0;
}

static int import_it(struct template_new *t, const struct import *im)
{
	cleanup_free char *root = xasprintf("%s/root", t->dir);
	cleanup_free char *image = xasprintf("%s/image", t->dir);
	cleanup_room struct room room = ROOM_INIT;
	struct work w = { .t = t, .root = root, .image = image, .room = &room };
	const char *suffix = ".tar.zst";
	struct seen seen = {};
	struct stat st;
	int ret = begin(&w);

	if (ret)
		return ret;
	if (stat(im->from, &st) == 0 && S_ISDIR(st.st_mode))
		ret = im->sum ? fail(EXIT_BAD_OPTION, "--sha256 is for a file") :
		      import_image(&w, im->from, &seen);
	else
		ret = import_archive(&w, im, &seen, &suffix);
	if (ret)
		return ret;
	if (!seen.init)
		warn("There is no /sbin/init in it: containers of it cannot start");
	if (!seen.shell)
		warn("There is no /bin/sh in it: enter and exec need one");
	return template_put(t, suffix);
}

int template_import(const char *name, const struct import *im)
{
	cleanup_template_new struct template_new t = TEMPLATE_NEW_INIT;
	cleanup_free char *there = NULL;
	int ret = template_begin(&t, name);

	if (ret)
		return ret;
	if (template_find(name, &there) == 0 && !im->replace)
		return fail(EXIT_BAD_VALUE, "There is a template %s already: --force replaces it",
			    name);
	error_clear();
	return import_it(&t, im);
}
