// SPDX-License-Identifier: GPL-2.0-only
/* Sockets, with what is in their queues. */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shapes.h"

static int stream[2], packets[2], listener, client, server;

static void put(int to, const char *text)
{
	need(send(to, text, strlen(text), 0) == (ssize_t)strlen(text));
}

static bool answers(int a, int b)
{
	char byte[2] = "";

	return send(a, "a", 1, 0) == 1 && recv(b, byte, 1, 0) == 1 &&
	       send(b, "b", 1, 0) == 1 && recv(a, byte + 1, 1, 0) == 1 &&
	       memcmp(byte, "ab", 2) == 0;
}

/* What was written, in pieces where it came so. */
static void unix_up(void)
{
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, stream) == 0);
	need(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, packets) == 0);
	put(stream[0], "one ");
	put(stream[0], "after another");
	put(packets[0], "one");
	put(packets[0], "another");
	put(packets[1], "back");
	need(shutdown(stream[1], SHUT_WR) == 0);
}

static void unix_look(void)
{
	char buf[64];

	want_text(stream[1], "one after another");
	want(recv(stream[0], buf, sizeof(buf), 0) == 0);
	want(recv(packets[1], buf, sizeof(buf), 0) == 3 && memcmp(buf, "one", 3) == 0);
	want(recv(packets[1], buf, sizeof(buf), 0) == 7 && memcmp(buf, "another", 7) == 0);
	want(recv(packets[0], buf, sizeof(buf), 0) == 4 && memcmp(buf, "back", 4) == 0);
	want(answers(packets[0], packets[1]));
}

/* A descriptor that is on its way, and nobody has but the socket. */
union control {
	struct cmsghdr hdr;
	char space[CMSG_SPACE(sizeof(int))];
};

static void passed_up(void)
{
	union control control = { { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec iov = { "x", 1 };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			     .msg_controllen = sizeof(control) };
	int ends[2];

	need(socketpair(AF_UNIX, SOCK_STREAM, 0, stream) == 0 && pipe(ends) == 0);
	need(write(ends[1], "passed", 6) == 6);
	memcpy(CMSG_DATA(&control.hdr), ends, sizeof(int));
	need(sendmsg(stream[0], &mh, 0) == 1);
	need(close(ends[0]) == 0);
}

static void passed_look(void)
{
	union control control;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			     .msg_controllen = sizeof(control) };
	int fd = -1;

	want(recvmsg(stream[1], &mh, 0) == 1 && byte == 'x');
	want(mh.msg_controllen >= CMSG_LEN(sizeof(int)) && control.hdr.cmsg_type == SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(&control.hdr), sizeof(int));
	want_text(fd, "passed");
}

/* By a path and by an abstract name; one that is connected, and one that connects later. */
static struct sockaddr_un at_path = { AF_UNIX, "socket" }, at_name = { AF_UNIX, "\0shape" };
#define NAME_LENGTH	(offsetof(struct sockaddr_un, sun_path) + 6)

static int named, dgram;

static void named_up(void)
{
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	need(bind(listener, (void *)&at_path, sizeof(at_path)) == 0 && listen(listener, 5) == 0);
	need(connect(client, (void *)&at_path, sizeof(at_path)) == 0);
	server = accept(listener, NULL, NULL);
	named = socket(AF_UNIX, SOCK_DGRAM, 0);
	dgram = socket(AF_UNIX, SOCK_DGRAM, 0);
	need(bind(named, (void *)&at_name, NAME_LENGTH) == 0);
	need(connect(dgram, (void *)&at_name, NAME_LENGTH) == 0);
	put(dgram, "a datagram");
}

static void named_look(void)
{
	int more = socket(AF_UNIX, SOCK_STREAM, 0), other;

	want(answers(client, server));
	want(connect(more, (void *)&at_path, sizeof(at_path)) == 0);
	other = accept(listener, NULL, NULL);
	want(other >= 0 && answers(more, other));
	want_text(named, "a datagram");
	put(dgram, "another");
	want_text(named, "another");
}

/* Nobody has accepted it. */
static void waiting_up(void)
{
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	need(bind(listener, (void *)&at_path, sizeof(at_path)) == 0 && listen(listener, 5) == 0);
	need(connect(client, (void *)&at_path, sizeof(at_path)) == 0);
}

static void waiting_look(void)
{
	server = accept(listener, NULL, NULL);
	want(server >= 0);
	want(answers(client, server));
}

static struct sockaddr_in6 loopback(int family, in_port_t port)
{
	struct sockaddr_in6 sa = { .sin6_family = family };
	struct sockaddr_in *sin = (void *)&sa;

	if (family == AF_INET) {
		sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		sin->sin_port = htons(port);
	} else {
		sa.sin6_addr = in6addr_loopback;
		sa.sin6_port = htons(port);
	}
	return sa;
}

static int bound(int family, int type, in_port_t port)
{
	struct sockaddr_in6 sa = loopback(family, port);
	int fd = socket(family, type, 0), yes = 1;

	need(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0);
	need(bind(fd, (void *)&sa, sizeof(sa)) == 0);
	return fd;
}

static void connect_to(int fd, int family, in_port_t port)
{
	struct sockaddr_in6 sa = loopback(family, port);

	need(connect(fd, (void *)&sa, sizeof(sa)) == 0);
}

/* Connected to each other, and one that is not. */
static int udp[3];

static void udp_up_family(int family)
{
	int on = 1;

	udp[0] = bound(family, SOCK_DGRAM, 7101);
	udp[1] = bound(family, SOCK_DGRAM, 7102);
	udp[2] = bound(family, SOCK_DGRAM, 7103);
	connect_to(udp[0], family, 7102);
	connect_to(udp[1], family, 7101);
	need(setsockopt(udp[2], SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) == 0);
}

static void udp_look(void)
{
	struct sockaddr_in6 from;
	socklen_t length = sizeof(from), size = sizeof(int);
	int on = 0;
	char byte;

	want(answers(udp[0], udp[1]));
	want(getsockname(udp[0], (void *)&from, &length) == 0 && ntohs(from.sin6_port) == 7101);
	want(getsockopt(udp[2], SOL_SOCKET, SO_BROADCAST, &on, &size) == 0 && on);
	want(sendto(udp[2], "u", 1, 0, (void *)&from, length) == 1);
	/* who is connected hears no others */
	want(recv(udp[0], &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN);
}

static void udp4_up(void)
{
	udp_up_family(AF_INET);
}

static void udp6_up(void)
{
	udp_up_family(AF_INET6);
}

/* A connection with data on its way in both directions, and one of which one side has said all. */
#define TCP_BYTES	50000
#define TCP_PORT	7201

static int half[2];

static unsigned char byte_at(int at, int side)
{
	return at * 7 + at / 251 + side;
}

static void tcp_fill(int fd, int side)
{
	unsigned char buf[TCP_BYTES];

	for (int i = 0; i < TCP_BYTES; i++)
		buf[i] = byte_at(i, side);
	need(send(fd, buf, sizeof(buf), 0) == sizeof(buf));
}

static bool tcp_filled(int fd, int side)
{
	unsigned char buf[TCP_BYTES];

	if (recv(fd, buf, sizeof(buf), MSG_WAITALL) != sizeof(buf))
		return false;
	for (int i = 0; i < TCP_BYTES; i++)
		if (buf[i] != byte_at(i, side))
			return false;
	return true;
}

static void tcp_up_family(int family)
{
	int on = 1;

	listener = bound(family, SOCK_STREAM, TCP_PORT);
	need(listen(listener, 5) == 0);
	client = socket(family, SOCK_STREAM, 0);
	connect_to(client, family, TCP_PORT);
	server = accept(listener, NULL, NULL);
	need(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0);
	need(setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) == 0);
	tcp_fill(client, 1);
	tcp_fill(server, 2);
	half[0] = socket(family, SOCK_STREAM, 0);
	connect_to(half[0], family, TCP_PORT);
	half[1] = accept(listener, NULL, NULL);
	put(half[0], "that is all");
	need(half[1] >= 0 && shutdown(half[0], SHUT_WR) == 0);
}

static void tcp_look_family(int family)
{
	int on = 0, more = socket(family, SOCK_STREAM, 0), other;
	socklen_t size = sizeof(on);
	char byte;

	want(tcp_filled(server, 1) && tcp_filled(client, 2) && answers(client, server));
	want(getsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, &size) == 0 && on);
	want(getsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &on, &size) == 0 && on);
	want_text(half[1], "that is all");
	want(recv(half[1], &byte, 1, 0) == 0);
	put(half[1], "well");
	want_text(half[0], "well");
	connect_to(more, family, TCP_PORT);
	other = accept(listener, NULL, NULL);
	want(other >= 0 && answers(more, other));
}

static void tcp4_up(void)
{
	tcp_up_family(AF_INET);
}

static void tcp4_look(void)
{
	tcp_look_family(AF_INET);
}

static void tcp6_up(void)
{
	tcp_up_family(AF_INET6);
}

static void tcp6_look(void)
{
	tcp_look_family(AF_INET6);
}

/* It asks the kernel about links. */
static struct sockaddr_nl kernel = { AF_NETLINK };

static void netlink_up(void)
{
	struct sockaddr_nl sa = { AF_NETLINK, .nl_groups = RTMGRP_LINK };

	client = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	need(client >= 0 && bind(client, (void *)&sa, sizeof(sa)) == 0);
}

static void netlink_look(void)
{
	struct {
		struct nlmsghdr h;
		struct rtgenmsg g;
	} ask = { { sizeof(ask), RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 77 }, { AF_UNSPEC } };
	union {
		struct nlmsghdr h;
		char space[16384];
	} is;
	struct sockaddr_nl sa = {};
	socklen_t size = sizeof(sa);
	ssize_t n;

	want(getsockname(client, (void *)&sa, &size) == 0 && sa.nl_groups == RTMGRP_LINK);
	want(sendto(client, &ask, sizeof(ask), 0, (void *)&kernel, sizeof(kernel)) == sizeof(ask));
	/* news of links may come first */
	do
		n = recv(client, &is, sizeof(is), 0);
	while (n > 0 && is.h.nlmsg_seq != 77);
	want(n > 0 && is.h.nlmsg_type == RTM_NEWLINK);
}

const struct shape socket_shapes[] = {
	{ "unix-sockets", unix_up, unix_look },
	{ "passed-descriptor", passed_up, passed_look },
	{ "named-sockets", named_up, named_look },
	{ "waiting-connection", waiting_up, waiting_look },
	{ "udp", udp4_up, udp_look },
	{ "udp6", udp6_up, udp_look },
	{ "tcp", tcp4_up, tcp4_look },
	{ "tcp6", tcp6_up, tcp6_look },
	{ "netlink", netlink_up, netlink_look },
	{}
};
