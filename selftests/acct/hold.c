// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes what is accounted, and lets go of it, as it is told.
 *
 *	hold
 *		Reads lines "THING NUMBER" and "drop" from standard input until its
 *		end, and answers each with "done" once that is so.
 *
 * THINGS: file; null (/dev/null); flock, posix (a file too); pty; tcp, listen, udp,
 * unix (a pair); connection (a pair, and a listener if there is none yet); tcpbytes, unixbytes,
 * udpbytes (that nobody reads, and what it takes to send them); siginfo; map,
 * touch, lock, shm (pages); ranges (locked, of one file); child (sleeps, with all
 * that was taken before); cycle (a process that takes some of each, and ends: nothing
 * is held); table (a process with 200000 descriptors of one file, which all such
 * processes share), tables (which each has of its own); posted (files that no process
 * has: they are in a socket), received (of these).
 */
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mail.h"

#define MAX	4096

static int fds[MAX], nfds;
static pid_t children[MAX];
static int nchildren;
static struct {
	void *at;
	size_t size;
} maps[MAX];
static int nmaps;
static int listener;	/* of the connections */
static int mailbox[2];

static int keep(int fd)
{
	if (fd < 0)
		err(1, "open");
	fds[nfds++] = fd;
	return fd;
}

static int file(void)
{
	char name[] = "/tmp/hold-XXXXXX";
	int fd = keep(mkstemp(name));

	unlink(name);
	return fd;
}

static void take_file(void)
{
	file();
}

static void take_null(void)
{
	keep(open("/dev/null", O_RDONLY));
}

static void take_flock(void)
{
	if (flock(file(), LOCK_EX))
		err(1, "flock");
}

static void take_posix(void)
{
	struct flock lock = { .l_type = F_WRLCK };

	if (fcntl(file(), F_SETLK, &lock))
		err(1, "fcntl");
}

static void take_ranges(size_t n)
{
	struct flock lock = { .l_type = F_WRLCK, .l_len = 1 };
	int fd = file();

	/* with a gap between any two, or they would be one */
	for (; n--; lock.l_start += 2)
		if (fcntl(fd, F_SETLK, &lock))
			err(1, "fcntl");
}

static void take_pty(void)
{
	keep(posix_openpt(O_RDWR | O_NOCTTY));
}

static void take_tcp(void)
{
	keep(socket(AF_INET, SOCK_STREAM, 0));
}

static int bound(int type, struct sockaddr_in *address)
{
	socklen_t len = sizeof(*address);
	int fd = keep(socket(AF_INET, type, 0));

	*address = (struct sockaddr_in) {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	if (bind(fd, (struct sockaddr *)address, len) ||
	    getsockname(fd, (struct sockaddr *)address, &len))
		err(1, "bind");
	return fd;
}

static void take_listen(void)
{
	struct sockaddr_in address;

	if (listen(bound(SOCK_STREAM, &address), 16))
		err(1, "listen");
}

static int connection(void)
{
	static struct sockaddr_in address;
	int fd;

	if (!listener) {
		listener = bound(SOCK_STREAM, &address);
		if (listen(listener, 16))
			err(1, "listen");
	}
	fd = keep(socket(AF_INET, SOCK_STREAM, 0));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		err(1, "connect");
	keep(accept(listener, NULL, NULL));
	return fd;
}

static void take_connection(void)
{
	connection();
}

static void take_udp(void)
{
	keep(socket(AF_INET, SOCK_DGRAM, 0));
}

static int pair(void)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
		err(1, "socketpair");
	keep(fd[1]);
	return keep(fd[0]);
}

static void take_unix(void)
{
	pair();
}

static void fill(int fd, size_t bytes)
{
	char *data = calloc(1, bytes);

	if (send(fd, data, bytes, MSG_DONTWAIT) <= 0)
		err(1, "send");
	free(data);
}

static void take_tcpbytes(size_t bytes)
{
	fill(connection(), bytes);
}

static void take_unixbytes(size_t bytes)
{
	fill(pair(), bytes);
}

static void take_udpbytes(size_t bytes)
{
	struct sockaddr_in address;
	int fd;

	bound(SOCK_DGRAM, &address);
	fd = keep(socket(AF_INET, SOCK_DGRAM, 0));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		err(1, "connect");
	fill(fd, bytes);
}

static void take_siginfo(void)
{
	if (sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 1 }))
		err(1, "sigqueue");
}

static void *pages(size_t n, int flags)
{
	size_t size = n * sysconf(_SC_PAGESIZE);
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		err(1, "mmap");
	maps[nmaps].at = at;
	maps[nmaps++].size = size;
	return at;
}

static void take_map(size_t n)
{
	pages(n, MAP_PRIVATE);
}

static void take_touch(size_t n)
{
	memset(pages(n, MAP_PRIVATE), 1, n * sysconf(_SC_PAGESIZE));
}

static void take_lock(size_t n)
{
	if (mlock(pages(n, MAP_PRIVATE), n * sysconf(_SC_PAGESIZE)))
		err(1, "mlock");
}

static void take_shm(size_t n)
{
	memset(pages(n, MAP_SHARED), 1, n * sysconf(_SC_PAGESIZE));
}

static void take_child(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	while (!pid)
		pause();
	children[nchildren++] = pid;
}

static void take_cycle(void)
{
	static unsigned int cycles;
	pid_t pid;
	int status;

	cycles++;
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		keep(eventfd(0, 0));
		take_tcp();
		take_udp();
		take_unix();
		/* what takes its time */
		if (cycles % 16 == 0) {
			take_pty();
			take_flock();
			take_touch(2);
			take_siginfo();
		}
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "a process of many ended with %#x", status);
}

#define DESCRIPTORS	200000

static void sleep_on(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (1)
		pause();
}

/* The first of them has the others. */
static void take_tables_by(size_t n, unsigned long flags)
{
	const struct rlimit most = { DESCRIPTORS, DESCRIPTORS };
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	children[nchildren++] = pid;
	if (pid) {
		close(ready[1]);
		if (read(ready[0], &c, 1) != 1)
			errx(1, "no table");
		close(ready[0]);
		return;
	}
	if (setrlimit(RLIMIT_NOFILE, &most))
		err(1, "setrlimit");
	for (int fd = MAX; fd < DESCRIPTORS; fd++)
		if (dup2(0, fd) < 0)
			err(1, "dup2");
	while (--n) {
		pid = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, 0);
		if (pid < 0)
			err(1, "clone");
		if (!pid)
			sleep_on();
	}
	if (write(ready[1], "", 1) != 1)
		err(1, "write");
	sleep_on();
}

static void take_table(size_t n)
{
	take_tables_by(n, CLONE_FILES);
}

static void take_tables(size_t n)
{
	take_tables_by(n, 0);
}

static void take_posted(void)
{
	int fd = eventfd(0, 0);

	if (!mailbox[0]) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, mailbox))
			err(1, "socketpair");
		keep(mailbox[0]);
		keep(mailbox[1]);
	}
	if (fd < 0)
		err(1, "eventfd");
	if (mail(mailbox[0], fd, 0) < 0)
		err(1, "mail");
	close(fd);
}

static void take_received(void)
{
	keep(mail(mailbox[1], -1, 0));
}

static void drop(void)
{
	siginfo_t info;
	sigset_t set;

	while (nchildren) {
		kill(children[--nchildren], SIGKILL);
		waitpid(children[nchildren], NULL, 0);
	}
	while (nfds)
		close(fds[--nfds]);
	listener = 0;
	mailbox[0] = 0;
	while (nmaps) {
		nmaps--;
		munmap(maps[nmaps].at, maps[nmaps].size);
	}
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	while (sigtimedwait(&set, &info, &(struct timespec){}) > 0)
		;
}

static const struct thing {
	const char *name;
	void (*each)(void);
	void (*all)(size_t amount);
} things[] = {
	{ "file", take_file }, { "null", take_null }, { "flock", take_flock },
	{ "posix", take_posix }, { "pty", take_pty }, { "tcp", take_tcp },
	{ "listen", take_listen },
	{ "connection", take_connection }, { "udp", take_udp }, { "unix", take_unix },
	{ "siginfo", take_siginfo }, { "child", take_child }, { "cycle", take_cycle },
	{ "posted", take_posted }, { "received", take_received },
	{ "tcpbytes", .all = take_tcpbytes }, { "unixbytes", .all = take_unixbytes },
	{ "udpbytes", .all = take_udpbytes }, { "map", .all = take_map },
	{ "touch", .all = take_touch }, { "lock", .all = take_lock },
	{ "shm", .all = take_shm }, { "ranges", .all = take_ranges },
	{ "table", .all = take_table }, { "tables", .all = take_tables },
};

static void take(const char *name, int n)
{
	for (size_t i = 0; i < sizeof(things) / sizeof(*things); i++) {
		if (strcmp(things[i].name, name) != 0)
			continue;
		if (things[i].all)
			things[i].all(n);
		while (!things[i].all && n--)
			things[i].each();
		return;
	}
	errx(1, "no such thing: %s", name);
}

int main(void)
{
	char line[64], name[32];
	sigset_t set;
	int n;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	setbuf(stdout, NULL);
	puts("ready");
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%31s %d", name, &n) == 2)
			take(name, n);
		else
			drop();
		puts("done");
	}
	drop();
	return 0;
}
