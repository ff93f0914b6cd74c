// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <sys/mount.h>

#include "cleanup.h"
#include "error.h"
#include "idmap.h"
#include "userns.h"

static int map(int mnt, uint32_t from, uint32_t to)
{
	cleanup_close int userns = userns_open(from, to);
	struct mount_attr set = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = userns };

	if (userns < 0)
		return EXIT_MOUNT;
	if (mount_setattr(mnt, "", AT_EMPTY_PATH, &set, sizeof(set)))
		return fail_errno(EXIT_MOUNT, "Cannot map a mount's ids (ext4, xfs, btrfs can)");
	return 0;
}

int idmap_mount(int mnt, uint32_t base)
{
	return map(mnt, 0, base);
}

int idmap_shift(const char *path, uint32_t from, uint32_t to)
{
	cleanup_close int mnt = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (mnt < 0) {
		fail_errno(EXIT_MOUNT, "Cannot mount %s", path);
		return -1;
	}
	return map(mnt, from, to) ? -1 : take_fd(&mnt);
}

int idmap_clone(const char *path, uint32_t base)
{
	return idmap_shift(path, 0, base);
}
