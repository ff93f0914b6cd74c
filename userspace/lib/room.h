/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Of what a disk has free, a tenth at least: what a stranger's archive unpacks to, which may be a
 * thousand times its size, does not fill what containers share. Space and inodes.
 */
#ifndef CLOISON_ROOM_H
#define CLOISON_ROOM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct room {
	int fd;
	uint64_t blocks, files;		/* so much is to be left */
};

#define ROOM_INIT	{ .fd = -1 }

/* Of the disk that directory @dir is on, as it is now. EXIT_SYSTEM. */
int room_take(struct room *room, const char *dir);
void room_leave(struct room *room);

#define cleanup_room	cleanup(room_leave)

bool room_is_left(const struct room *room);

/*
 * Until the child @pid ends, which is not reaped: kill it when no more is left. False if so it is
 * at the end. It reads file @fd, -1 for none: its progress is shown as that of @what.
 */
bool room_watch(const struct room *room, pid_t pid, const char *what, int fd);

/* EXIT_NO_SPACE */
int room_fail(const char *what);

#endif
