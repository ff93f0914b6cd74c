// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes of something until it is refused, as a customer would who wants more than he may.
 *
 *	press [-v] [-n] [-f CHILDREN] [-p] THING
 *		Prints how many of THING it got, and the error that ended it; then lets go
 *		of all. With -n in a network namespace of its own below the
 *		container's, with -f by that many children too, which hold theirs until
 *		the end, with -p from the hands of another: descriptors are put into a socket
 *		and closed (SCM_RIGHTS). It leaves the session of who started it, as what
 *		the operator brings in may have more; with -v it does not.
 *
 * THINGS: file, pipe, event, tcp, udp, unix (pairs), accept (connections to itself, both
 * ends), unixconn (the same of AF_UNIX), pty, slave (whose pty is closed), instance (a pty of a
 * devpts of its own), flock, mapped (a file with a lock, closed again), posix, relock (locked and
 * unlocked again), page (locked).
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mail.h"

#define MOST	2000

static int listener = -1, mailbox[2] = { -1, -1 };

static int take_file(void)
{
	return open("/", O_RDONLY);
}

static int take_pipe(void)
{
	int fd[2];

	return pipe(fd) ? -1 : fd[0];
}

static int take_event(void)
{
	return eventfd(0, 0);
}

static int take_tcp(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int take_udp(void)
{
	return socket(AF_INET6, SOCK_DGRAM, 0);
}

static int take_unix(void)
{
	int fd[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, fd) ? -1 : fd[0];
}

/* A request that is dropped is sent again, later: nobody waits for that. */
static int connected(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLOUT };

	if (poll(&wait, 1, 500) == 1)
		return fd;
	errno = ETIMEDOUT;
	return -1;
}

static int take_accept(void)
{
	static struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f,
	};
	socklen_t len = sizeof(address);
	int fd;

	if (listener < 0) {
		listener = socket(AF_INET, SOCK_STREAM, 0);
		if (listener < 0 || bind(listener, (void *)&address, len) ||
		    getsockname(listener, (void *)&address, &len) || listen(listener, 64))
			return -1;
	}
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (fd < 0 || (connect(fd, (void *)&address, len) && errno != EINPROGRESS))
		return -1;
	if (connected(fd) < 0)
		return -1;
	return accept(listener, NULL, NULL);
}

static int take_unixconn(void)
{
	static const struct sockaddr_un address = { AF_UNIX, "\0press" };
	int fd;

	if (listener < 0) {
		listener = socket(AF_UNIX, SOCK_STREAM, 0);
		if (listener < 0 || bind(listener, (const void *)&address, sizeof(address)) ||
		    listen(listener, 64))
			return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	return fd < 0 || connect(fd, (const void *)&address, sizeof(address)) ?
		       -1 : accept(listener, NULL, NULL);
}

static int take_pty(void)
{
	return open("/dev/ptmx", O_RDWR | O_NOCTTY);
}

/* A pair is there as long as one of its ends. */
static int take_slave(void)
{
	int master = take_pty(), unlocked = 0, slave;

	if (master < 0)
		return -1;
	if (ioctl(master, TIOCSPTLCK, &unlocked))
		err(1, "unlockpt");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
	if (slave < 0)
		err(1, "TIOCGPTPEER");
	close(master);
	return slave;
}

static int take_instance(void)
{
	static int mounted;

	if (!mounted++ && (mkdir("/tmp/pts", 0700) ||
			   mount("devpts", "/tmp/pts", "devpts", 0, "newinstance,max=1000")))
		err(1, "mount");
	return open("/tmp/pts/ptmx", O_RDWR | O_NOCTTY);
}

static int take_flock(void)
{
	int fd = open("/", O_RDONLY);

	return fd < 0 || flock(fd, LOCK_SH) ? -1 : fd;
}

/* The mapping keeps the file, and that keeps the lock. */
static int take_mapped(void)
{
	int fd = open("/tmp/press", O_RDWR | O_CREAT, 0600);

	if (fd < 0 || flock(fd, LOCK_SH) ||
	    mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
		return -1;
	return close(fd);
}

static int take_posix(void)
{
	static struct flock lock = { .l_type = F_WRLCK, .l_len = 1 };
	static int fd = -1;

	if (fd < 0)
		fd = open("/tmp/press", O_RDWR | O_CREAT, 0600);
	lock.l_start += 2;
	return fcntl(fd, F_SETLK, &lock);
}

static int take_relock(void)
{
	static struct flock lock = { .l_len = 1 };
	static int fd = -1;

	if (fd < 0)
		fd = open("/tmp/press", O_RDWR | O_CREAT, 0600);
	lock.l_type = F_WRLCK;
	if (fcntl(fd, F_SETLK, &lock))
		return -1;
	lock.l_type = F_UNLCK;
	return fcntl(fd, F_SETLK, &lock);
}

static int take_page(void)
{
	char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? -1 : mlock(page, 4096);
}

static const struct {
	const char *name;
	int (*take)(void);
} things[] = {
	{ "file", take_file }, { "pipe", take_pipe }, { "event", take_event },
	{ "tcp", take_tcp }, { "udp", take_udp }, { "unix", take_unix },
	{ "accept", take_accept }, { "unixconn", take_unixconn }, { "pty", take_pty },
	{ "slave", take_slave }, { "instance", take_instance }, { "flock", take_flock },
	{ "mapped", take_mapped }, { "posix", take_posix }, { "relock", take_relock },
	{ "page", take_page },
};

static int post(int fd)
{
	return mail(mailbox[0], fd, MSG_DONTWAIT) < 0 ? -1 : close(fd);
}

static void press(const char *name, int posted)
{
	int (*take)(void) = NULL;
	int n, fd = 0;

	for (size_t i = 0; i < sizeof(things) / sizeof(*things); i++)
		if (strcmp(things[i].name, name) == 0)
			take = things[i].take;
	if (!take)
		errx(1, "no such thing: %s", name);
	for (n = 0; n < MOST; n++) {
		fd = take();
		if (fd < 0 || (posted && post(fd)))
			break;
	}
	printf("%d %s\n", n, n == MOST ? "enough" : strerrorname_np(errno));
}

static void by_children(int n, const char *name, int posted)
{
	int done[2], go_on[2];
	char byte;

	if (pipe(done) || pipe(go_on))
		err(1, "pipe");
	for (int i = 0; i < n; i++) {
		if (fork())
			continue;
		close(go_on[1]);
		press(name, posted);
		if (write(done[1], "", 1) != 1)
			err(1, "write");
		/* its end: the parent's */
		_exit(read(go_on[0], &byte, 1) != 0);
	}
	close(go_on[0]);
	for (int i = 0; i < n; i++)
		if (read(done[0], &byte, 1) != 1)
			err(1, "read");
	press(name, posted);
	close(go_on[1]);
	while (wait(NULL) > 0)
		;
}

static void leave_session(void)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		setsid();
		return;
	}
	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	exit(status != 0);
}

int main(int argc, char **argv)
{
	struct rlimit many = { 65536, 65536 }, all = { RLIM_INFINITY, RLIM_INFINITY };
	int opt, children = 0, visitor = 0, posted = 0;

	setbuf(stdout, NULL);
	while ((opt = getopt(argc, argv, "vnf:p")) != -1) {
		if (opt == 'v')
			visitor = 1;
		if (opt == 'n' && unshare(CLONE_NEWNET))
			err(1, "unshare");
		if (opt == 'f')
			children = atoi(optarg);
		if (opt == 'p') {
			posted = 1;
			if (socketpair(AF_UNIX, SOCK_STREAM, 0, mailbox))
				err(1, "socketpair");
		}
	}
	if (!visitor)
		leave_session();
	if (setrlimit(RLIMIT_NOFILE, &many))
		err(1, "setrlimit");
	/* he would if he could */
	setrlimit(RLIMIT_MEMLOCK, &all);
	if (children)
		by_children(children, argv[optind], posted);
	else
		press(argv[optind], posted);
	return 0;
}
