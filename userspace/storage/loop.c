// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <linux/loop.h>

#include "cleanup.h"
#include "error.h"
#include "loop.h"
#include "util.h"

/* Sectors of disks are that large at most: direct I/O works on all. */
#define LOOP_BLOCK	4096

/* Of getting a free one before others do. */
#define TRIES		100

/*
 * It lets go of its file when all is done that its last user began, and nobody looks at it:
 * udev does, when it comes.
 */
#define FREE_MS		15000

static bool has_file(int loop, const struct stat *st)
{
	struct loop_info64 info;

	return ioctl(loop, LOOP_GET_STATUS64, &info) == 0 && info.lo_inode == st->st_ino &&
	       info.lo_device == st->st_dev;
}

/*
 * For reading: at what was open for writing udev looks again. As long as it is open it
 * keeps its file.
 */
static int find(const struct stat *st, char **device)
{
	cleanup_dir DIR *dir = opendir("/sys/block");
	struct dirent *de;

	while (dir && (de = readdir(dir))) {
		cleanup_free char *bound = xasprintf("%s/loop", de->d_name);
		cleanup_free char *path = xasprintf("/dev/%s", de->d_name);
		cleanup_close int loop = -1;

		if (strncmp(de->d_name, "loop", 4) != 0 || faccessat(dirfd(dir), bound, F_OK, 0))
			continue;
		loop = open(path, O_RDONLY | O_CLOEXEC);
		if (loop >= 0 && has_file(loop, st)) {
			*device = path;
			path = NULL;
			return take_fd(&loop);
		}
	}
	return -1;
}

static int bind_free(int control, int file, char **device)
{
	struct loop_config config = {
		.fd = file, .block_size = LOOP_BLOCK,
		.info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO,
	};
	int number = ioctl(control, LOOP_CTL_GET_FREE);
	cleanup_free char *path = xasprintf("/dev/loop%d", number);
	cleanup_close int loop = number < 0 ? -1 : open(path, O_RDWR | O_CLOEXEC);

	if (loop < 0 || ioctl(loop, LOOP_CONFIGURE, &config))
		return -1;
	*device = path;
	path = NULL;
	return take_fd(&loop);
}

int loop_open(const char *path, char **device)
{
	cleanup_close int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	cleanup_close int file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	int loop, tries = 0;

	if (control < 0 || file < 0 || fstat(file, &st)) {
		fail_errno(EXIT_MOUNT, "Cannot open %s",
			   control < 0 ? "/dev/loop-control" : path);
		return -1;
	}
	loop = find(&st, device);
	if (loop >= 0) {
		int writable = open(*device, O_RDWR | O_CLOEXEC);

		if (writable < 0)
			fail_errno(EXIT_MOUNT, "Cannot open %s", *device);
		close(loop);
		return writable;
	}
	/* others look for a free one too; and one may be about to let go of its file */
	while ((loop = bind_free(control, file, device)) < 0 &&
	       (errno == EBUSY || errno == ENXIO) && ++tries < TRIES)
		sleep_ms(10);
	if (loop < 0)
		fail_errno(EXIT_MOUNT, "Cannot make %s a loop device", path);
	return loop;
}

int loop_await_none(const char *path)
{
	int64_t end = now_ms() + FREE_MS;
	struct stat st;

	if (stat(path, &st))
		return fail_errno(EXIT_MOUNT, "Cannot look at %s", path);
	for (;;) {
		cleanup_free char *device = NULL;
		int loop = find(&st, &device);

		if (loop < 0)
			return 0;
		close(loop);
		if (now_ms() >= end)
			return fail(EXIT_MOUNT, "%s is in use as %s: fuser -vm %s shows by whom",
				    path, device, device);
		sleep_ms(20);
	}
}

int loop_open_number(dev_t dev)
{
	cleanup_free char *link = xasprintf("/sys/dev/block/%u:%u", major(dev), minor(dev));
	cleanup_free char *path = NULL;
	char target[PATH_MAX];
	ssize_t n = readlink(link, target, sizeof(target) - 1);
	char *name;

	if (n < 0)
		return -1;
	target[n] = '\0';
	name = strrchr(target, '/');
	path = xasprintf("/dev/%s", name ? name + 1 : target);
	return open(path, O_RDWR | O_CLOEXEC);
}

int loop_grown(int loop)
{
	return ioctl(loop, LOOP_SET_CAPACITY);
}
