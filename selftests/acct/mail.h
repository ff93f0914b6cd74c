/* SPDX-License-Identifier: GPL-2.0-only */
/* Open files on their way through a socket: SCM_RIGHTS, see unix(7). */
#ifndef MAIL_H
#define MAIL_H

#include <string.h>
#include <sys/socket.h>

/*
 * Sends the file of descriptor @fd, or, if that is negative, receives one. Returns the
 * descriptor; negative: see errno.
 */
static inline int mail(int sock, int fd, int flags)
{
	char room[CMSG_SPACE(sizeof(fd))] = "", byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = room,
		.msg_controllen = sizeof(room),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	if ((fd < 0 ? recvmsg(sock, &msg, flags) : sendmsg(sock, &msg, flags)) != 1)
		return -1;
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

#endif
