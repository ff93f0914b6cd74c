// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "error.h"
#include "fs.h"
#include "util.h"

/* mkfs.xfs(8) makes none that is smaller. */
#define SIZE_MIN	(300ULL << 20)

/* fs/xfs/libxfs/xfs_fs.h, what xfs_growfs(8) calls, which wants a mount point */
struct geometry {
	uint32_t block, extent, group, groups, log, sector, inode, most_inodes;
	uint64_t blocks, more[9];
};

struct growth {
	uint64_t blocks;
	uint32_t most_inodes;
};

_Static_assert(sizeof(struct geometry) == 112, "as the kernel has it");
_Static_assert(sizeof(struct growth) == 16, "as the kernel has it");

#define XFS_IOC_FSGEOMETRY_V1	_IOR('X', 100, struct geometry)
#define XFS_IOC_FSGROWFSDATA	_IOW('X', 110, struct growth)

static int xfs_make(const struct container *ct, const char *path, const struct fs_wish *wish)
{
	/*
	 * Of the loop device's sectors; without what is an experiment to Linux 6.1; and without
	 * files that share blocks, which backups and conversions would have each for itself: a
	 * hundred times what the image may have.
	 */
	static const char *const options[] = {
		"mkfs.xfs", "-q", "-f", "-s", "size=4096", "-i", "nrext64=0", "-m", "reflink=0",
		"-K",
	};
	const char *argv[ARRAY_SIZE(options) + 2];
	int status;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		argv[i] = options[i];
	argv[ARRAY_SIZE(options)] = path;
	argv[ARRAY_SIZE(options) + 1] = NULL;
	if (wish->inodes)
		warn("DISKINODES has no effect: xfs has room for as many files as there is space");
	status = run_program(argv, ct->lock);
	return status ? fail(EXIT_CREATE_IMAGE, "Cannot make an xfs file system in %s (is xfsprogs "
			     "installed?)", path) : 0;
}

/*
 * A copy has the same UUID, and may be mounted beside it. What users and groups have is always
 * counted: xfs can be told to hold them to limits later (users.c), but not to begin to count.
 */
static int mount_device(const char *device, bool discard)
{
	static const char *const flags[] = { "nouuid", "uqnoenforce", "gqnoenforce" };
	cleanup_close int fs = fsopen("xfs", FSOPEN_CLOEXEC);

	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "source", device, 0))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (fsconfig(fs, FSCONFIG_SET_FLAG, flags[i], NULL, 0))
			return -1;
	if ((discard && fsconfig(fs, FSCONFIG_SET_FLAG, "discard", NULL, 0)) ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -1;
	return fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

/* It says that it has errors by not being mounted. xfs_repair refuses what is, or has a log. */
static int xfs_mount(const char *device, const char *what, bool discard)
{
	int mnt = mount_device(device, discard);

	if (mnt >= 0 || errno != EUCLEAN)
		return mnt;
	if (fs_run_silently("xfs_repair", device, NULL, NULL, -1)) {
		warn("There are errors in the file system in %s, and xfs_repair cannot mend it "
		     "without -L, which loses what was written last", what);
		errno = EUCLEAN;
		return -1;
	}
	warn("There were errors in the file system in %s: xfs_repair has mended it", what);
	return mount_device(device, discard);
}

static int xfs_grow(int root, uint64_t size)
{
	struct geometry is;
	struct growth to = { .blocks = size / FS_BLOCK };

	if (ioctl(root, XFS_IOC_FSGEOMETRY_V1, &is))
		return -1;
	to.most_inodes = is.most_inodes;
	return to.blocks > is.blocks ? ioctl(root, XFS_IOC_FSGROWFSDATA, &to) : 0;
}

static bool xfs_counts_users(int fd)
{
	(void)fd;
	return true;
}

const struct fs_type fs_xfs = {
	.name = "xfs", .least = SIZE_MIN, .make = xfs_make, .mount = xfs_mount, .grow = xfs_grow,
	.counts_users = xfs_counts_users,
};
