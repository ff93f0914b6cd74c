// SPDX-License-Identifier: GPL-2.0-only
/*
 * The line between the tool and a process it made in a container, which may have
 * come under the container's control: whatever it sends, the tool must not crash,
 * must not take a refusal for success, must not show its bytes to a terminal, and
 * must not be left with descriptors it did not ask for.
 *
 * The first byte says how many descriptors go along and how many are expected,
 * the rest is the message.
 */
#include <ctype.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "error.h"
#include "fuzz.h"
#include "sync.h"

#define MAX_SENT	4

static int null = -1;

/* The lowest free number: without a leak it stays what it was. */
static int lowest(void)
{
	int fd = dup(null);

	must(fd >= 0);
	close(fd);
	return fd;
}

static void send_to_parent(int sync, const uint8_t *data, size_t size, int count)
{
	union {
		struct cmsghdr hdr;
		char space[CMSG_SPACE(MAX_SENT * sizeof(int))];
	} control = {};
	struct iovec iov = { (void *)data, size };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fds[MAX_SENT] = { null, null, null, null };

	if (count) {
		mh.msg_control = &control;
		mh.msg_controllen = CMSG_SPACE(count * sizeof(int));
		control.hdr.cmsg_level = SOL_SOCKET;
		control.hdr.cmsg_type = SCM_RIGHTS;
		control.hdr.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.hdr), fds, count * sizeof(int));
	}
	must(sendmsg(sync, &mh, MSG_NOSIGNAL) == (ssize_t)size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int ends[2], fds[SYNC_MAX_FDS], sent, wanted, before, ret;

	if (!size)
		return -1;
	if (null < 0)
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sent = data[0] % (MAX_SENT + 1);
	wanted = (data[0] >> 4) % (SYNC_MAX_FDS + 1);

	before = lowest();
	must(sync_pair(ends) == 0);
	send_to_parent(ends[1], data + 1, size - 1, sent);
	error_clear();
	if (data[0] & 8) {
		ret = sync_hear_exec(ends[0]);
		wanted = 0;
	} else {
		ret = sync_hear(ends[0], fds, wanted);
	}
	must(ret >= 0 && ret < 256);
	for (const char *s = error_text(); *s; s++)
		must(isprint((unsigned char)*s));
	for (int i = 0; i < wanted; i++) {
		must(ret == 0 || fds[i] < 0);
		if (fds[i] >= 0)
			must(close(fds[i]) == 0);
	}
	close(ends[0]);
	close(ends[1]);
	must(lowest() == before);
	return 0;
}
