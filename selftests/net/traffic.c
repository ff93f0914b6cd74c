// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a packet costs between two network namespaces.
 *
 *	traffic rr FROM TO ADDRESS COUNT
 *		COUNT requests of one byte over a TCP connection from FROM to ADDRESS
 *		in TO, and as many answers. Prints ns per request and answer.
 *	traffic pps FROM TO ADDRESS COUNT
 *		COUNT datagrams of 18 bytes. Prints ns per datagram.
 *	traffic stream FROM TO ADDRESS MIB
 *		So much over a TCP connection. Prints MBit/s.
 *	traffic flood FROM TO ADDRESS SECONDS
 *		Datagrams that nobody takes. Prints how many.
 *
 * FROM and TO are files of network namespaces, or "-". That is done ROUNDS
 * times after one that does not count, and the best figure printed: the others
 * tell what happened beside it. All that is sent must arrive.
 *
 * One process has both ends: what it costs to wake one is not the network's, and
 * depends on the scheduler's mood. It is meant for one processor, where a packet
 * is at the other end when the system call that sends it returns.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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

#define PORT	7007
#define ROUNDS	10
#define BATCH	32		/* datagrams on their way at once */
#define PIECE	(64 << 10)	/* of a stream */

struct ends {
	int out;
	int in;
};

static char piece[PIECE];

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static void enter(const char *file)
{
	int fd;

	if (!strcmp(file, "-"))
		return;
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(3, "%s", file);
	close(fd);
}

/* In the namespace the process is in, which it may leave. */
static int socket_of(const char *address, int type, bool receiver)
{
	struct sockaddr_in6 on6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(PORT),
	};
	struct sockaddr_in on4 = {
		.sin_family = AF_INET, .sin_port = htons(PORT),
	};
	bool v6 = strchr(address, ':');
	struct sockaddr *on = v6 ? (void *)&on6 : (void *)&on4;
	socklen_t size = v6 ? sizeof(on6) : sizeof(on4);
	int fd = socket(on->sa_family, type, 0), one = 1;

	if (fd < 0)
		err(3, "socket");
	if (inet_pton(on->sa_family, address,
		      v6 ? (void *)&on6.sin6_addr : &on4.sin_addr) != 1)
		errx(3, "%s: no address", address);
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (receiver ? bind(fd, on, size) : connect(fd, on, size))
		err(1, "%s", address);
	if (receiver && type == SOCK_STREAM && listen(fd, 1))
		err(1, "listen");
	return fd;
}

static struct ends ends_of(char **arg, int type)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct ends ends;

	enter(arg[1]);
	ends.in = socket_of(arg[2], type, true);
	if (home < 0 || setns(home, CLONE_NEWNET))
		err(3, "back");
	enter(arg[0]);
	ends.out = socket_of(arg[2], type, false);
	if (type == SOCK_STREAM)
		ends.in = accept(ends.in, NULL, NULL);
	if (ends.in < 0)
		err(1, "accept");
	return ends;
}

/* Until there is something to receive; if nothing comes it was lost. */
static void await(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	if (poll(&pollfd, 1, 1000) != 1)
		errx(1, "what was sent did not arrive");
}

static void send_one(int fd, const void *data, size_t len)
{
	if (send(fd, data, len, 0) != (ssize_t)len)
		err(1, "send");
}

static void take_one(int fd, void *data, size_t len)
{
	while (recv(fd, data, len, MSG_DONTWAIT) != (ssize_t)len) {
		if (errno != EAGAIN)
			err(1, "recv");
		await(fd);
	}
}

static void rr(struct ends ends, uint32_t count)
{
	char byte = 0;

	while (count--) {
		send_one(ends.out, &byte, 1);
		take_one(ends.in, &byte, 1);
		send_one(ends.in, &byte, 1);
		take_one(ends.out, &byte, 1);
	}
}

static void pps(struct ends ends, uint32_t count)
{
	char data[18] = "";
	uint32_t i, n;

	for (; count; count -= n) {
		n = count < BATCH ? count : BATCH;
		for (i = 0; i < n; i++)
			send_one(ends.out, data, sizeof(data));
		for (i = 0; i < n; i++)
			take_one(ends.in, data, sizeof(data));
	}
}

/* One piece is given, and what has come of it and others is taken. */
static void stream(struct ends ends, uint32_t mib)
{
	uint64_t len = (uint64_t)mib << 20, given = 0, taken = 0;
	ssize_t n;

	while (taken < len) {
		n = given < len ? send(ends.out, piece, PIECE, MSG_DONTWAIT) : 0;
		if (n < 0 && errno != EAGAIN)
			err(1, "send");
		given += n > 0 ? n : 0;
		if (n <= 0)
			await(ends.in);
		while ((n = recv(ends.in, piece, PIECE, MSG_DONTWAIT)) > 0)
			taken += n;
		if (n < 0 && errno != EAGAIN)
			err(1, "recv");
	}
}

static unsigned long flood(struct ends ends, uint32_t seconds)
{
	uint64_t end = now_ns() + seconds * 1000000000ull;
	unsigned long n;
	char data[18] = "";

	for (n = 0; now_ns() < end; n++)
		send_one(ends.out, data, sizeof(data));
	return n;
}

/* The ns it takes at best. */
static double best(struct ends ends, uint32_t count,
		   void (*run)(struct ends ends, uint32_t count))
{
	uint64_t start, ns, least = UINT64_MAX;
	int i;

	run(ends, count);
	for (i = 0; i < ROUNDS; i++) {
		start = now_ns();
		run(ends, count);
		ns = now_ns() - start;
		if (ns < least)
			least = ns;
	}
	return least;
}

int main(int argc, char **argv)
{
	uint32_t count = argc == 6 ? atoi(argv[5]) : 0;

	if (count && !strcmp(argv[1], "rr"))
		printf("%.1f\n", best(ends_of(argv + 2, SOCK_STREAM), count, rr) /
				 count);
	else if (count && !strcmp(argv[1], "pps"))
		printf("%.1f\n", best(ends_of(argv + 2, SOCK_DGRAM), count, pps) /
				 count);
	else if (count && !strcmp(argv[1], "stream"))
		printf("%.0f\n", count * (8e3 * (1 << 20)) /
				 best(ends_of(argv + 2, SOCK_STREAM), count, stream));
	else if (count && !strcmp(argv[1], "flood"))
		printf("%lu\n", flood(ends_of(argv + 2, SOCK_DGRAM), count));
	else
		errx(3, "usage: traffic rr|pps|stream|flood FROM TO ADDRESS COUNT");
	return 0;
}
