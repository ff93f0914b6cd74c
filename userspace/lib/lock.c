// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "global.h"
#include "lock.h"
#include "util.h"

int lock_take(const char *name, bool wait, int *lock)
{
	cleanup_free char *path = xasprintf("%s/%s.lck", global.lockdir, name);
	cleanup_close int fd = -1;
	int again = 20;

	if (mkdir_parents(global.lockdir, 0755))
		return fail_errno(EXIT_SYSTEM, "Cannot make %s", global.lockdir);
	/* root's alone: who can open it can lock it */
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || fchmod(fd, 0600))
		return fail_errno(EXIT_SYSTEM, "Cannot open %s", path);
	while (flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB)) {
		/* lock_held() takes it for an instant, on a busy machine a longer one */
		if (errno == EWOULDBLOCK && again--)
			sleep_ms(10);
		else if (errno == EWOULDBLOCK)
			return EXIT_LOCKED;
		else if (errno != EINTR)
			return fail_errno(EXIT_SYSTEM, "Cannot lock %s", path);
	}
	/* The file stays when the lock goes: removing it would race with the next
	 * holder. What counts is the lock.
	 */
	if (ftruncate(fd, 0) == 0)
		dprintf(fd, "%d\n", (int)getpid());
	*lock = take_fd(&fd);
	return 0;
}

void lock_keep_only(int keep)
{
	cleanup_dir DIR *dir = opendir("/proc/self/fd");
	cleanup_free char *real = realpath(global.lockdir, NULL);
	cleanup_free char *below = xasprintf("%s/", real ? real : global.lockdir);
	struct dirent *de;

	while (dir && (de = readdir(dir))) {
		char path[PATH_MAX];
		ssize_t n = readlinkat(dirfd(dir), de->d_name, path, sizeof(path));

		if (atoi(de->d_name) != keep && n > (ssize_t)strlen(below) &&
		    strncmp(path, below, strlen(below)) == 0)
			close(atoi(de->d_name));
	}
}

bool lock_held(const char *name)
{
	cleanup_free char *path = xasprintf("%s/%s.lck", global.lockdir, name);
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
}
