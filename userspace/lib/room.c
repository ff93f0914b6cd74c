// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "room.h"
#include "terminal.h"

/* In which the fastest disk takes no tenth of what one has free. */
#define LOOK_MS		50

int room_take(struct room *room, const char *dir)
{
	struct statvfs st;

	room->fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (room->fd < 0 || fstatvfs(room->fd, &st))
		return fail_errno(EXIT_SYSTEM, "Cannot look at %s", dir);
	room->blocks = st.f_bavail / 10;
	room->files = st.f_favail / 10;
	return 0;
}

void room_leave(struct room *room)
{
	cleanup_close_fn(&room->fd);
	room->fd = -1;
}

bool room_is_left(const struct room *room)
{
	struct statvfs st;

	/* btrfs has no number of inodes: 0 of 0 are left */
	return fstatvfs(room->fd, &st) ||
	       (st.f_bavail >= room->blocks && st.f_favail >= room->files);
}

bool room_watch(const struct room *room, pid_t pid, const char *what, int fd)
{
	cleanup_close int pidfd = pidfd_open(pid, 0);
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };
	struct stat st = {};
	bool left = true;

	if (fd >= 0)
		fstat(fd, &st);
	do {
		if (fd >= 0)
			progress_bytes(what, lseek(fd, 0, SEEK_CUR), st.st_size);
		left = room_is_left(room);
		if (!left)
			kill(pid, SIGKILL);
	} while (left && pidfd >= 0 && poll(&ended, 1, LOOK_MS) == 0);
	progress_end();
	/* it may have been faster */
	return left && room_is_left(room);
}

int room_fail(const char *what)
{
	return fail(EXIT_NO_SPACE,
		    "Cannot %s: it takes more than nine tenths of what the disk has free", what);
}
