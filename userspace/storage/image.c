// SPDX-License-Identifier: GPL-2.0-only
/* A file system of its own in a sparse file, as large as DISKSPACE allows. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <linux/fs.h>
#include <linux/major.h>

#include "copy.h"
#include "error.h"
#include "fs.h"
#include "image.h"
#include "layout.h"
#include "loop.h"
#include "suspended.h"
#include "users.h"
#include "util.h"

static int read_size(const struct container *ct, const struct fs_type *type,
		     const struct disk_limits *limits, uint64_t *size)
{
	int ret = fs_size_wanted(type, limits, size);

	if (!ret && !*size)
		ret = fail(EXIT_NO_DISKSPACE,
			   "%s: an image has a size: say which with --diskspace", ct->conf_path);
	return ret;
}

/* Files that are made in @dir from now on are not copied on write; @like: if that one is not. */
static void set_nocow(const char *dir, const char *like)
{
	cleanup_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int other = like ? open(like, O_RDONLY | O_CLOEXEC) : -1;
	int flags, theirs;

	if (like && (ioctl(other, FS_IOC_GETFLAGS, &theirs) || !(theirs & FS_NOCOW_FL)))
		return;
	/* only btrfs can, and only there it matters */
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
		flags |= FS_NOCOW_FL;
		ioctl(fd, FS_IOC_SETFLAGS, &flags);
	}
}

static int make_file(const char *path, uint64_t size)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, size))
		return fail_errno(disk_status(EXIT_CREATE), "Cannot make %s", path);
	return 0;
}

static int mount_file(const char *path, uint32_t base)
{
	cleanup_free char *device = NULL;
	cleanup_close int loop = loop_open(path, &device);

	/* what is deleted inside is free space of the host's */
	return loop < 0 ? -1 : fs_mount(device, path, true, base);
}

static int fill(const char *path, const char *archive, uint32_t base)
{
	cleanup_close int mnt = mount_file(path, base);

	return mnt < 0 ? EXIT_MOUNT_IMAGE : fs_unpack(mnt, path, archive, base);
}

static int image_create(const struct container *ct, const char *dir, const char *archive)
{
	const struct fs_type *type = fs_type_named(conf_get(ct->conf, "VE_LAYOUT") ?: "");
	cleanup_free char *path = xasprintf("%s/image", dir);
	struct disk_limits limits;
	uint64_t size;
	uint32_t base;
	int ret = container_ids(ct, &base);

	if (!ret)
		ret = disk_limits_read(ct->conf, &limits);
	if (!ret)
		ret = read_size(ct, type, &limits, &size);
	if (ret)
		return ret;
	/*
	 * What direct I/O writes to may change while it is written: no checksum of btrfs's would be
	 * right, so it goes by the page cache for a file that has them.
	 */
	set_nocow(dir, NULL);
	ret = make_file(path, size);
	if (!ret)
		ret = type->make(ct, path, &(struct fs_wish){
			.type = type, .size = size, .inodes = limits.inodes_hard, .sparse = true,
			.users = limits.users,
		});
	return ret || !archive ? ret : fill(path, archive, base);
}

static int image_mount(const struct container *ct)
{
	uint32_t base;

	return container_ids(ct, &base) ? -1 : mount_file(ct->fs, base);
}

/*
 * The file first: if this is cut off, the file system is smaller than it, and the next call,
 * at the next mount at the latest, goes on.
 */
static int grow(const struct container *ct, uint64_t has, uint64_t size)
{
	cleanup_close int root = fs_open(ct);
	cleanup_close int loop = -1;
	struct stat st;

	if (root < 0)
		return EXIT_RESIZE_IMAGE;
	if (size > has && (truncate(ct->fs, size) || sync_file(ct->fs)))
		return fail_errno(EXIT_RESIZE_IMAGE, "Cannot extend %s", ct->fs);
	if (fstat(root, &st))
		return fail_errno(EXIT_RESIZE_IMAGE, "Cannot look at %s", ct->root);
	loop = loop_open_number(st.st_dev);
	if (loop < 0 || loop_grown(loop) || fs_grow(root, size))
		return fail_errno(EXIT_RESIZE_IMAGE, "Cannot extend the file system in %s",
				  ct->fs);
	return 0;
}

/* Before anything is copied; resize2fs has the last word. */
static int check_room(const struct container *ct, uint64_t has, uint64_t size)
{
	cleanup_close int root = fs_open(ct);
	uint64_t least;
	struct statvfs st;

	if (root < 0)
		return EXIT_RESIZE_IMAGE;
	if (fstatvfs(root, &st))
		return fail_errno(EXIT_RESIZE_IMAGE, "Cannot look at %s", ct->fs);
	/* its tables are no blocks that it counts, and shrink with it */
	least = (st.f_blocks - st.f_bfree) * st.f_frsize;
	if (size > least)
		return 0;
	return fail(EXIT_RESIZE_IMAGE, "The files in %s take %lluM of its %lluM: it cannot be made "
		    "smaller than that", ct->fs, (unsigned long long)least >> 20,
		    (unsigned long long)has >> 20);
}

/* Where a smaller one is made: until it takes the place of the other, nothing has happened. */
static char *smaller_of(const struct container *ct)
{
	return xasprintf("%s.smaller", ct->fs);
}

static int make_smaller(const struct container *ct, const char *smaller, uint64_t size)
{
	int ret = copy_file(ct->fs, smaller, ct->lock, EXIT_RESIZE_IMAGE);

	if (!ret)
		ret = fs_ext4.shrink(smaller, size, ct->lock);
	if (!ret && (truncate(smaller, size) || sync_file(smaller) || rename(smaller, ct->fs) ||
		     sync_file(ct->private)))
		ret = fail_errno(EXIT_RESIZE_IMAGE, "Cannot put %s in its place", smaller);
	return ret;
}

/* A copy, for a file system that is cut off while its blocks are moved is lost. */
static int shrink(const struct container *ct, uint64_t has, uint64_t size)
{
	cleanup_free char *smaller = smaller_of(ct);
	int ret;

	if (!fs_type_in(ct->fs)->shrink)
		return fail(EXIT_RESIZE_IMAGE, "xfs cannot be made smaller, here from %lluM to "
			    "%lluM: cloisonctl convert %u --layout dir, then set this size, and then "
			    "convert to image:xfs", (unsigned long long)has >> 20,
			    (unsigned long long)size >> 20, ct->id);
	if (container_mounted(ct))
		return fail(EXIT_RESIZE_IMAGE, "ext4 cannot be made smaller, here from %lluM to "
			    "%lluM, while it is mounted: stop the container first",
			    (unsigned long long)has >> 20, (unsigned long long)size >> 20);
	/* its programs know files by numbers, which may be others then */
	ret = suspended_refuse(ct, EXIT_RESIZE_IMAGE);
	if (!ret)
		ret = check_room(ct, has, size);
	if (!ret && loop_await_none(ct->fs))
		ret = fail_wrap(EXIT_RESIZE_IMAGE, "It cannot be replaced by a smaller one");
	if (!ret)
		ret = make_smaller(ct, smaller, size);
	if (ret)
		unlink(smaller);
	return ret;
}

bool image_unfinished(const struct container *ct)
{
	cleanup_free char *smaller = smaller_of(ct);

	return access(smaller, F_OK) == 0;
}

int image_clear(const struct container *ct)
{
	cleanup_free char *smaller = smaller_of(ct);

	return unlink(smaller) && errno != ENOENT ?
	       fail_errno(EXIT_RESIZE_IMAGE, "Cannot remove %s", smaller) : 0;
}

static int limit_users(const struct container *ct, const struct disk_limits *limits)
{
	cleanup_close int fd = open(ct->fs, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? fail_errno(EXIT_RESIZE_IMAGE, "Cannot open %s", ct->fs) :
	       users_limit(ct, fd, limits->users);
}

static int image_resize(const struct container *ct)
{
	struct disk_limits limits = {};
	uint64_t size;
	struct stat st;
	int ret = image_clear(ct);

	if (!ret)
		ret = disk_limits_read(ct->conf, &limits);
	if (!ret)
		ret = limit_users(ct, &limits);
	/* an image has the size it has */
	if (ret || !limits.space_hard)
		return ret;
	ret = read_size(ct, fs_type_in(ct->fs), &limits, &size);
	if (ret)
		return ret;
	if (stat(ct->fs, &st))
		return fail_errno(EXIT_RESIZE_IMAGE, "Cannot look at %s", ct->fs);
	return size < (uint64_t)st.st_size ? shrink(ct, st.st_size, size) :
	       grow(ct, st.st_size, size);
}

static const char *image_unenforced(const struct container *ct)
{
	(void)ct;
	return NULL;
}

static bool image_own_fs(const struct container *ct, dev_t dev)
{
	(void)ct;
	return major(dev) == LOOP_MAJOR;
}

int image_compact(const struct container *ct, uint64_t *bytes)
{
	struct fstrim_range all = { .len = UINT64_MAX };
	cleanup_close int root = -1;
	struct stat before, after;

	if (!ct->layout->own_fs)
		return fail(EXIT_NO_PLOOP, "Container %u has no image", ct->id);
	root = fs_open(ct);
	if (root < 0)
		return EXIT_COMPACT;
	if (stat(ct->fs, &before) || ioctl(root, FITRIM, &all) || syncfs(root) ||
	    stat(ct->fs, &after))
		return fail_errno(EXIT_COMPACT, "Cannot compact %s", ct->fs);
	if (ct->layout != &layout_image)
		*bytes = all.len;
	else
		*bytes = before.st_blocks > after.st_blocks ?
			 (before.st_blocks - after.st_blocks) * 512ULL : 0;
	return 0;
}

static int image_copy(const struct copy *c)
{
	cleanup_free char *from = xasprintf("%s/image", c->from);
	cleanup_free char *to = xasprintf("%s/image", c->to);

	/* blocks are shared by files that both have checksums, or both have not */
	set_nocow(c->to, from);
	return copy_file(from, to, c->ct->lock, c->status);
}

const struct layout layout_image = {
	.name = "image", .alias = "ploop", .files = "image",
	.create = image_create, .mount = image_mount, .resize = image_resize,
	.usage = fs_usage, .unenforced = image_unenforced, .copy = image_copy,
	.own_fs = image_own_fs,
};
