// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does one thing again and again, and says what it took.
 *
 *	work THING ROUNDS
 *		Prints the mean time of a round in ns.
 *
 * THINGS: fork_exec (of itself, and waited for); ctx_switch (there and back, by two
 * pipes); ctx_between (the same with a process of another group: its cgroup.procs is the
 * PATH); page_fault (of anonymous memory, with the unmapping); tcp_connect (over lo,
 * accepted, closed); open_close (of a file); read (opened, read whole, closed);
 * read_late (the same after a pause of 200 ms, which does not count); readers (one
 * process for each round, which all read at once); hog (touches memory until it is
 * killed, and again).
 */
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *self, *path = "/tmp/work";

static void must(long ret, const char *what)
{
	if (ret < 0)
		err(1, "%s", what);
}

static void fork_exec(int rounds)
{
	while (rounds--) {
		pid_t pid = fork();
		int status;

		must(pid, "fork");
		if (!pid) {
			execl(self, self, "nothing", "0", NULL);
			_exit(1);
		}
		must(waitpid(pid, &status, 0), "waitpid");
		if (status)
			errx(1, "exec failed");
	}
}

static void write_pid(void)
{
	FILE *procs = fopen(path, "w");

	if (!procs || fprintf(procs, "%d\n", getpid()) < 0 || fclose(procs))
		err(1, "%s", path);
}

static void ping_pong(int rounds, void (*before)(void))
{
	int there[2], back[2];
	char c = 0;
	pid_t pid;

	must(pipe(there), "pipe");
	must(pipe(back), "pipe");
	pid = fork();
	must(pid, "fork");
	if (!pid) {
		close(there[1]);
		if (before)
			before();
		while (read(there[0], &c, 1) == 1)
			must(write(back[1], &c, 1), "write");
		_exit(0);
	}
	while (rounds--) {
		must(write(there[1], &c, 1), "write");
		must(read(back[0], &c, 1), "read");
	}
	close(there[1]);
	waitpid(pid, NULL, 0);
}

static void ctx_switch(int rounds)
{
	ping_pong(rounds, NULL);
}

static void ctx_between(int rounds)
{
	ping_pong(rounds, write_pid);
}

#define PAGES	256

static void page_fault(int rounds)
{
	size_t page = sysconf(_SC_PAGESIZE), size = PAGES * page;

	for (int done = 0; done < rounds; done += PAGES) {
		char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				-1, 0);

		if (at == MAP_FAILED)
			err(1, "mmap");
		madvise(at, size, MADV_NOHUGEPAGE);
		for (int i = 0; i < PAGES; i++)
			at[i * page] = 1;
		munmap(at, size);
	}
}

static void tcp_connect(int rounds)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct linger at_once = { .l_onoff = 1 };	/* or the ports would be used up */
	socklen_t len = sizeof(to);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	must(listener, "socket");
	must(bind(listener, (struct sockaddr *)&to, len), "bind");
	must(getsockname(listener, (struct sockaddr *)&to, &len), "getsockname");
	must(listen(listener, 16), "listen");
	while (rounds--) {
		int fd = socket(AF_INET, SOCK_STREAM, 0), other;

		must(fd, "socket");
		must(connect(fd, (struct sockaddr *)&to, len), "connect");
		other = accept(listener, NULL, NULL);
		must(other, "accept");
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		close(fd);
		close(other);
	}
}

static void open_close(int rounds)
{
	while (rounds--) {
		int fd = open(path, O_RDONLY | O_CREAT, 0600);

		must(fd, path);
		close(fd);
	}
}

static void read_whole(int rounds)
{
	static char buffer[65536];

	while (rounds--) {
		int fd = open(path, O_RDONLY);
		ssize_t n;

		must(fd, path);
		while ((n = read(fd, buffer, sizeof(buffer))) > 0)
			;
		must(n, path);
		close(fd);
	}
}

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static long long paused;

static void read_late(int rounds)
{
	paused = 0;
	while (rounds--) {
		long long start = now_ns();

		usleep(200000);
		paused += now_ns() - start;
		read_whole(1);
	}
}

static void readers(int rounds)
{
	int start[2], failed = 0, status;
	char c;

	must(pipe(start), "pipe");
	for (int i = 0; i < rounds; i++) {
		pid_t pid = fork();

		must(pid, "fork");
		if (!pid) {
			close(start[1]);
			must(read(start[0], &c, 1), "read");
			read_whole(1);
			_exit(0);
		}
	}
	close(start[0]);
	close(start[1]);
	while (wait(&status) > 0)
		failed += !!status;
	if (failed)
		errx(1, "%d readers failed", failed);
}

static void hog(int rounds)
{
	while (rounds--) {
		pid_t pid = fork();

		must(pid, "fork");
		while (!pid)
			memset(malloc(1 << 20), 1, 1 << 20);
		must(waitpid(pid, NULL, 0), "waitpid");
	}
}

static void nothing(int rounds)
{
	(void)rounds;
}

static const struct {
	const char *name;
	void (*work)(int rounds);
} things[] = {
	{ "fork_exec", fork_exec }, { "ctx_switch", ctx_switch }, { "ctx_between", ctx_between },
	{ "page_fault", page_fault }, { "tcp_connect", tcp_connect }, { "open_close", open_close },
	{ "read", read_whole }, { "read_late", read_late }, { "readers", readers },
	{ "hog", hog }, { "nothing", nothing },
};

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 0;
	long long start;

	self = argv[0];
	if (argc > 3)
		path = argv[3];
	for (size_t i = 0; argc > 2 && i < sizeof(things) / sizeof(*things); i++) {
		if (strcmp(things[i].name, argv[1]) != 0)
			continue;
		if (!rounds)
			return 0;
		/* once for what is not there yet */
		things[i].work(rounds / 10 + 1);
		start = now_ns();
		things[i].work(rounds);
		printf("%lld\n", (now_ns() - start - paused) / rounds);
		return 0;
	}
	errx(2, "usage: work THING ROUNDS [PATH]");
}
