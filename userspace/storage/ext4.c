// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "error.h"
#include "fs.h"
#include "util.h"

/* Below that there is hardly room for its own tables. */
#define SIZE_MIN	(16ULL << 20)

/* fs/ext4/ext4.h */
#define STATE_ERROR	0x2
#define RO_COMPAT_QUOTA	0x100
/* what resize2fs(8) calls */
#define EXT4_IOC_RESIZE_FS	_IOW('f', 16, uint64_t)

static int ext4_make(const struct container *ct, const char *path, const struct fs_wish *wish)
{
	/* room for more files than it has blocks would be tables and nothing else */
	uint64_t most = wish->size / FS_BLOCK;
	cleanup_free char *inodes = xasprintf("%" PRIu64,
					      wish->inodes < most ? wish->inodes : most);
	cleanup_free char *blocks = xasprintf("%" PRIu64, wish->size / FS_BLOCK);
	/* tables are written when they are first used: a file stays sparse */
	const char *argv[20] = {
		"mkfs.ext4", "-q", "-F", "-b", "4096", "-m", "0", "-E", wish->sparse ?
		"lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0" :
		"lazy_itable_init=1,root_owner=0:0",
	};
	size_t n = 9;

	if (wish->inodes) {
		argv[n++] = "-N";
		argv[n++] = inodes;
	}
	if (wish->uuid) {
		argv[n++] = "-U";
		argv[n++] = wish->uuid;
	}
	if (wish->users) {
		argv[n++] = "-O";
		argv[n++] = "quota";
	}
	argv[n++] = path;
	argv[n++] = blocks;
	if (run_program(argv, ct->lock))
		return fail(EXIT_CREATE_IMAGE, "Cannot make a file system in %s", path);
	return 0;
}

struct super {
	uint32_t inodes, blocks, skipped[4], log_block, more[7];
	uint16_t magic, state;	/* at 0x38 */
	uint32_t other[10];
	uint32_t ro_compat;	/* at 0x64 */
	uint32_t still_more[58];
	uint32_t blocks_high;	/* at 0x150 */
};

_Static_assert(offsetof(struct super, state) == 0x3a, "as on disk");
_Static_assert(offsetof(struct super, ro_compat) == 0x64, "as on disk");
_Static_assert(offsetof(struct super, blocks_high) == 0x150, "as on disk");

static bool read_super(int fd, struct super *sb)
{
	return pread(fd, sb, sizeof(*sb), 1024) == sizeof(*sb);
}

/*
 * The kernel has met with errors in it, as when the host had no room for what it wrote: what is
 * wrong is not to spread. e2fsck refuses what is mounted.
 */
static void mend(const char *device, const char *what)
{
	cleanup_close int fd = open(device, O_RDONLY | O_CLOEXEC);
	struct super sb;
	int status;

	if (fd < 0 || !read_super(fd, &sb) || !(le16toh(sb.state) & STATE_ERROR))
		return;
	status = fs_run_silently("e2fsck", "-p", device, NULL, -1);
	/* 1: errors, which are mended */
	if (status == 0 || status == 1)
		warn("There were errors in the file system in %s: e2fsck has mended it", what);
	else
		warn("There are errors in the file system in %s: e2fsck -f mends it", what);
}

static int ext4_mount(const char *device, const char *what, bool discard)
{
	cleanup_close int fs = -1;

	mend(device, what);
	fs = fsopen("ext4", FSOPEN_CLOEXEC);
	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "source", device, 0) ||
	    fsconfig(fs, FSCONFIG_SET_STRING, "errors", "remount-ro", 0) ||
	    (discard && fsconfig(fs, FSCONFIG_SET_FLAG, "discard", NULL, 0)) ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -1;
	return fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

static int ext4_grow(int root, uint64_t size)
{
	uint64_t blocks = size / FS_BLOCK;

	return ioctl(root, EXT4_IOC_RESIZE_FS, &blocks);
}

uint64_t ext4_size(int fd)
{
	struct super sb;

	if (!read_super(fd, &sb))
		return 0;
	return ((uint64_t)le32toh(sb.blocks_high) << 32 | le32toh(sb.blocks)) <<
	       (10 + le32toh(sb.log_block));
}

static bool ext4_counts_users(int fd)
{
	struct super sb;

	return read_super(fd, &sb) && (le32toh(sb.ro_compat) & RO_COMPAT_QUOTA);
}

static int ext4_shrink(const char *path, uint64_t size, int lock)
{
	cleanup_free char *kib = xasprintf("%" PRIu64 "K", size / 1024);
	int status = fs_run_silently("e2fsck", "-fp", path, NULL, lock);

	/* 1: errors, which are mended */
	if (status != 0 && status != 1)
		return fail(EXIT_RESIZE_IMAGE, "Its file system has errors: e2fsck -f mends it");
	/* -f: what was checked just now, on a clock that may stand still */
	if (fs_run_silently("resize2fs", "-f", path, kib, lock))
		return fail(EXIT_RESIZE_IMAGE,
			    "resize2fs cannot make it that small; its messages are above");
	return 0;
}

const struct fs_type fs_ext4 = {
	.name = "ext4", .least = SIZE_MIN, .counts_files = true,
	.make = ext4_make, .mount = ext4_mount, .grow = ext4_grow, .shrink = ext4_shrink,
	.counts_users = ext4_counts_users,
};
