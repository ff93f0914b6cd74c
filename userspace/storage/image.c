// SPDX-License-Identifier: GPL-2.0-only
/*
 * An ext4 file system of its own in a sparse file, as large as DISKSPACE allows. Its files
 * have the ids 0..65535, which the mount maps: it can be taken anywhere as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <linux/fs.h>

#include "copy.h"
#include "error.h"
#include "idmap.h"
#include "image.h"
#include "layout.h"
#include "loop.h"
#include "template.h"
#include "util.h"

#define FS_BLOCK	4096	/* mkfs.ext4 -b below */

/* Below that there is hardly room for its own tables. */
#define SIZE_MIN	(16ULL << 20)

/* fs/ext4/ext4.h; what resize2fs(8) calls, in one step that a power cut cannot halve */
#define EXT4_IOC_RESIZE_FS	_IOW('f', 16, uint64_t)

static int read_size(const struct container *ct, const struct disk_limits *limits, uint64_t *size)
{
	*size = limits->space_hard * 1024 / FS_BLOCK * FS_BLOCK;
	if (!*size)
		return fail(EXIT_NO_DISKSPACE,
			    "%s: an image has a size: say which with --diskspace", ct->conf_path);
	if (*size < SIZE_MIN)
		return fail(EXIT_BAD_VALUE, "DISKSPACE of an image is at least %lluM",
			    SIZE_MIN >> 20);
	return 0;
}

static int make_file(const char *path, uint64_t size)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, size))
		return fail_errno(disk_status(EXIT_CREATE), "Cannot make %s", path);
	return 0;
}

static int make_fs(const struct container *ct, const char *path,
		   const struct disk_limits *limits)
{
	cleanup_free char *inodes = xasprintf("%" PRIu64, limits->inodes_hard);
	/* tables are written when they are first used: the file stays sparse */
	const char *argv[] = {
		"mkfs.ext4", "-q", "-F", "-b", "4096", "-m", "0",
		"-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0",
		path, NULL, NULL, NULL, NULL,
	};

	if (limits->inodes_hard) {
		argv[9] = "-N";
		argv[10] = inodes;
		argv[11] = path;
	}
	if (run_program(argv, ct->lock))
		return fail(EXIT_CREATE_IMAGE, "Cannot make a file system in %s", path);
	return 0;
}

static int mount_ext4(const char *device)
{
	cleanup_close int fs = fsopen("ext4", FSOPEN_CLOEXEC);

	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "source", device, 0) ||
	    /* what is deleted inside is free space of the host's */
	    fsconfig(fs, FSCONFIG_SET_FLAG, "discard", NULL, 0) ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -1;
	return fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

static int mount_file(const char *path, uint32_t base)
{
	cleanup_free char *device = NULL;
	cleanup_close int loop = loop_open(path, &device);
	cleanup_close int mnt = -1;

	if (loop < 0)
		return -1;
	mnt = mount_ext4(device);
	if (mnt < 0) {
		fail_errno(EXIT_MOUNT_IMAGE, "Cannot mount %s", path);
		return -1;
	}
	return idmap_mount(mnt, base) ? -1 : take_fd(&mnt);
}

/* A detached mount's own descriptor is for looking only. */
static int open_root(int mnt)
{
	return openat(mnt, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int fill(const char *path, const char *archive, uint32_t base)
{
	cleanup_close int mnt = mount_file(path, base);
	cleanup_close int root = mnt < 0 ? -1 : open_root(mnt);
	struct statvfs st;
	int ret;

	if (mnt < 0)
		return EXIT_MOUNT_IMAGE;
	ret = template_unpack_in(archive, mnt, base);
	if (ret && fstatvfs(root, &st) == 0 && (!st.f_bavail || !st.f_favail))
		return fail(EXIT_NO_SPACE,
			    "DISKSPACE or DISKINODES is too small for this template");
	if (!ret && (root < 0 || syncfs(root)))
		ret = fail_errno(EXIT_NO_SPACE, "Cannot write %s to disk", path);
	return ret;
}

static int image_create(const struct container *ct, const char *dir, const char *archive)
{
	cleanup_free char *path = xasprintf("%s/image", dir);
	struct disk_limits limits;
	uint64_t size;
	uint32_t base;
	int ret = container_ids(ct, &base);

	if (!ret)
		ret = disk_limits_read(ct->conf, &limits);
	if (!ret)
		ret = read_size(ct, &limits, &size);
	if (!ret)
		ret = make_file(path, size);
	if (!ret)
		ret = make_fs(ct, path, &limits);
	return ret || !archive ? ret : fill(path, archive, base);
}

static int image_mount(const struct container *ct)
{
	uint32_t base;

	return container_ids(ct, &base) ? -1 : mount_file(ct->fs, base);
}

/* The root of the file system, where it is mounted or, for a moment, nowhere. */
static int open_mounted(const struct container *ct)
{
	cleanup_close int mnt = -1;
	int root;

	if (container_mounted(ct)) {
		root = open(ct->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	} else {
		mnt = image_mount(ct);
		if (mnt < 0)
			return -1;
		root = open_root(mnt);
	}
	if (root < 0)
		fail_errno(EXIT_MOUNT_IMAGE, "Cannot open the files of %s", ct->fs);
	return root;
}

/*
 * The file first: if this is cut off, the file system is smaller than it, and the next call,
 * at the next mount at the latest, goes on.
 */
static int grow(const struct container *ct, int root, uint64_t has, uint64_t size)
{
	uint64_t blocks = size / FS_BLOCK;
	cleanup_close int loop = -1;
	struct stat st;

	if (size > has && (truncate(ct->fs, size) || sync_file(ct->fs)))
		return fail_errno(EXIT_RESIZE_IMAGE, "Cannot extend %s", ct->fs);
	if (fstat(root, &st))
		return fail_errno(EXIT_RESIZE_IMAGE, "Cannot look at %s", ct->root);
	loop = loop_open_number(st.st_dev);
	if (loop < 0 || loop_grown(loop) || ioctl(root, EXT4_IOC_RESIZE_FS, &blocks))
		return fail_errno(EXIT_RESIZE_IMAGE, "Cannot extend the file system in %s",
				  ct->fs);
	return 0;
}

static int image_resize(const struct container *ct)
{
	cleanup_close int root = -1;
	struct disk_limits limits;
	uint64_t size;
	struct stat st;
	int ret = disk_limits_read(ct->conf, &limits);

	/* an image has the size it has */
	if (ret || !limits.space_hard)
		return ret;
	ret = read_size(ct, &limits, &size);
	if (ret)
		return ret;
	if (stat(ct->fs, &st))
		return fail_errno(EXIT_RESIZE_IMAGE, "Cannot look at %s", ct->fs);
	if (size < (uint64_t)st.st_size)
		return fail(EXIT_RESIZE_IMAGE,
			    "%s cannot be made smaller than the %lluM that it has", ct->fs,
			    (unsigned long long)st.st_size >> 20);
	root = open_mounted(ct);
	return root < 0 ? EXIT_RESIZE_IMAGE : grow(ct, root, st.st_size, size);
}

static bool image_usage(const struct container *ct, struct disk_usage *usage)
{
	struct statvfs st;

	if (!container_mounted(ct) || statvfs(ct->root, &st))
		return false;
	*usage = (struct disk_usage){
		(st.f_blocks - st.f_bfree) * (st.f_frsize / 1024), st.f_files - st.f_ffree,
	};
	return true;
}

static const char *image_unenforced(const struct container *ct)
{
	(void)ct;
	return NULL;
}

int image_compact(const struct container *ct, uint64_t *bytes)
{
	struct fstrim_range all = { .len = UINT64_MAX };
	cleanup_close int root = -1;
	struct stat before, after;

	if (ct->layout != &layout_image)
		return fail(EXIT_NO_PLOOP, "Container %u has no image", ct->id);
	root = open_mounted(ct);
	if (root < 0)
		return EXIT_COMPACT;
	if (stat(ct->fs, &before) || ioctl(root, FITRIM, &all) || syncfs(root) ||
	    stat(ct->fs, &after))
		return fail_errno(EXIT_COMPACT, "Cannot compact %s", ct->fs);
	*bytes = before.st_blocks > after.st_blocks ?
		 (before.st_blocks - after.st_blocks) * 512ULL : 0;
	return 0;
}

static int image_copy(const struct copy *c)
{
	cleanup_free char *from = xasprintf("%s/image", c->from);
	cleanup_free char *to = xasprintf("%s/image", c->to);

	return copy_file(from, to, c->ct->lock, c->status);
}

const struct layout layout_image = {
	.name = "image", .alias = "ploop", .files = "image",
	.create = image_create, .mount = image_mount, .resize = image_resize,
	.usage = image_usage, .unenforced = image_unenforced, .copy = image_copy,
	.own_fs = true,
};
