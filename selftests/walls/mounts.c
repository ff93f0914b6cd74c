// SPDX-License-Identifier: GPL-2.0-only
/* Mounts and namespaces. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/nsfs.h>

#include "escape.h"

#ifndef NS_MNT_GET_NEXT
struct mnt_ns_info {
	uint32_t size, nr_mounts;
	uint64_t mnt_ns_id;
};
#define NS_MNT_GET_NEXT	_IOR(NSIO, 11, struct mnt_ns_info)
#define NS_MNT_GET_PREV	_IOR(NSIO, 12, struct mnt_ns_info)
#endif

#ifndef SYS_listmount
#define SYS_statmount	457
#define SYS_listmount	458
#endif

/* By mount(2), and by the newer calls, which check in other places. */
static int try_mount(char **args)
{
	static const int absent[] = { ENODEV, 0 };
	const char *type = args[0], *source = args[1];
	int ret, fs;

	ret = verdict("mount", mount(source, "/tmp", type, MS_RDONLY, NULL), absent);
	if (errno == ENODEV)
		return ABSENT;
	if (ret != REFUSED)
		return ret;
	fs = fsopen(type, FSOPEN_CLOEXEC);
	if (fs < 0)
		return verdict("fsopen", fs, absent);
	if (fsconfig(fs, FSCONFIG_SET_STRING, "source", source, 0) && errno != EINVAL)
		return verdict("fsconfig source", -1, NULL);
	return verdict("fsconfig create", fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), NULL);
}

/* Have a file system that is not made yet keep its own descriptor: it would never go away. */
static int try_keep(char **args)
{
	static const int absent[] = { ENODEV, 0 };
	int fs = fsopen(args[0], FSOPEN_CLOEXEC);
	char text[16];

	if (fs < 0)
		return errno == ENODEV ? ABSENT : verdict("fsopen", fs, absent);
	snprintf(text, sizeof(text), "%d", fs);
	return verdict("fsconfig", fsconfig(fs, FSCONFIG_SET_STRING, args[1], text, 0), NULL);
}

/* Change the options of the file system itself, for all who have it mounted. */
static int try_remount(char **args)
{
	int fd = fspick(AT_FDCWD, args[0], FSPICK_CLOEXEC);
	int ret = verdict("remount",
			  mount(NULL, args[0], NULL, MS_REMOUNT | MS_RDONLY, NULL), NULL);

	if (ret != REFUSED || fd < 0)
		return ret;
	fsconfig(fd, FSCONFIG_SET_FLAG, "ro", NULL, 0);
	return verdict("reconfigure", fsconfig(fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0), NULL);
}

/* Namespaces above ours, as the kernel hands out relatives of what one has open. */
static int try_relatives(char **args)
{
	static const int hidden[] = { ENOENT, ENOTTY, EINVAL, 0 };
	static const char *const names[] = { "user", "pid", "mnt", "net", "uts", "ipc", "cgroup" };
	struct mnt_ns_info info = { .size = sizeof(info) };
	int mnt = open("/proc/self/ns/mnt", O_RDONLY), worst = REFUSED, ret, up;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[64];
		int fd;

		snprintf(path, sizeof(path), "/proc/1/ns/%s", names[i]);
		fd = open(path, O_RDONLY);
		if (fd < 0)
			return silly("%s", path);
		/* the owner of ours is ours; its parent, and a pid namespace's, are not */
		up = ioctl(fd, i ? NS_GET_USERNS : NS_GET_PARENT);
		if (i && up >= 0)
			up = ioctl(up, NS_GET_PARENT);
		ret = verdict(path, up, hidden);
		if (ret != REFUSED)
			worst = ret;
		if (strcmp(names[i], "pid") == 0 &&
		    verdict("parent pid", ioctl(fd, NS_GET_PARENT), hidden) != REFUSED)
			worst = WORKED;
	}
	if (verdict("next", ioctl(mnt, NS_MNT_GET_NEXT, &info), hidden) != REFUSED ||
	    verdict("previous", ioctl(mnt, NS_MNT_GET_PREV, &info), hidden) != REFUSED)
		worst = WORKED;
	return worst;
}

/* setns(2) to whatever namespace is at the path. */
static int try_setns(char **args)
{
	static const int hidden[] = { ENOENT, 0 };
	int fd = open(args[0], O_RDONLY);

	if (fd < 0)
		return verdict(args[0], fd, hidden);
	return verdict("setns", setns(fd, 0), NULL);
}

/* Mounts of the mount namespace with that id: 64 bits, statx(2) of nsfs tells it. */
static int try_listmount(char **args)
{
	static const int hidden[] = { ENOENT, EINVAL, 0 };
	struct {
		uint32_t size, spare;
		uint64_t mnt_id, param, mnt_ns_id;
	} req = { sizeof(req), 0, -1ULL, 0, strtoull(args[0], NULL, 0) };
	uint64_t ids[16];
	long n;

	n = syscall(SYS_listmount, &req, ids, 16, 0);
	if (n < 0 && errno == ENOSYS)
		return ABSENT;
	/* a kernel before 6.11 takes no namespace and refuses the longer form */
	return verdict("listmount", n, hidden);
}

/* Prints the id of the mount namespace of a process. */
static int mount_ns_id(char **args)
{
	uint64_t id;
	int fd = open(args[0], O_RDONLY);

	if (fd < 0 || ioctl(fd, _IOR(NSIO, 5, uint64_t), &id))
		return ABSENT;
	printf("%llu\n", (unsigned long long)id);
	return WORKED;
}

/* Leave a mount for the host to see, by every kind of propagation one may set. */
static int try_propagate(char **args)
{
	static const unsigned long kinds[] = { MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE };

	mkdir(args[0], 0700);
	for (size_t i = 0; i < 4; i++) {
		if (mount(NULL, "/", NULL, MS_REC | kinds[i], NULL))
			return silly("propagation");
		if (mount("walls", args[0], "tmpfs", 0, NULL))
			return silly("mount %s", args[0]);
		close(creat(args[1], 0600));
	}
	return WORKED;
}

const struct attempt mount_attempts[] = {
	{ "mount", try_mount, 2, "TYPE SOURCE" },
	{ "keep", try_keep, 2, "TYPE OPTION" },
	{ "remount", try_remount, 1, "PATH" },
	{ "relatives", try_relatives, 0, "" },
	{ "setns", try_setns, 1, "PATH" },
	{ "listmount", try_listmount, 1, "ID" },
	{ "mount-ns-id", mount_ns_id, 1, "PATH" },
	{ "propagate", try_propagate, 2, "DIRECTORY FILE" },
	{ }
};
