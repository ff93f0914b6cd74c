// SPDX-License-Identifier: GPL-2.0-only
/* Pipes, files, locks, and what tells of events. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shapes.h"

static struct child child;
static int fd, pair[2];

static void put(int to, const char *text)
{
	need(write(to, text, strlen(text)) == (ssize_t)strlen(text));
}

static int made(const char *path, int flags)
{
	int new = open(path, O_RDWR | O_CREAT | flags, 0644);

	need(new >= 0);
	return new;
}

/* Its size, flags and content. */
static void pipe_up(void)
{
	need(pipe2(pair, O_NONBLOCK) == 0);
	need(fcntl(pair[1], F_SETPIPE_SZ, 1 << 17) == 1 << 17);
	put(pair[1], "in a pipe");
}

static void pipe_look(void)
{
	char byte;

	want(fcntl(pair[1], F_GETPIPE_SZ) == 1 << 17);
	want(fcntl(pair[0], F_GETFL) & O_NONBLOCK);
	want_text(pair[0], "in a pipe");
	want(read(pair[0], &byte, 1) < 0 && errno == EAGAIN);
	close(pair[1]);
	want(read(pair[0], &byte, 1) == 0);
}

/* One that is full, and a process that waits to write more. */
#define NUMBERS	(1 << 17)

static int write_numbers(void *arg)
{
	(void)arg;
	for (int i = 0; i < NUMBERS; i++)
		if (write(pair[1], &i, sizeof(i)) != sizeof(i))
			return 1;
	return 0;
}

static void full_up(void)
{
	need(pipe(pair) == 0);
	child = child_start(write_numbers, NULL);
	close(pair[1]);
	child_go(&child);
}

static void full_look(void)
{
	int i, n;

	for (i = 0; i < NUMBERS; i++)
		if (read(pair[0], &n, sizeof(n)) != sizeof(n) || n != i)
			break;
	want(i == NUMBERS);
	want(child_end(&child) == 0);
}

static void fifo_up(void)
{
	need(mkfifo("fifo", 0600) == 0);
	fd = open("fifo", O_RDWR);
	need(fd >= 0);
	put(fd, "in a fifo");
}

static void fifo_look(void)
{
	int other = open("fifo", O_WRONLY | O_NONBLOCK);

	want_text(fd, "in a fifo");
	want(other >= 0 && write(other, "more", 4) == 4);
	want_text(fd, "more");
}

/* One open file that two processes have, and one of them twice. */
static int write_there(void *arg)
{
	(void)arg;
	return write(fd, "child", 5) != 5;
}

static void position_up(void)
{
	fd = made("file", O_APPEND);
	put(fd, "0123456789");
	pair[0] = dup(fd);
	need(pair[0] >= 0);
	pair[1] = made("file", 0);
	need(lseek(pair[1], 4, SEEK_SET) == 4);
	child = child_start(write_there, NULL);
}

static void position_look(void)
{
	want(child_end(&child) == 0);
	want(lseek(fd, 0, SEEK_CUR) == 15);
	want(lseek(pair[0], 0, SEEK_CUR) == 15);
	want(fcntl(fd, F_GETFL) & O_APPEND);
	want_text(pair[1], "456789child");
}

/* A file that nobody finds any more, open and mapped. */
static char *map;

static void deleted_up(void)
{
	fd = made("deleted", 0);
	put(fd, "deleted");
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	need(map != MAP_FAILED && unlink("deleted") == 0);
}

static void deleted_look(void)
{
	char buf[8] = "";
	struct stat st;

	want(fstat(fd, &st) == 0 && st.st_nlink == 0);
	want(strcmp(map, "deleted") == 0);
	map[0] = 'D';
	want(pread(fd, buf, 7, 0) == 7 && strcmp(buf, "Deleted") == 0);
	want(access("deleted", F_OK) != 0);
}

/* One that has another name than that it was opened by. */
static void renamed_up(void)
{
	fd = made("one", 0);
	need(link("one", "two") == 0 && unlink("one") == 0);
}

static void renamed_look(void)
{
	struct stat st, other;
	DIR *dir = opendir(".");
	struct dirent *de;
	int names = 0;

	want(fstat(fd, &st) == 0 && stat("two", &other) == 0 && st.st_ino == other.st_ino);
	want(st.st_nlink == 1);
	while (dir && (de = readdir(dir)))
		names += de->d_name[0] != '.';
	want(names == 1);
}

static void nameless_up(void)
{
	fd = open(".", O_TMPFILE | O_RDWR, 0600);
	need(fd >= 0);
	put(fd, "without a name");
}

static void nameless_look(void)
{
	want(lseek(fd, 0, SEEK_SET) == 0);
	want_text(fd, "without a name");
}

static void directory_up(void)
{
	need(mkdir("gone", 0700) == 0 && chdir("gone") == 0 && rmdir("../gone") == 0);
}

static void directory_look(void)
{
	char path[4096];

	want(!getcwd(path, sizeof(path)) && errno == ENOENT);
	want(open("new", O_CREAT | O_WRONLY, 0600) < 0 && errno == ENOENT);
}

/* Locks of the three kinds, which are in others' way. */
static int lock(int on, int cmd, int type)
{
	struct flock fl = { .l_type = type, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5 };

	return fcntl(on, cmd, &fl);
}

static int find_locks(void *arg)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int file = open("file", O_RDWR), range = open("range", O_RDWR), ofd = open("ofd", O_RDWR);

	(void)arg;
	if (flock(file, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return 1;
	if (fcntl(range, F_GETLK, &fl) || fl.l_type != F_RDLCK || fl.l_pid != getppid() ||
	    fl.l_start != 10 || fl.l_len != 5)
		return 2;
	if (lock(ofd, F_OFD_SETLK, F_RDLCK) == 0 || errno != EAGAIN)
		return 3;
	return 0;
}

static void locks_up(void)
{
	need(flock(made("file", 0), LOCK_EX) == 0);
	need(lock(made("range", 0), F_SETLK, F_RDLCK) == 0);
	need(lock(made("ofd", 0), F_OFD_SETLK, F_WRLCK) == 0);
}

static void locks_look(void)
{
	child = child_start(find_locks, NULL);
	want(child_end(&child) == 0);
}

static void inotify_up(void)
{
	need(mkdir("watched", 0755) == 0);
	fd = inotify_init1(IN_NONBLOCK);
	need(fd >= 0 && inotify_add_watch(fd, "watched", IN_CREATE | IN_ONLYDIR) == 1);
	creat("file", 0644);
	need(inotify_add_watch(fd, "file", IN_DELETE_SELF) == 2);
}

static void inotify_look(void)
{
	union {
		struct inotify_event event;
		char space[sizeof(struct inotify_event) + 256];
	} is;

	want(creat("watched/new", 0644) >= 0);
	want(read(fd, &is, sizeof(is)) > 0 && is.event.wd == 1 && is.event.mask & IN_CREATE &&
	     strcmp(is.event.name, "new") == 0);
	want(unlink("file") == 0);
}

static void eventfd_up(void)
{
	fd = eventfd(7, EFD_NONBLOCK);
	need(fd >= 0);
}

static void eventfd_look(void)
{
	uint64_t value;

	want(read(fd, &value, sizeof(value)) == sizeof(value) && value == 7);
	want(read(fd, &value, sizeof(value)) < 0 && errno == EAGAIN);
}

/* Of a pipe, and, each event once, of an eventfd. */
static int epoll;

static void epoll_up(void)
{
	struct epoll_event in = { EPOLLIN, { .u64 = 42 } };
	struct epoll_event edge = { EPOLLIN | EPOLLET, { .u64 = 43 } };

	epoll = epoll_create1(0);
	fd = eventfd(0, 0);
	need(pipe(pair) == 0 && epoll >= 0 && fd >= 0);
	need(epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], &in) == 0);
	need(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &edge) == 0);
}

static void epoll_look(void)
{
	struct epoll_event event;
	uint64_t one = 1;

	want(epoll_wait(epoll, &event, 1, 0) == 0);
	put(pair[1], "x");
	want(epoll_wait(epoll, &event, 1, 0) == 1 && event.data.u64 == 42);
	want_text(pair[0], "x");
	want(write(fd, &one, sizeof(one)) == sizeof(one));
	want(epoll_wait(epoll, &event, 1, 0) == 1 && event.data.u64 == 43);
	want(epoll_wait(epoll, &event, 1, 0) == 0);
}

static void signalfd_up(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	need(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	fd = signalfd(-1, &set, SFD_NONBLOCK);
	need(fd >= 0 && kill(getpid(), SIGUSR2) == 0);
}

static void signalfd_look(void)
{
	struct signalfd_siginfo info;

	want(read(fd, &info, sizeof(info)) == sizeof(info) && info.ssi_signo == SIGUSR2 &&
	     info.ssi_pid == (uint32_t)getpid());
	want(read(fd, &info, sizeof(info)) < 0 && errno == EAGAIN);
}

const struct shape file_shapes[] = {
	{ "pipe", pipe_up, pipe_look },
	{ "full-pipe", full_up, full_look },
	{ "fifo", fifo_up, fifo_look },
	{ "position", position_up, position_look },
	{ "deleted-file", deleted_up, deleted_look },
	{ "renamed-file", renamed_up, renamed_look },
	{ "nameless-file", nameless_up, nameless_look },
	{ "deleted-directory", directory_up, directory_look },
	{ "locks", locks_up, locks_look },
	{ "inotify", inotify_up, inotify_look },
	{ "eventfd", eventfd_up, eventfd_look },
	{ "epoll", epoll_up, epoll_look },
	{ "signalfd", signalfd_up, signalfd_look },
	{}
};
