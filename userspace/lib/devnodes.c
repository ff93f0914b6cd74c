// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cleanup.h"
#include "confine.h"
#include "devnodes.h"
#include "error.h"
#include "module.h"
#include "rootfs.h"
#include "sync.h"
#include "userns.h"
#include "util.h"

#define NODES_DIR	"/run/cloison/dev"

static char *dir_of(uint32_t id)
{
	return xasprintf(NODES_DIR "/%u", id);
}

/* The file is called as the device is, c10:200: the name may have slashes. */
static char *file_of(const char *dir, const struct device_node *node)
{
	return xasprintf("%s/%c%u:%u", dir, S_ISBLK(node->mode) ? 'b' : 'c',
			 major(node->dev), minor(node->dev));
}

/*
 * Load the driver of a device that has none yet, as opening it would. A container may
 * not (see guard.h); the host did when it was told to give it the device.
 */
static void load_driver(const struct device_node *node)
{
	const char *type = S_ISBLK(node->mode) ? "block" : "char";
	cleanup_free char *alias = xasprintf("%s-major-%u-%u", type, major(node->dev),
					     minor(node->dev));

	/* most are built in, and have no such name */
	module_load(alias, NULL);
}

char *devnodes_path(uint32_t id, const struct device_node *node)
{
	cleanup_free char *dir = dir_of(id);

	return file_of(dir, node);
}

static int make_node(const char *dir, uint32_t base, const struct device_node *node)
{
	/* /run is mounted nodev */
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
		.attr_clr = MOUNT_ATTR_NODEV,
		.propagation = MS_PRIVATE,
	};
	cleanup_free char *path = file_of(dir, node);
	cleanup_close int mnt = -1;

	if ((mknod(path, node->mode, node->dev) && errno != EEXIST) ||
	    lchown(path, base, base) || chmod(path, node->mode & 0777))
		return -1;
	mnt = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (mnt < 0 || mount_setattr(mnt, "", AT_EMPTY_PATH, &attr, sizeof(attr)))
		return -1;
	return take_fd(&mnt);
}

int devnodes_open(uint32_t id, uint32_t base, const struct device_set *set,
		  struct devnodes *nodes)
{
	cleanup_free char *dir = dir_of(id);

	nodes->set = set;
	for (size_t i = 0; i < set->nodes_count; i++)
		nodes->mounts[i] = -1;
	if (set->nodes_count && mkdir_parents(dir, 0700))
		return fail_errno(EXIT_DEVICES, "Cannot make %s", dir);
	for (size_t i = 0; i < set->nodes_count; i++) {
		load_driver(&set->nodes[i]);
		nodes->mounts[i] = make_node(dir, base, &set->nodes[i]);
		if (nodes->mounts[i] < 0) {
			fail_errno(EXIT_DEVICES, "Cannot make the device /dev/%s",
				   set->nodes[i].name);
			devnodes_close(nodes);
			return EXIT_DEVICES;
		}
	}
	return 0;
}

void devnodes_close(struct devnodes *nodes)
{
	for (size_t i = 0; i < nodes->set->nodes_count; i++)
		if (nodes->mounts[i] >= 0)
			close(nodes->mounts[i]);
}

int devnodes_attach(int root, const struct devnodes *nodes)
{
	for (size_t i = 0; i < nodes->set->nodes_count; i++) {
		cleanup_free char *path = xasprintf("dev/%s", nodes->set->nodes[i].name);

		if (rootfs_attach_file(root, nodes->mounts[i], path))
			return fail_errno(EXIT_DEVICES, "Cannot mount /%s", path);
	}
	return 0;
}

/* In the container: those that are there already would be mounted over for nothing. */
static int add_missing(struct devnodes *nodes)
{
	cleanup_close int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return fail_errno(EXIT_DEVICES, "Cannot open the container's root");
	for (size_t i = 0; i < nodes->set->nodes_count; i++) {
		const struct device_node *node = &nodes->set->nodes[i];
		cleanup_free char *path = xasprintf("dev/%s", node->name);
		struct stat st;

		if (rootfs_stat(root, path, &st) == 0 && st.st_rdev == node->dev &&
		    (st.st_mode & S_IFMT) == (node->mode & S_IFMT))
			continue;
		if (rootfs_attach_file(root, nodes->mounts[i], path))
			return fail_errno(EXIT_DEVICES, "Cannot mount /%s in the container", path);
	}
	return 0;
}

/* Its mounts may be slow on purpose (FUSE): what waits there must not have the lock. */
static int enter(const struct attached *in, const struct devnodes *nodes, int sync)
{
	size_t count = nodes->set->nodes_count;
	int needed[DEVICES_MAX + 2];

	memcpy(needed, nodes->mounts, count * sizeof(*needed));
	needed[count++] = in->pidfd;
	needed[count++] = sync;
	if (confine_visitor(needed, count))
		return EXIT_SYSTEM;
	if (setns(in->pidfd, CLONE_NEWUSER | CLONE_NEWNS) || userns_become_root())
		return fail_errno(EXIT_DEVICES, "Cannot enter the container");
	return 0;
}

int devnodes_add(const struct attached *in, const struct devnodes *nodes)
{
	struct devnodes mine = *nodes;
	int ends[2], ret;
	pid_t pid;

	if (!nodes->set->nodes_count)
		return 0;
	ret = sync_pair(ends);
	if (ret)
		return ret;
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		close(ends[0]);
		close(ends[1]);
		return fail_errno(EXIT_SYSTEM, "Cannot fork");
	}
	if (pid == 0) {
		ret = enter(in, nodes, ends[1]);
		if (!ret)
			ret = add_missing(&mine);
		if (ret)
			sync_die(ends[1], ret);
		sync_tell(ends[1], NULL, 0);
		_exit(0);
	}
	close(ends[1]);
	ret = sync_hear(ends[0], NULL, 0);
	/* it has nothing more to do */
	child_kill(&(struct child){ .pid = pid, .sync = ends[0] });
	return ret;
}

void devnodes_sweep(uint32_t id)
{
	cleanup_free char *path = dir_of(id);
	cleanup_dir DIR *dir = opendir(path);
	struct dirent *de;

	if (!dir)
		return;
	while ((de = readdir(dir)))
		unlinkat(dirfd(dir), de->d_name, 0);
	rmdir(path);
}
