// SPDX-License-Identifier: GPL-2.0-only
/*
 * A timerfd(2) with an interval that has expired rests until that is read, with no time left. In a
 * container that stands still most do. CRIU restores the time that is left: 0 means off. Who
 * reads what has expired so far would hear of no more.
 *
 * Written in 2026 for CRIU 4.1.1. To be removed when CRIU does so itself.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"
#include "timerfd.h"
#include "util.h"

/* <linux/timerfd.h> does not go with <sys/timerfd.h> */
#define SET_TICKS	_IOW('T', 0, uint64_t)

static bool is_timerfd(int dir, const char *name)
{
	static const char want[] = "anon_inode:[timerfd]";
	char link[sizeof(want)];
	ssize_t n = readlinkat(dir, name, link, sizeof(link));

	return n == sizeof(want) - 1 && memcmp(link, want, n) == 0;
}

/* It has expired, @ticks times, and has an interval. */
static bool rests(pid_t pid, const char *name, uint64_t *ticks, struct timespec *interval)
{
	cleanup_free char *path = xasprintf("/proc/%d/fdinfo/%s", (int)pid, name);
	cleanup_free char *text = read_file(path, 4096);
	const char *line = text ? strstr(text, "\nticks:") : NULL;
	long long sec, nsec;

	if (!line || sscanf(line, "\nticks: %" SCNu64 "\nsettime flags: %*o\nit_value: (%lld, %lld)"
			    "\nit_interval: (%ld, %ld)", ticks, &sec, &nsec, &interval->tv_sec,
			    &interval->tv_nsec) != 5)
		return false;
	return *ticks && !sec && !nsec && (interval->tv_sec || interval->tv_nsec);
}

static void rearm(pid_t pid, const char *name)
{
	cleanup_close int pidfd = -1, fd = -1;
	struct itimerspec its = {};
	uint64_t ticks;

	if (!rests(pid, name, &ticks, &its.it_interval))
		return;
	its.it_value = its.it_interval;
	pidfd = pidfd_open(pid, 0);
	fd = pidfd < 0 ? -1 : pidfd_getfd(pidfd, atoi(name), 0);
	/* the first forgets what the second knows */
	if (fd >= 0 && timerfd_settime(fd, 0, &its, NULL) == 0)
		ioctl(fd, SET_TICKS, &ticks);
}

static void look(pid_t pid, void *arg)
{
	cleanup_free char *path = xasprintf("/proc/%d/fd", (int)pid);
	cleanup_dir DIR *dir = opendir(path);
	struct dirent *de;

	(void)arg;
	while (dir && (de = readdir(dir)))
		if (is_timerfd(dirfd(dir), de->d_name))
			rearm(pid, de->d_name);
}

void timerfd_rearm(uint32_t id)
{
	cgroup_each_process(id, true, look, NULL);
}
