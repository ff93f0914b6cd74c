// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <sys/mount.h>

#include "cleanup.h"
#include "error.h"
#include "idmap.h"
#include "sync.h"
#include "userns.h"
#include "util.h"

/* A user namespace with the container's ids, for as long as it is open; no process stays in it. */
static int open_userns(uint32_t base)
{
	cleanup_free char *path = NULL;
	struct child child;
	int fd;

	switch (userns_fork(0, -1, base, &child)) {
	case -1:
		return -1;
	case 0:
		sync_wait(child.sync);
		_exit(0);
	}
	path = xasprintf("/proc/%d/ns/user", (int)child.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_errno(EXIT_MOUNT, "Cannot open %s", path);
	child_kill(&child);
	return fd;
}

int idmap_mount(int mnt, uint32_t base)
{
	cleanup_close int userns = open_userns(base);
	struct mount_attr set = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = userns };

	if (userns < 0)
		return EXIT_MOUNT;
	if (mount_setattr(mnt, "", AT_EMPTY_PATH, &set, sizeof(set)))
		return fail_errno(EXIT_MOUNT, "Cannot map a mount's ids (ext4, xfs, btrfs can)");
	return 0;
}

int idmap_clone(const char *path, uint32_t base)
{
	cleanup_close int mnt = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (mnt < 0) {
		fail_errno(EXIT_MOUNT, "Cannot mount %s", path);
		return -1;
	}
	return idmap_mount(mnt, base) ? -1 : take_fd(&mnt);
}
