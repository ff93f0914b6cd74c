// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "error.h"
#include "sync.h"

/*
 * No step takes that long, however loaded the machine is. But the container's root can
 * stop a process of ours that came in, or put it into a frozen group: the tool, with the
 * container's lock, does not wait for it for ever.
 */
#define PATIENCE_S	60

struct message {
	int status;
	char text[1024];
};

int sync_pair(int ends[2])
{
	static const struct timeval patience = { .tv_sec = PATIENCE_S };

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return fail_errno(EXIT_SYSTEM, "Cannot make a socket pair");
	if (setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0)
		return 0;
	fail_errno(EXIT_SYSTEM, "Cannot set up a socket pair");
	close(ends[0]);
	close(ends[1]);
	return EXIT_SYSTEM;
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
	ssize_t n;

	if (count) {
		mh.msg_control = &control;
		mh.msg_controllen = CMSG_SPACE(count * sizeof(int));
		control.hdr.cmsg_level = SOL_SOCKET;
		control.hdr.cmsg_type = SCM_RIGHTS;
		control.hdr.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.hdr), fds, count * sizeof(int));
	}
	do
		n = sendmsg(sync, &mh, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

/*
 * Whatever comes may come from the container: one of its processes may have got
 * hold of ours. What it says goes to the operator's terminal, and its status is
 * what the tool exits with.
 */
static int failed(struct message *msg)
{
	msg->text[sizeof(msg->text) - 1] = '\0';
	for (char *s = msg->text; *s; s++)
		if (*s < ' ' || *s > '~')
			*s = '?';
	return fail(msg->status > 0 && msg->status < 256 ? msg->status : EXIT_SYSTEM,
		    "%s", msg->text);
}

/* Exactly @count descriptors, or none; others are not kept, nor are any without @keep. */
static void take_descriptors(struct msghdr *mh, int *fds, int count, bool keep)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(mh);
	int got[SYNC_MAX_FDS], n;

	for (int i = 0; i < count; i++)
		fds[i] = -1;
	if (!cmsg || cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
		return;
	n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(got, CMSG_DATA(cmsg), n * sizeof(int));
	for (int i = 0; i < n; i++)
		if (keep && n == count)
			fds[i] = got[i];
		else
			close(got[i]);
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
	bool late;
	ssize_t n;

	do
		n = recvmsg(sync, &mh, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	late = n < 0 && errno == EAGAIN;
	if (n < 0)
		mh.msg_controllen = 0;
	/* descriptors come with a step that is done, with nothing else */
	take_descriptors(&mh, fds, count, n == sizeof(msg) && !msg.status);
	if (late)
		return fail(EXIT_SYSTEM,
			    "The process in the container does not answer: stopped or frozen there?");
	if (n != sizeof(msg))
		return silence;
	return msg.status ? failed(&msg) : 0;
}

int sync_hear(int sync, int *fds, int count)
{
	int ret = hear(sync, fds, count, -1);

	return ret < 0 ? fail(EXIT_START, "The process in the container died during set-up") : ret;
}

int sync_hear_exec(int sync)
{
	/* its end of the line closed with the exec, see confine_to_line() */
	return hear(sync, NULL, 0, 0);
}

int sync_go(int sync)
{
	ssize_t n;

	do
		n = send(sync, "", 1, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		return 0;
	/* or it would wait for this for ever, and we for what it says then */
	shutdown(sync, SHUT_WR);
	return -1;
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
