// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers that flow from one place to another, so that what is lost, doubled or
 * out of order is seen.
 *
 *	numbers udp-to ADDRESS PORT COUNT MICROSECONDS
 *		One number a datagram, so far apart.
 *	numbers udp-from PORT COUNT SECONDS
 *		Prints "ready"; ends after number COUNT - 1 or that time and prints
 *		"received N lost N late N". Late: after a higher one.
 *	numbers tcp-to ADDRESS PORT COUNT MICROSECONDS
 *		Over one connection, in pieces of 4096 numbers if MICROSECONDS is 0, else
 *		one by one so far apart; ends when the other side has them.
 *	numbers tcp-from PORT | tcp4-from PORT
 *		Prints "ready"; takes one connection to its end and prints
 *		"received N wrong N". tcp4: with a socket of IPv4, others' are of both.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PIECE 4096

static int connect_to(const char *address, const char *port, int type)
{
	struct sockaddr_in6 to6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(atoi(port)),
	};
	struct sockaddr_in to4 = {
		.sin_family = AF_INET, .sin_port = htons(atoi(port)),
	};
	int v6 = !!strchr(address, ':');
	int fd = socket(v6 ? AF_INET6 : AF_INET, type, 0);
	int ret;

	if (fd < 0)
		err(3, "socket");
	if (inet_pton(v6 ? AF_INET6 : AF_INET, address,
		      v6 ? (void *)&to6.sin6_addr : &to4.sin_addr) != 1)
		errx(3, "%s: no address", address);
	ret = v6 ? connect(fd, (void *)&to6, sizeof(to6)) :
		   connect(fd, (void *)&to4, sizeof(to4));
	if (ret)
		err(1, "connect");
	return fd;
}

static int bind_to(const char *port, int family, int type)
{
	struct sockaddr_in6 on6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(atoi(port)),
	};
	struct sockaddr_in on4 = {
		.sin_family = AF_INET, .sin_port = htons(atoi(port)),
	};
	int fd = socket(family, type, 0), one = 1, size = 4 << 20;
	int ret;

	if (fd < 0)
		err(3, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	ret = family == AF_INET6 ? bind(fd, (void *)&on6, sizeof(on6)) :
				   bind(fd, (void *)&on4, sizeof(on4));
	if (ret)
		err(3, "bind");
	return fd;
}

static void ready(void)
{
	puts("ready");
	fflush(stdout);
}

static void udp_to(int fd, uint32_t count, int us)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		/* Refused by a receiver that is not there: goes on. */
		if (send(fd, &i, sizeof(i), 0) < 0)
			warn("send %u", i);
		if (us)
			usleep(us);
	}
}

static void udp_from(int fd, uint32_t count, int seconds)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	uint32_t i, next = 0, received = 0, late = 0;
	struct timespec now, end;

	ready();
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (poll(&pollfd, 1, 200) <= 0)
			continue;
		if (recv(fd, &i, sizeof(i), 0) != sizeof(i))
			err(1, "recv");
		received++;
		if (i < next)
			late++;
		else
			next = i + 1;
	} while (next < count && now.tv_sec <= end.tv_sec);
	printf("received %u lost %u late %u\n", received, count - received,
	       late);
}

static void tcp_to(int fd, uint32_t count, int us)
{
	uint32_t i, n, piece[PIECE];
	char end;

	for (i = 0; i < count;) {
		for (n = 0; n < (us ? 1 : PIECE) && i < count; n++)
			piece[n] = i++;
		if (send(fd, piece, n * 4, MSG_NOSIGNAL) != (ssize_t)n * 4)
			err(1, "send");
		if (us)
			usleep(us);
	}
	shutdown(fd, SHUT_WR);
	if (recv(fd, &end, 1, 0))
		err(1, "recv");
}

static void tcp_from(int fd)
{
	uint32_t i, n, next = 0, wrong = 0, piece[PIECE];
	ssize_t len;

	if (listen(fd, 1))
		err(3, "listen");
	ready();
	fd = accept(fd, NULL, NULL);
	if (fd < 0)
		err(1, "accept");
	do {
		for (n = 0; n < sizeof(piece); n += len) {
			len = recv(fd, (char *)piece + n, sizeof(piece) - n, 0);
			if (len < 0)
				err(1, "recv");
			if (!len)
				break;
		}
		for (i = 0; i < n / 4; i++)
			wrong += piece[i] != next++;
	} while (n == sizeof(piece));
	printf("received %u wrong %u\n", next, wrong);
}

int main(int argc, char **argv)
{
	if (argc == 6 && !strcmp(argv[1], "udp-to"))
		udp_to(connect_to(argv[2], argv[3], SOCK_DGRAM), atoi(argv[4]),
		       atoi(argv[5]));
	else if (argc == 5 && !strcmp(argv[1], "udp-from"))
		udp_from(bind_to(argv[2], AF_INET6, SOCK_DGRAM), atoi(argv[3]),
			 atoi(argv[4]));
	else if (argc == 6 && !strcmp(argv[1], "tcp-to"))
		tcp_to(connect_to(argv[2], argv[3], SOCK_STREAM), atoi(argv[4]),
		       atoi(argv[5]));
	else if (argc == 3 && !strcmp(argv[1], "tcp-from"))
		tcp_from(bind_to(argv[2], AF_INET6, SOCK_STREAM));
	else if (argc == 3 && !strcmp(argv[1], "tcp4-from"))
		tcp_from(bind_to(argv[2], AF_INET, SOCK_STREAM));
	else
		errx(3, "usage: numbers udp-to ADDRESS PORT COUNT MICROSECONDS\n"
			"       numbers udp-from PORT COUNT SECONDS\n"
			"       numbers tcp-to ADDRESS PORT COUNT MICROSECONDS\n"
			"       numbers tcp-from PORT | tcp4-from PORT");
	return 0;
}
