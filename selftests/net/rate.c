// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much passes between two network namespaces, in which time.
 *
 *	rate tcp FROM TO ADDRESS BYTES
 *		So many over a TCP connection from FROM to ADDRESS in TO.
 *	rate udp FROM TO ADDRESS BYTES [SIZE]
 *		As many datagrams of SIZE bytes (1000) as FROM can send, until so much has
 *		arrived.
 *
 * FROM and TO are files of network namespaces, or "-". Prints bytes (of IP, without what
 * TCP needs besides its data), packets that were received (0 for TCP) and microseconds. The
 * time begins before the first one is sent and ends after the last one is received: no
 * limit that is kept looks broken because somebody had to wait for the processor.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PIECE	(64 << 10)
#define PATIENCE	600	/* seconds; then it fails */

struct ends {
	int out, in;
	bool v6;
};

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ull + now.tv_nsec / 1000;
}

static void enter(const char *file, int home)
{
	int fd = strcmp(file, "-") ? open(file, O_RDONLY | O_CLOEXEC) : home;

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(3, "%s", file);
}

/* The receiver has any port, the sender connects to it. */
static struct ends ends_of(char **arg, int type)
{
	struct sockaddr_in6 on = { .sin6_family = AF_INET6 };
	struct sockaddr_in *on4 = (struct sockaddr_in *)&on;
	struct ends ends = { .v6 = strchr(arg[2], ':') };
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), accepted;
	socklen_t size = ends.v6 ? sizeof(on) : sizeof(*on4);

	on.sin6_family = ends.v6 ? AF_INET6 : AF_INET;
	if (inet_pton(on.sin6_family, arg[2],
		      ends.v6 ? (void *)&on.sin6_addr : &on4->sin_addr) != 1)
		errx(3, "%s: no address", arg[2]);
	enter(arg[1], home);
	ends.in = socket(on.sin6_family, type, 0);
	if (ends.in < 0 || bind(ends.in, (void *)&on, size) ||
	    getsockname(ends.in, (void *)&on, &size) ||
	    (type == SOCK_STREAM && listen(ends.in, 1)))
		err(3, "%s", arg[2]);
	enter("-", home);
	enter(arg[0], home);
	ends.out = socket(on.sin6_family, type, 0);
	if (ends.out < 0 || connect(ends.out, (void *)&on, size))
		err(1, "%s", arg[2]);
	if (type != SOCK_STREAM)
		return ends;
	accepted = accept(ends.in, NULL, NULL);
	if (accepted < 0)
		err(1, "accept");
	ends.in = accepted;
	return ends;
}

/* Until one end can go on. */
static void await(struct ends ends, bool sends, uint64_t begin)
{
	struct pollfd fds[] = {
		{ .fd = ends.in, .events = POLLIN },
		{ .fd = sends ? ends.out : -1, .events = POLLOUT },
	};

	if (poll(fds, 2, PATIENCE * 1000) < 0)
		err(3, "poll");
	if (now_us() > begin + PATIENCE * 1000000ull)
		errx(1, "it did not arrive in %d seconds", PATIENCE);
}

static void report(uint64_t bytes, uint64_t packets, uint64_t begin)
{
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", bytes, packets, now_us() - begin);
}

static void tcp(char **arg, uint64_t len)
{
	uint64_t begin = now_us(), given = 0, taken = 0;
	struct ends ends = ends_of(arg, SOCK_STREAM);
	static char piece[PIECE];
	ssize_t n;

	while (taken < len) {
		await(ends, given < len, begin);
		if (given < len) {
			n = send(ends.out, piece, len - given < PIECE ? len - given : PIECE,
				 MSG_DONTWAIT);
			if (n < 0 && errno != EAGAIN)
				err(1, "send");
			given += n > 0 ? n : 0;
		}
		while ((n = recv(ends.in, piece, PIECE, MSG_DONTWAIT)) > 0)
			taken += n;
		if (n < 0 && errno != EAGAIN)
			err(1, "recv");
	}
	report(taken, 0, begin);
}

static void udp(char **arg, uint64_t len, size_t size)
{
	uint64_t begin = now_us(), bytes = 0, packets = 0;
	struct ends ends = ends_of(arg, SOCK_DGRAM);
	static char piece[PIECE];
	ssize_t n;

	while (packets * size < len) {
		await(ends, true, begin);
		/* what has no room in a queue on the way is refused at once */
		if (send(ends.out, piece, size, MSG_DONTWAIT) < 0 && errno != EAGAIN &&
		    errno != ENOBUFS)
			err(1, "send");
		while ((n = recv(ends.in, piece, PIECE, MSG_DONTWAIT)) >= 0) {
			bytes += n + 8 + (ends.v6 ? 40 : 20);
			packets++;
		}
	}
	report(bytes, packets, begin);
}

int main(int argc, char **argv)
{
	if (argc == 6 && !strcmp(argv[1], "tcp"))
		tcp(argv + 2, strtoull(argv[5], NULL, 0));
	else if (argc >= 6 && argc <= 7 && !strcmp(argv[1], "udp"))
		udp(argv + 2, strtoull(argv[5], NULL, 0), argc == 7 ? atoi(argv[6]) : 1000);
	else
		errx(3, "rate tcp|udp FROM TO ADDRESS BYTES [SIZE]");
	return 0;
}
