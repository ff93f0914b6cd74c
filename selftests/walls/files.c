// SPDX-License-Identifier: GPL-2.0-only
/* Ways to files that one should not see. MARKER names a file of the host's. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <linux/fs.h>

#include "escape.h"

/*
 * "Shocker": any file of a file system by its inode's number, here the root
 * directory (2 on ext4), past all that chroots and namespaces hide.
 */
static int try_shocker(char **args)
{
	struct {
		struct file_handle h;
		unsigned int ino, generation;
	} handle = { { 8, 1 }, 2, 0 };
	int mount = open(args[0], O_RDONLY), fd, ret;

	if (mount < 0)
		return silly("%s", args[0]);
	fd = syscall(SYS_open_by_handle_at, mount, &handle, O_RDONLY);
	ret = verdict("open_by_handle_at", fd, NULL);
	if (ret == WORKED)
		return verdict(args[1], faccessat(fd, args[1], F_OK, 0), NULL);
	return ret;
}

/* The classic: leave a chroot that holds no open directory of ours. */
static int try_chroot(char **args)
{
	int out;

	mkdir("inner", 0700);
	out = open(".", O_RDONLY | O_DIRECTORY);
	if (out < 0 || chroot("inner") || fchdir(out))
		return silly("chroot");
	for (int i = 0; i < 100; i++)
		if (chdir(".."))
			return silly("..");
	if (chroot("."))
		return silly("chroot .");
	return access(args[0], F_OK) == 0 ? WORKED : REFUSED;
}

/* How many names a directory has, without . and .. */
static int count_names(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *de;
	int n = -2;

	if (!dir)
		return -1;
	while ((de = readdir(dir))) {
		printf("%s/%s\n", path, de->d_name);
		n++;
	}
	closedir(dir);
	return n;
}

/* Take the root's mount away and look what is under it. */
static int try_under_root(char **args)
{
	int ns = open("/proc/self/ns/mnt", O_RDONLY), names;

	if (ns < 0)
		return silly("/proc/self/ns/mnt");
	if (umount2("/", MNT_DETACH))
		return verdict("umount /", -1, (const int[]){ EINVAL, EBUSY, 0 });
	if (setns(ns, CLONE_NEWNS))
		return verdict("setns", -1, NULL);
	names = count_names("/");
	if (names || access(args[0], F_OK) == 0)
		return WORKED;
	return verdict("a file under the root", creat("/escaped", 0600), NULL);
}

static int try_mknod(char **args)
{
	int type = args[0][0] == 'b' ? S_IFBLK : S_IFCHR, ret, fd;
	char path[] = "/tmp/walls-node";

	unlink(path);
	ret = verdict("mknod", mknod(path, type | 0600, makedev(atoi(args[1]), atoi(args[2]))),
		      NULL);
	if (ret != WORKED)
		return ret;
	/* no such device: made all the same, and that is what was asked */
	fd = open(path, O_RDONLY | O_NONBLOCK);
	verdict("open", fd, NULL);
	unlink(path);
	return WORKED;
}

static int try_open(char **args)
{
	return verdict(args[0], open(args[0], O_RDONLY | O_NONBLOCK), NULL);
}

static int try_openwrite(char **args)
{
	return verdict(args[0], open(args[0], O_WRONLY | O_NONBLOCK), NULL);
}

static int try_write(char **args)
{
	int fd = open(args[0], O_WRONLY);
	ssize_t n;

	if (fd < 0)
		return verdict(args[0], -1, NULL);
	n = write(fd, args[1], strlen(args[1]));
	return verdict(args[0], n, NULL);
}

/* What may be asked of a file system by whoever has a file of it open. */
static int try_fsctl(char **args)
{
	static const int not_here[] = { ENOTTY, EOPNOTSUPP, 0 };
	static const struct {
		const char *name;
		unsigned long nr;
	} calls[] = {
		{ "FIFREEZE", FIFREEZE }, { "FITRIM", FITRIM },
		{ "EXT4_IOC_RESIZE_FS", _IOW('f', 16, __u64) },
		{ "EXT4_IOC_SHUTDOWN", _IOR('X', 125, __u32) },
		{ "FIBMAP", FIBMAP },
	};
	int fd = open(args[0], O_RDONLY), flags = FS_IMMUTABLE_FL, worst = REFUSED;
	struct { __u64 start, len, min; } arg = { 0, 0, -1 };

	if (fd < 0)
		return silly("%s", args[0]);
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		int ret = verdict(calls[i].name, ioctl(fd, calls[i].nr, &arg), not_here);

		if (ret != REFUSED)
			worst = ret;
	}
	fd = open(args[0], O_TMPFILE | O_RDWR, 0600);
	if (verdict("immutable", ioctl(fd, FS_IOC_SETFLAGS, &flags), NULL) != REFUSED)
		worst = WORKED;
	return worst;
}

/* Be told of what others do with the files of a whole mount or file system. */
static int try_fanotify(char **args)
{
	static const struct {
		const char *what;
		unsigned int class, mark;
	} ways[] = {
		{ "content events", FAN_CLASS_CONTENT, FAN_MARK_ADD | FAN_MARK_MOUNT },
		{ "events of the mount", FAN_CLASS_NOTIF, FAN_MARK_ADD | FAN_MARK_MOUNT },
		{ "events of the file system", FAN_CLASS_NOTIF | FAN_REPORT_FID,
		  FAN_MARK_ADD | FAN_MARK_FILESYSTEM },
	};
	int worst = REFUSED;

	for (size_t i = 0; i < 3; i++) {
		int fd = fanotify_init(ways[i].class, O_RDONLY);

		if (fd >= 0)
			fd = fanotify_mark(fd, ways[i].mark, FAN_OPEN, AT_FDCWD, args[0]);
		if (verdict(ways[i].what, fd, NULL) != REFUSED)
			worst = WORKED;
	}
	return worst;
}

/* Let others wait who open one's file: each for as long as fs.lease-break-time. */
static int try_lease(char **args)
{
	static const int none[] = { EINVAL, 0 };
	static const int kinds[] = { F_RDLCK, F_WRLCK };
	long args32[4] = { -1, F_SETLEASE, F_RDLCK };
	static const long numbers[] = { 55, 221 };	/* fcntl, fcntl64 */
	int worst = REFUSED, fd = open(args[0], O_CREAT | O_RDONLY, 0600);
	/* of struct delegation */
	struct { uint32_t flags; uint16_t type, pad; } read_delegation = { 0, F_RDLCK, 0 };

	if (fd < 0)
		return silly("%s", args[0]);
	for (size_t i = 0; i < 2; i++)
		if (verdict("lease", fcntl(fd, F_SETLEASE, kinds[i]), none) != REFUSED)
			worst = WORKED;
	/* F_SETDELEG */
	if (verdict("delegation", fcntl(fd, 1024 + 16, &read_delegation), none) != REFUSED)
		worst = WORKED;
	args32[0] = fd;
	for (size_t i = 0; i < 2; i++)
		if (verdict("lease, 32 bits", by_int80(numbers[i], args32), none) != REFUSED)
			worst = WORKED;
	return worst;
}

static int writable_skip, writable_found;

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	int fd;

	/* processes of our own are ours */
	if (strncmp(path + writable_skip, "/self", 5) == 0 ||
	    strncmp(path + writable_skip, "/thread-self", 12) == 0 ||
	    (path[writable_skip] == '/' && path[writable_skip + 1] >= '0' &&
	     path[writable_skip + 1] <= '9'))
		return type == FTW_D ? FTW_SKIP_SUBTREE : FTW_CONTINUE;
	if (type != FTW_F || !S_ISREG(st->st_mode))
		return FTW_CONTINUE;
	fd = open(path, O_WRONLY | O_NONBLOCK);
	if (fd >= 0) {
		printf("%s\n", path + writable_skip);
		writable_found++;
		close(fd);
	}
	return FTW_CONTINUE;
}

/* Names all files below a directory that can be opened for writing. */
static int list_writable(char **args)
{
	writable_skip = strlen(args[0]);
	if (nftw(args[0], visit, 50, FTW_PHYS | FTW_MOUNT | FTW_ACTIONRETVAL) < 0)
		return silly("%s", args[0]);
	return writable_found ? WORKED : REFUSED;
}

/*
 * What one may do to a file that one can only read, by names and by an open
 * descriptor: nothing that is left afterwards.
 */
static int try_tamper(char **args)
{
	/* EINVAL: ftruncate() of a descriptor for reading */
	static const int also[] = { EINVAL, 0 };
	int fd = open(args[0], O_RDONLY), worst = REFUSED;
	char self[64];

	if (fd < 0)
		return verdict(args[0], fd, NULL);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	/* ETXTBSY would come after the permission was given */
#define TRY(call)					\
	do {						\
		if (verdict(#call, call, also) != REFUSED)	\
			worst = WORKED;			\
	} while (0)
	TRY(open(args[0], O_WRONLY));
	TRY(open(args[0], O_RDWR));
	TRY(open(self, O_WRONLY));
	TRY(truncate(args[0], 0));
	TRY(ftruncate(fd, 0));
	TRY(fchmod(fd, 04777));
	TRY(fchown(fd, 0, 0));
	TRY(futimens(fd, NULL));
	TRY(fsetxattr(fd, "user.walls", "x", 1, 0));
#undef TRY
	return worst;
}

const struct attempt file_attempts[] = {
	{ "shocker", try_shocker, 2, "DIRECTORY MARKER" },
	{ "chroot", try_chroot, 1, "MARKER" },
	{ "under-root", try_under_root, 1, "MARKER" },
	{ "mknod", try_mknod, 3, "b|c MAJOR MINOR" },
	{ "open", try_open, 1, "PATH" },
	{ "open-write", try_openwrite, 1, "PATH" },
	{ "write", try_write, 2, "PATH TEXT" },
	{ "fsctl", try_fsctl, 1, "DIRECTORY" },
	{ "fanotify", try_fanotify, 1, "PATH" },
	{ "lease", try_lease, 1, "PATH" },
	{ "writable", list_writable, 1, "DIRECTORY" },
	{ "tamper", try_tamper, 1, "PATH" },
	{ }
};
