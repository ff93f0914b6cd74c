// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <blkid.h>
#include <linux/fs.h>

#include "cleanup.h"
#include "device.h"
#include "error.h"
#include "util.h"

/* udev looks at what has changed; and who has unmounted it may still be letting go. */
#define FREE_MS		5000

static void free_probe(blkid_probe *probe)
{
	if (*probe)
		blkid_free_probe(*probe);
}

#define cleanup_probe	cleanup(free_probe)

int device_open(const char *path)
{
	/* not for writing: a kernel may refuse that while it is mounted, or the mount */
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		fail_errno(EXIT_DEVICES, "Cannot open %s", path);
		return -1;
	}
	if (!S_ISBLK(st.st_mode)) {
		fail(EXIT_DEVICES, "%s is no block device", path);
		return -1;
	}
	return take_fd(&fd);
}

/* Of the kernel, for a file system and the like; it is had for a moment. */
static bool claim(const char *path)
{
	cleanup_close int fd = open(path, O_RDWR | O_CLOEXEC | O_EXCL | O_NONBLOCK);

	return fd >= 0;
}

/* In sysfs. -1 and errno. */
static int open_entry(int fd)
{
	cleanup_free char *path = NULL;
	struct stat st;

	if (fstat(fd, &st))
		return -1;
	path = xasprintf("/sys/dev/block/%u:%u", major(st.st_rdev), minor(st.st_rdev));
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* What devtmpfs calls it; to be freed. NULL and errno. */
static char *kernels_name(int fd)
{
	cleanup_close int entry = open_entry(fd);
	cleanup_free char *text = entry < 0 ? NULL : read_file_at(entry, "uevent", 4096);
	const char *name;

	if (!text)
		return NULL;
	name = strstr(text, "DEVNAME=");
	if (!name) {
		errno = ENODEV;
		return NULL;
	}
	name += strlen("DEVNAME=");
	return xasprintf("/dev/%.*s", (int)strcspn(name, "\n"), name);
}

/* Locks are a node's, and a device may have many nodes; this is what udev locks, too. */
static int open_kernels(const char *path)
{
	cleanup_close int given = device_open(path);
	cleanup_free char *node = given < 0 ? NULL : kernels_name(given);
	cleanup_close int own = -1;
	struct stat a, b;

	if (given < 0)
		return -1;
	if (!node) {
		fail_errno(EXIT_DEVICES, "Cannot find the kernel's own name of %s in /sys", path);
		return -1;
	}
	own = device_open(node);
	if (own < 0)
		return -1;
	if (fstat(given, &a) || fstat(own, &b) || a.st_rdev != b.st_rdev) {
		fail(EXIT_DEVICES, "%s is not the device that %s is", node, path);
		return -1;
	}
	return take_fd(&own);
}

int device_take(const char *path, int *fd)
{
	cleanup_close int own = open_kernels(path);
	cleanup_free char *held = xasprintf("/proc/self/fd/%d", own);
	int64_t end = now_ms() + FREE_MS;
	int fixed;

	if (own < 0)
		return EXIT_DEVICES;
	/* the kernel opens such a one for writing all the same */
	if (ioctl(own, BLKROGET, &fixed) == 0 && fixed)
		return fail(EXIT_DEVICES, "%s is read-only", path);
	while (flock(own, LOCK_EX | LOCK_NB) || !claim(held)) {
		if (errno != EBUSY && errno != EWOULDBLOCK)
			return fail_errno(EXIT_DEVICES, "Cannot open %s to write to it", path);
		if (now_ms() >= end)
			return fail(EXIT_DEVICES, "%s is in use: mounted, swapped to, in a volume "
				    "group or RAID, or another command's (lsblk %s)", path, path);
		sleep_ms(50);
	}
	*fd = take_fd(&own);
	return 0;
}

static void value_of(blkid_probe probe, const char *name, char out[DEVICE_ID_SIZE])
{
	const char *value;

	if (blkid_probe_lookup_value(probe, name, &value, NULL) == 0)
		snprintf(out, DEVICE_ID_SIZE, "%s", value);
}

static blkid_probe begin_probe(int fd, int flags)
{
	blkid_probe probe = blkid_new_probe();

	if (!probe)
		return NULL;
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(probe, flags);
	blkid_probe_enable_partitions(probe, 1);
	if (flags & BLKID_SUBLKS_MAGIC)
		blkid_probe_set_partitions_flags(probe, BLKID_PARTS_MAGIC);
	if (blkid_probe_set_device(probe, fd, 0, 0) == 0)
		return probe;
	blkid_free_probe(probe);
	return NULL;
}

bool device_identify(int fd, struct device_id *id)
{
	cleanup_probe blkid_probe probe = begin_probe(fd, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_UUID);
	int found = probe ? blkid_do_safeprobe(probe) : -1;

	*id = (struct device_id){};
	/* two signatures that exclude each other */
	if (found == -2)
		snprintf(id->type, sizeof(id->type), "several");
	if (found)
		return found == -2 || found == 1;
	value_of(probe, "TYPE", id->type);
	value_of(probe, "UUID", id->uuid);
	if (!*id->type)
		value_of(probe, "PTTYPE", id->type);
	return true;
}

uint64_t device_size(int fd)
{
	uint64_t size;

	return ioctl(fd, BLKGETSIZE64, &size) ? 0 : size;
}

int device_divided(int fd)
{
	int entry = open_entry(fd);
	cleanup_dir DIR *dir = entry < 0 ? NULL : fdopendir(entry);
	struct dirent *de;

	if (!dir)
		return -1;
	while (errno = 0, de = readdir(dir)) {
		cleanup_free char *part = xasprintf("%s/partition", de->d_name);

		if (de->d_name[0] == '.')
			continue;
		if (faccessat(dirfd(dir), part, F_OK, 0) == 0)
			return 1;
		if (errno != ENOENT && errno != ENOTDIR)
			return -1;
	}
	return errno ? -1 : 0;
}

/* The first name in @path that leads to @dev. */
static char *find_name(const char *path, dev_t dev)
{
	cleanup_dir DIR *dir = opendir(path);
	struct dirent *de;
	struct stat st;

	while (dir && (de = readdir(dir)))
		if (fstatat(dirfd(dir), de->d_name, &st, 0) == 0 && S_ISBLK(st.st_mode) &&
		    st.st_rdev == dev)
			return xasprintf("%s/%s", path, de->d_name);
	return NULL;
}

char *device_lasting_name(const char *path)
{
	static const char *const dirs[] = {
		"/dev/disk/by-partuuid", "/dev/disk/by-id", "/dev/disk/by-path"
	};
	char *name = NULL;
	struct stat st;

	/* a link is somebody's, who keeps it true; so are those of volume groups */
	if (lstat(path, &st) == 0 && S_ISBLK(st.st_mode))
		for (size_t i = 0; !name && i < ARRAY_SIZE(dirs); i++)
			name = find_name(dirs[i], st.st_rdev);
	return name ? name : xstrdup(path);
}

int device_wipe(int fd)
{
	cleanup_free char *path = xasprintf("/proc/self/fd/%d", fd);
	/* whoever has it since it was looked at keeps it, and what is on it */
	cleanup_close int own = open(path, O_RDWR | O_CLOEXEC | O_EXCL);
	cleanup_probe blkid_probe probe = own < 0 ? NULL : begin_probe(own, BLKID_SUBLKS_MAGIC);
	uint64_t range[2] = { 0, device_size(fd) };

	if (!probe)
		return -1;
	/* not all can, and what is read afterwards is not always zeroes */
	ioctl(own, BLKDISCARD, range);
	while (blkid_do_probe(probe) == 0)
		if (blkid_do_wipe(probe, 0))
			return -1;
	return fsync(own);
}
