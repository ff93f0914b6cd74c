// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/magic.h>

#include "error.h"
#include "fs.h"
#include "idmap.h"
#include "template.h"
#include "util.h"

/* What xfs begins with. */
#define XFS_MARK	"XFSB"

const struct fs_type *fs_type_named(const char *layout)
{
	const char *format = strchr(layout, ':');

	return format && strcmp(format + 1, fs_xfs.name) == 0 ? &fs_xfs : &fs_ext4;
}

const struct fs_type *fs_type_of(int fd)
{
	char mark[sizeof(XFS_MARK) - 1];

	return pread(fd, mark, sizeof(mark), 0) == sizeof(mark) &&
	       memcmp(mark, XFS_MARK, sizeof(mark)) == 0 ? &fs_xfs : &fs_ext4;
}

const struct fs_type *fs_type_in(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fs_type_of(fd);
}

int fs_size_wanted(const struct fs_type *type, const struct disk_limits *limits, uint64_t *size)
{
	*size = limits->space_hard * 1024 / FS_BLOCK * FS_BLOCK;
	if (limits->space_hard && *size < type->least)
		return fail(EXIT_BAD_VALUE,
			    "DISKSPACE of an image or device is at least %lluM with %s",
			    (unsigned long long)type->least >> 20, type->name);
	return 0;
}

/* They tell their progress; what goes wrong they say on the other output. */
int fs_run_silently(const char *program, const char *option, const char *path, const char *size,
		    int lock)
{
	const char *const argv[] = {
		"sh", "-c", "exec \"$@\" >/dev/null", "sh", program, option, path, size, NULL
	};
	int status = run_program(argv, lock);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int fs_mount(const char *device, const char *what, bool discard, uint32_t base)
{
	cleanup_close int mnt = fs_type_in(device)->mount(device, what, discard);

	if (mnt < 0) {
		fail_errno(EXIT_MOUNT_IMAGE, "Cannot mount %s", what);
		return -1;
	}
	return idmap_mount(mnt, base) ? -1 : take_fd(&mnt);
}

/* A detached mount's own descriptor is for looking only. */
static int open_root(int mnt)
{
	return openat(mnt, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int fs_unpack(int mnt, const char *what, const char *archive, uint32_t base)
{
	cleanup_close int root = open_root(mnt);
	struct statvfs st;
	int ret = template_unpack_in(archive, mnt, base, NULL);

	if (ret && fstatvfs(root, &st) == 0 && (!st.f_bavail || !st.f_favail))
		return fail(EXIT_NO_SPACE, "DISKSPACE or DISKINODES, or the device, is too small "
			    "for this template");
	if (!ret && (root < 0 || syncfs(root)))
		ret = fail_errno(EXIT_NO_SPACE, "Cannot write %s to disk", what);
	return ret;
}

int fs_open(const struct container *ct)
{
	cleanup_close int mnt = -1;
	int root;

	if (container_mounted(ct)) {
		root = open(ct->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	} else {
		mnt = ct->layout->mount(ct);
		if (mnt < 0)
			return -1;
		root = open_root(mnt);
	}
	if (root < 0)
		fail_errno(EXIT_MOUNT_IMAGE, "Cannot open the files of %s", ct->fs);
	return root;
}

int fs_grow(int root, uint64_t size)
{
	struct statfs st;

	if (fstatfs(root, &st))
		return -1;
	return (st.f_type == XFS_SUPER_MAGIC ? &fs_xfs : &fs_ext4)->grow(root, size);
}

bool fs_usage(const struct container *ct, struct disk_usage *usage)
{
	struct statvfs st;

	if (!container_mounted(ct) || statvfs(ct->root, &st))
		return false;
	*usage = (struct disk_usage){
		(st.f_blocks - st.f_bfree) * (st.f_frsize / 1024), st.f_files - st.f_ffree,
	};
	return true;
}
