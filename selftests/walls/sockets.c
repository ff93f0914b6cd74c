// SPDX-License-Identifier: GPL-2.0-only
/* Sockets, and what kernel and host listen on. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/sockios.h>

#include "escape.h"

static int try_socket(char **args)
{
	/* which of the two says it, a filter or a kernel without the family, is all one */
	static const int family[] = { EAFNOSUPPORT, EPROTONOSUPPORT, 0 };

	return verdict("socket", socket(atoi(args[0]), atoi(args[1]), atoi(args[2])), family);
}

static socklen_t abstract(struct sockaddr_un *addr, const char *name)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	strncpy(addr->sun_path + 1, name, sizeof(addr->sun_path) - 2);
	return offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
}

/* The host's side: says "listening" and lets the first one in. */
static int abstract_listen(char **args)
{
	struct sockaddr_un addr;
	socklen_t len = abstract(&addr, args[0]);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) || listen(fd, 1))
		return silly("listen");
	puts("listening");
	for (;;)
		close(accept(fd, NULL, NULL));
}

static int abstract_connect(char **args)
{
	static const int nobody[] = { ECONNREFUSED, 0 };
	struct sockaddr_un addr;
	socklen_t len = abstract(&addr, args[0]);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return verdict("connect", connect(fd, (struct sockaddr *)&addr, len), nobody);
}

static struct sockaddr_in local(int port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

/* Run a command with a connection as its stdin, as inetd and socket units do. */
static int with_socket(char **args)
{
	struct sockaddr_in addr = local(atoi(args[0]));
	int on = 1, server = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(server, (struct sockaddr *)&addr, sizeof(addr)) || listen(server, 5) ||
	    connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return silly("connect");
	shutdown(accept(server, NULL, NULL), SHUT_WR);
	dup2(fd, STDIN_FILENO);
	execvp(args[1], args + 1);
	return silly("%s", args[1]);
}

/* A socket keeps the network namespace it was made in: call somebody else with it. */
static int try_redial(char **args)
{
	static const int no_socket[] = { ENOTSOCK, 0 };
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	struct sockaddr_in addr = local(atoi(args[0]));

	if (connect(STDIN_FILENO, &unspec, sizeof(unspec)))
		return verdict("connect", -1, no_socket);
	return verdict("connect again",
		       connect(STDIN_FILENO, (struct sockaddr *)&addr, sizeof(addr)), no_socket);
}

struct request {
	struct nlmsghdr nlh;
	char data[256];
};

/* Send it and wait for the kernel's word: the error, 0, or the type of its answer. */
static char answer[8192];

static int ask(int protocol, struct request *req, size_t len)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW, protocol);
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct nlmsgerr *err;
	struct nlmsghdr *nlh = (void *)answer;

	req->nlh.nlmsg_len = NLMSG_LENGTH(len);
	req->nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	if (fd < 0 || sendto(fd, req, req->nlh.nlmsg_len, 0, (struct sockaddr *)&addr,
			     sizeof(addr)) < 0)
		return -1;
	if (poll(&pfd, 1, 2000) != 1 || recv(fd, answer, sizeof(answer), 0) < 0) {
		errno = ETIMEDOUT;
		return -1;
	}
	close(fd);
	err = NLMSG_DATA(nlh);
	if (nlh->nlmsg_type == NLMSG_ERROR && err->error) {
		errno = -err->error;
		return -1;
	}
	return nlh->nlmsg_type;
}

/* Generic netlink: the number of a family by its name. Prints it. */
static int try_family(char **args)
{
	static const int none[] = { ENOENT, 0 };
	struct request req = { .nlh.nlmsg_type = GENL_ID_CTRL };
	struct genlmsghdr *g = NLMSG_DATA(&req.nlh);
	struct nlattr *a = (void *)(g + 1);
	size_t len = strlen(args[0]) + 1;

	g->cmd = CTRL_CMD_GETFAMILY;
	a->nla_type = CTRL_ATTR_FAMILY_NAME;
	a->nla_len = NLA_HDRLEN + len;
	memcpy(a + 1, args[0], len);
	if (ask(NETLINK_GENERIC, &req, GENL_HDRLEN + NLA_ALIGN(a->nla_len)) < 0)
		return verdict(args[0], -1, none);
	a = (void *)(answer + NLMSG_HDRLEN + GENL_HDRLEN);
	while (a->nla_type != CTRL_ATTR_FAMILY_ID && a->nla_len)
		a = (void *)((char *)a + NLA_ALIGN(a->nla_len));
	printf("%u\n", *(unsigned short *)(a + 1));
	return WORKED;
}

/* Call every family number there may be, without asking for its name. */
static int try_families(char **args)
{
	static const int none[] = { ENOENT, EOPNOTSUPP, EINVAL, EPERM, ENODEV, ESRCH, 0 };
	int last = atoi(args[1]), ret = REFUSED;

	for (int id = atoi(args[0]); id <= last; id++) {
		struct request req = { .nlh.nlmsg_type = id };
		struct genlmsghdr *g = NLMSG_DATA(&req.nlh);
		struct nlattr *a = (void *)(g + 1);

		g->cmd = 4;		/* CLOISON_CMD_GET of container 900 */
		g->version = 1;
		a->nla_type = 1;
		a->nla_len = NLA_HDRLEN + 4;
		*(int *)(a + 1) = 900;
		if (verdict("call", ask(NETLINK_GENERIC, &req, GENL_HDRLEN + 8), none) != REFUSED)
			ret = WORKED;
	}
	return ret;
}

/* The audit system's settings, which are the host's. */
static int try_audit(char **args)
{
	static const int none[] = { ECONNREFUSED, EPROTONOSUPPORT, 0 };
	struct request req = { .nlh.nlmsg_type = AUDIT_SET };
	struct audit_status *status = NLMSG_DATA(&req.nlh);

	status->mask = AUDIT_STATUS_BACKLOG_LIMIT;
	status->backlog_limit = 77;
	return verdict("audit", ask(NETLINK_AUDIT, &req, sizeof(*status)), none);
}

/* Tell the host's udev that a device came. */
static int try_uevent(char **args)
{
	struct request req = { };
	static const char text[] = "add@/devices/virtual/walls\0ACTION=add\0"
		"DEVPATH=/devices/virtual/walls\0SUBSYSTEM=walls\0SEQNUM=1";
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT);

	memcpy(req.data, text, sizeof(text));
	/* to the listeners; and to the kernel, which passes it on */
	sendto(fd, req.data, sizeof(text), 0, (struct sockaddr *)&addr, sizeof(addr));
	addr.nl_groups = 0;
	return verdict("uevent", sendto(fd, req.data, sizeof(text), 0, (struct sockaddr *)&addr,
					sizeof(addr)), (const int[]){ ECONNREFUSED, 0 });
}

/* Receive uevents for so many seconds; prints the first line of each. */
static int uevents(char **args)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = 1 | 2 };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT);
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char text[8192];

	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return silly("bind");
	puts("listening");
	while (poll(&pfd, 1, 1000 * atoi(args[0])) > 0 && recv(fd, text, sizeof(text), 0) > 0)
		puts(text);
	return WORKED;
}

/* The network namespace of a socket, which must not be handed out. */
static int try_socket_ns(char **args)
{
	static const int none[] = { ENOTSOCK, 0 };

	return verdict("SIOCGSKNS", ioctl(STDIN_FILENO, SIOCGSKNS), none);
}

/*
 * Leave with who listens at PATH a socket that nobody else has then, and whose close waits
 * for a peer that does not read. That one stays behind.
 */
static int try_linger(char **args)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	static const struct linger forever = { 1, INT_MAX };
	static char text[65536];
	union {
		struct cmsghdr hdr;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {};
	struct iovec iov = { text, 1 };
	struct msghdr mh = {
		.msg_name = &at, .msg_namelen = sizeof(at), .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control.space),
	};
	socklen_t len = sizeof(in);
	int peer = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", args[0]);
	if (bind(peer, (struct sockaddr *)&in, len) || listen(peer, 1) ||
	    getsockname(peer, (struct sockaddr *)&in, &len) ||
	    connect(fd, (struct sockaddr *)&in, len) || fcntl(fd, F_SETFL, O_NONBLOCK) ||
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &forever, sizeof(forever)))
		return silly("a connection");
	while (write(fd, text, sizeof(text)) > 0)
		;
	control.hdr = (struct cmsghdr) {
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(fd)),
	};
	memcpy(CMSG_DATA(&control.hdr), &fd, sizeof(fd));
	if (sendmsg(socket(AF_UNIX, SOCK_DGRAM, 0), &mh, 0) < 0)
		return silly("%s", args[0]);
	if (fork() == 0) {
		close(fd);
		for (int i = 0; i < 3; i++)
			close(i);
		setsid();
		pause();
	}
	return WORKED;
}

const struct attempt socket_attempts[] = {
	{ "socket", try_socket, 3, "FAMILY TYPE PROTOCOL" },
	{ "abstract-listen", abstract_listen, 1, "NAME" },
	{ "abstract-connect", abstract_connect, 1, "NAME" },
	{ "with-socket", with_socket, 2, "PORT COMMAND..." },
	{ "redial", try_redial, 1, "PORT" },
	{ "linger", try_linger, 1, "PATH" },
	{ "socket-ns", try_socket_ns, 0, "" },
	{ "family", try_family, 1, "NAME" },
	{ "families", try_families, 2, "FIRST LAST" },
	{ "audit", try_audit, 0, "" },
	{ "uevent", try_uevent, 0, "" },
	{ "uevents", uevents, 1, "SECONDS" },
	{ }
};
