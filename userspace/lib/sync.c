// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "error.h"
#include "sync.h"

struct message {
	int status;
	char text[1024];
};

int sync_pair(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return fail_errno(EXIT_SYSTEM, "Cannot make a socket pair");
	return 0;
}

void sync_die(int sync, int status)
{
	struct message msg = { .status = status };

	snprintf(msg.text, sizeof(msg.text), "%s", error_text());
	if (send(sync, &msg, sizeof(msg), MSG_NOSIGNAL) < 0)
		_exit(EXIT_SYSTEM);
	_exit(status);
}

int sync_tell(int sync, const int *fds, int count)
{
	union {
		struct cmsghdr hdr;
		char space[CMSG_SPACE(SYNC_MAX_FDS * sizeof(int))];
	} control = {};
	struct message msg = {};
	struct iovec iov = { &msg, sizeof(msg) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (count) {
		mh.msg_control = &control;
		mh.msg_controllen = CMSG_SPACE(count * sizeof(int));
		control.hdr.cmsg_level = SOL_SOCKET;
		control.hdr.cmsg_type = SCM_RIGHTS;
		control.hdr.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.hdr), fds, count * sizeof(int));
	}
	return sendmsg(sync, &mh, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

static int hear(int sync, int *fds, int count, int silence)
{
	union {
		struct cmsghdr hdr;
		char space[CMSG_SPACE(SYNC_MAX_FDS * sizeof(int))];
	} control = {};
	struct message msg;
	struct iovec iov = { &msg, sizeof(msg) };
	struct msghdr mh = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	ssize_t n;

	for (int i = 0; i < count; i++)
		fds[i] = -1;
	do
		n = recvmsg(sync, &mh, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != sizeof(msg))
		return silence;
	if (msg.status)
		return fail(msg.status, "%.*s", (int)sizeof(msg.text) - 1, msg.text);
	cmsg = CMSG_FIRSTHDR(&mh);
	if (count && cmsg && cmsg->cmsg_type == SCM_RIGHTS &&
	    cmsg->cmsg_len == CMSG_LEN(count * sizeof(int)))
		memcpy(fds, CMSG_DATA(cmsg), count * sizeof(int));
	return 0;
}

int sync_hear(int sync, int *fds, int count)
{
	int ret = hear(sync, fds, count, -1);

	return ret < 0 ? fail(EXIT_START, "The process in the container died during set-up") : ret;
}

int sync_hear_exec(int sync)
{
	/* its end of the line closed with the exec, see confine_descriptors() */
	return hear(sync, NULL, 0, 0);
}

int sync_go(int sync)
{
	return send(sync, "", 1, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

int sync_wait(int sync)
{
	ssize_t n;
	char c;

	do
		n = recv(sync, &c, 1, 0);
	while (n < 0 && errno == EINTR);
	return n == 1 ? 0 : -1;
}
