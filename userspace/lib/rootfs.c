// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/openat2.h>

#include "cleanup.h"
#include "devices.h"
#include "error.h"
#include "rootfs.h"
#include "util.h"


/* An empty file and an empty directory to lay over what is to be hidden. */
#define MASK_FILE	"run/cloison/masked/file"
#define MASK_DIR	"run/cloison/masked/dir"

struct option {
	const char *key, *value;
};

struct fs_mount {
	const char *path, *type;
	unsigned int attr;
	struct option options[4];
};

#define NO_EXEC		(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static const struct fs_mount fs_mounts[] = {
	{ "proc", "proc", NO_EXEC, {} },
	{ "sys", "sysfs", NO_EXEC | MOUNT_ATTR_RDONLY, {} },
	{ "sys/fs/cgroup", "cgroup2", NO_EXEC, {} },
	{ "dev", "tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
	  { { "mode", "0755" }, { "size", "1m" } } },
	{ "dev/pts", "devpts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
	  { { "ptmxmode", "0666" }, { "mode", "0620" }, { "gid", "5" } } },
	{ "dev/shm", "tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, { { "mode", "1777" } } },
	{ "dev/mqueue", "mqueue", NO_EXEC, {} },
	{ "run", "tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, { { "mode", "0755" } } },
};

static const struct {
	const char *path, *target;
} links[] = {
	{ "dev/ptmx", "pts/ptmx" },
	{ "dev/fd", "/proc/self/fd" },
	{ "dev/stdin", "/proc/self/fd/0" },
	{ "dev/stdout", "/proc/self/fd/1" },
	{ "dev/stderr", "/proc/self/fd/2" },
};

/*
 * What crun and systemd-nspawn hide. The user namespace is the wall; this keeps
 * the host's affairs out of sight. A kernel may lack any of them.
 */
static const char *const masked[] = {
	"proc/acpi", "proc/asound", "proc/kcore", "proc/keys", "proc/latency_stats",
	"proc/sched_debug", "proc/scsi", "proc/timer_list",
	"sys/firmware", "sys/devices/virtual/powercap",
};

static const char *const read_only[] = {
	"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger",
};

static int lookup(int root, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/* Open the directory that holds @path; *@name is its last component. */
static int lookup_parent(int root, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *dir = slash ? xstrndup(path, slash - path) : xstrdup(".");

	*name = slash ? slash + 1 : path;
	return lookup(root, dir);
}

static int make_dir(int root, const char *path, mode_t mode)
{
	const char *name;
	cleanup_close int dir = lookup_parent(root, path, &name);

	if (dir < 0)
		return -1;
	return mkdirat(dir, name, mode) && errno != EEXIST ? -1 : 0;
}

static int make_file(int root, const char *path, mode_t mode)
{
	const char *name;
	cleanup_close int dir = lookup_parent(root, path, &name);

	if (dir < 0)
		return -1;
	return mknodat(dir, name, S_IFREG | mode, 0);
}

int rootfs_attach(int root, int mnt, const char *path)
{
	cleanup_close int target = lookup(root, path);

	if (target < 0)
		return -1;
	return move_mount(mnt, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/* Detached; -1 and errno. */
static int open_fs(const struct fs_mount *m)
{
	cleanup_close int fs = fsopen(m->type, FSOPEN_CLOEXEC);

	if (fs < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(m->options) && m->options[i].key; i++)
		if (fsconfig(fs, FSCONFIG_SET_STRING, m->options[i].key, m->options[i].value, 0))
			return -1;
	/* what mount(8) shows instead of "none" */
	if (fsconfig(fs, FSCONFIG_SET_STRING, "source", m->type, 0))
		return -1;
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -1;
	return fsmount(fs, FSMOUNT_CLOEXEC, m->attr);
}

static int mount_fs(int root, const struct fs_mount *m)
{
	cleanup_close int mnt = open_fs(m);

	if (mnt < 0 || make_dir(root, m->path, 0755))
		return -1;
	return rootfs_attach(root, mnt, m->path);
}

/* A detached bind mount of what is at @path in @root; -1 and errno. */
static int clone_mount(int root, const char *path, unsigned int attr)
{
	struct mount_attr set = { .attr_set = attr, .propagation = MS_PRIVATE };
	cleanup_close int at = lookup(root, path);
	cleanup_close int mnt = -1;

	if (at < 0)
		return -1;
	mnt = open_tree(at, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (mnt < 0 || mount_setattr(mnt, "", AT_EMPTY_PATH, &set, sizeof(set)))
		return -1;
	return take_fd(&mnt);
}

static int mount_device(int root, const char *name)
{
	cleanup_free char *source = xasprintf("/dev/%s", name);
	cleanup_free char *target = xasprintf("dev/%s", name);
	cleanup_close int mnt = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (mnt < 0 || make_file(root, target, 0600))
		return -1;
	return rootfs_attach(root, mnt, target);
}

int rootfs_attach_file(int root, int mnt, const char *path)
{
	for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
		cleanup_free char *parent = xstrndup(path, slash - path);

		if (make_dir(root, parent, 0755))
			return -1;
	}
	if (make_file(root, path, 0600) && errno != EEXIST)
		return -1;
	return rootfs_attach(root, mnt, path);
}

int rootfs_stat(int root, const char *path, struct stat *st)
{
	cleanup_close int at = lookup(root, path);

	return at < 0 ? -1 : fstat(at, st);
}

static int mask(int root, const char *path)
{
	cleanup_close int at = lookup(root, path);
	cleanup_close int mnt = -1;
	struct stat st;

	if (at < 0)
		return errno == ENOENT ? 0 : -1;
	if (fstat(at, &st))
		return -1;
	mnt = clone_mount(root, S_ISDIR(st.st_mode) ? MASK_DIR : MASK_FILE, MOUNT_ATTR_RDONLY);
	return mnt < 0 ? -1 : rootfs_attach(root, mnt, path);
}

static int protect(int root, const char *path)
{
	cleanup_close int mnt = clone_mount(root, path, MOUNT_ATTR_RDONLY | NO_EXEC);

	if (mnt < 0)
		return errno == ENOENT ? 0 : -1;
	return rootfs_attach(root, mnt, path);
}

/* Hide and protect, except the settings of the container's own network. */
static int shut(int root)
{
	cleanup_close int net = clone_mount(root, "proc/sys/net", NO_EXEC);

	if (net < 0)
		return fail_errno(EXIT_MOUNT, "Cannot mount /proc/sys/net");
	if (make_dir(root, "run/cloison", 0755) || make_dir(root, "run/cloison/masked", 0700) ||
	    make_file(root, MASK_FILE, 0000) || make_dir(root, MASK_DIR, 0000))
		return fail_errno(EXIT_MOUNT, "Cannot make /run/cloison");
	for (size_t i = 0; i < ARRAY_SIZE(masked); i++)
		if (mask(root, masked[i]))
			return fail_errno(EXIT_MOUNT, "Cannot hide /%s", masked[i]);
	for (size_t i = 0; i < ARRAY_SIZE(read_only); i++)
		if (protect(root, read_only[i]))
			return fail_errno(EXIT_MOUNT, "Cannot protect /%s", read_only[i]);
	if (rootfs_attach(root, net, "proc/sys/net"))
		return fail_errno(EXIT_MOUNT, "Cannot mount /proc/sys/net");
	return 0;
}

static int detach(const char *path, unsigned int recursive)
{
	/* set-uid means the container's own users again, on its own files only */
	struct mount_attr top = { .attr_clr = MOUNT_ATTR_NOSUID };
	struct mount_attr all = { .attr_set = MOUNT_ATTR_NODEV, .propagation = MS_PRIVATE };
	cleanup_close int mnt = open_tree(AT_FDCWD, path,
					  OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive);

	if (mnt < 0 || mount_setattr(mnt, "", AT_EMPTY_PATH, &top, sizeof(top)) ||
	    mount_setattr(mnt, "", AT_EMPTY_PATH | recursive, &all, sizeof(all))) {
		fail_errno(EXIT_MOUNT, "Cannot mount %s", path);
		return -1;
	}
	return take_fd(&mnt);
}

int rootfs_detach(const char *path)
{
	return detach(path, AT_RECURSIVE);
}

int rootfs_detach_alone(const char *path)
{
	return detach(path, 0);
}

int rootfs_attach_staging(int root)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return fail_errno(EXIT_MOUNT, "Cannot part from the host's mounts");
	if (move_mount(root, "", AT_FDCWD, ROOTFS_STAGING, MOVE_MOUNT_F_EMPTY_PATH))
		return fail_errno(EXIT_MOUNT, "Cannot mount the root on " ROOTFS_STAGING);
	return 0;
}

/* Where programs and libraries are: /bin and the like lead into /usr, on most hosts. */
static const char *const programs[] = { "bin", "lib", "lib32", "lib64", "sbin", "usr" };

static int show(int root, const char *name)
{
	struct mount_attr fixed = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID };
	cleanup_free char *path = xasprintf("/%s", name);
	cleanup_close int mnt = -1;
	char target[PATH_MAX] = "";

	if (readlink(path, target, sizeof(target) - 1) > 0)
		return symlinkat(target, root, name);
	if (errno != EINVAL)
		return errno == ENOENT ? 0 : -1;
	mnt = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (mnt < 0)
		return -1;
	if (mount_setattr(mnt, "", AT_EMPTY_PATH | AT_RECURSIVE, &fixed, sizeof(fixed)) ||
	    make_dir(root, name, 0755))
		return -1;
	return rootfs_attach(root, mnt, name);
}

/* What is there is the administrator's own. */
static int hide_local(int root)
{
	cleanup_close int mnt = clone_mount(root, "empty", MOUNT_ATTR_RDONLY);

	if (mnt < 0)
		return -1;
	return rootfs_attach(root, mnt, "usr/local") && errno != ENOENT ? -1 : 0;
}

static int show_programs(int root)
{
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (show(root, programs[i]))
			return fail_errno(EXIT_MOUNT, "Cannot mount /%s", programs[i]);
	if (make_dir(root, "dev", 0755) || mount_device(root, "null"))
		return fail_errno(EXIT_MOUNT, "Cannot mount /dev/null");
	if (make_dir(root, "empty", 0000) || hide_local(root))
		return fail_errno(EXIT_MOUNT, "Cannot hide /usr/local");
	return 0;
}

int rootfs_work_in(int dir)
{
	static const struct fs_mount top = { "", "tmpfs", NO_EXEC, { { "mode", "0755" } } };
	struct mount_attr fixed = { .attr_set = MOUNT_ATTR_RDONLY };
	cleanup_close int root = open_fs(&top);
	int ret;

	if (root < 0)
		return fail_errno(EXIT_MOUNT, "Cannot make a root for a program");
	ret = rootfs_attach_staging(root);
	if (!ret)
		ret = show_programs(root);
	if (ret)
		return ret;
	if (make_dir(root, "work", 0755) || rootfs_attach(root, dir, "work") ||
	    mount_setattr(root, "", AT_EMPTY_PATH, &fixed, sizeof(fixed)))
		return fail_errno(EXIT_MOUNT, "Cannot mount the directory to work in");
	ret = rootfs_pivot(root);
	if (!ret && fchdir(dir))
		ret = fail_errno(EXIT_MOUNT, "Cannot work in the directory");
	return ret;
}

static int attach_copy(int root, const char *path)
{
	struct mount_attr set = { .attr_set = MOUNT_ATTR_NODEV, .propagation = MS_PRIVATE };
	cleanup_close int mnt = open_tree(AT_FDCWD, path,
					  OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

	/* another one lies over it */
	if (mnt < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (mnt < 0 || mount_setattr(mnt, "", AT_EMPTY_PATH | AT_RECURSIVE, &set, sizeof(set)))
		return -1;
	return rootfs_attach(root, mnt, path);
}

/*
 * What scripts mounted below VE_ROOT, as this mount namespace has it, which got its copy from
 * one of another user namespace: read-only and the like cannot be taken off that again
 * (mount_namespaces(7)), of what comes by a descriptor they can. VE_ROOT is the working
 * directory, as the way there is closed to us.
 */
static int attach_below(int root)
{
	cleanup_file FILE *f = fopen("/proc/self/mountinfo", "re");
	cleanup_free char *top = getcwd(NULL, 0);
	cleanup_free char *line = NULL;
	struct statx st;
	size_t size = 0;

	if (!f || !top || statx(AT_FDCWD, "", AT_EMPTY_PATH, STATX_MNT_ID, &st))
		return fail_errno(EXIT_MOUNT, "Cannot look up what is mounted in the root");
	while (getline(&line, &size, f) >= 0) {
		cleanup_free char *point = NULL;
		unsigned long long parent;

		if (sscanf(line, "%*u %llu %*s %*s %ms", &parent, &point) != 2 ||
		    parent != st.stx_mnt_id)
			continue;
		unescape_mount(point);
		if (attach_copy(root, point + strlen(top) + 1))
			return fail_errno(EXIT_MOUNT, "Cannot mount %s", point);
	}
	return 0;
}

int rootfs_populate(int root)
{
	int ret = rootfs_attach_staging(root);

	if (!ret)
		ret = attach_below(root);
	if (ret)
		return ret;
	for (size_t i = 0; i < ARRAY_SIZE(fs_mounts); i++)
		if (mount_fs(root, &fs_mounts[i]))
			return fail_errno(EXIT_MOUNT, "Cannot mount /%s", fs_mounts[i].path);
	for (const char *const *d = device_names; *d; d++)
		if (mount_device(root, *d))
			return fail_errno(EXIT_MOUNT, "Cannot mount /dev/%s", *d);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		const char *name;
		cleanup_close int dir = lookup_parent(root, links[i].path, &name);

		if (dir < 0 || symlinkat(links[i].target, dir, name))
			return fail_errno(EXIT_MOUNT, "Cannot make /%s", links[i].path);
	}
	return shut(root);
}

int rootfs_pivot(int root)
{
	/* pivot_root(2), NOTES: with "." for both, the old root ends up on top of
	 * the new one, and is what "." names until it is unmounted.
	 */
	if (fchdir(root) || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) ||
	    chdir("/"))
		return fail_errno(EXIT_MOUNT, "Cannot change the root");
	return 0;
}
