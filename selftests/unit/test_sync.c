// SPDX-License-Identifier: GPL-2.0-only
/* The line to a process in a container whose root keeps that from going on. */
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "error.h"
#include "sync.h"
#include "tap.h"

static void silence(void)
{
	struct timeval patience = {};
	socklen_t size = sizeof(patience);
	int ends[2], fds[SYNC_MAX_FDS];

	ok(sync_pair(ends) == 0, "a pair");
	getsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, &size);
	ok(patience.tv_sec >= 10 && patience.tv_sec <= 300, "the parent's patience has an end");
	getsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &patience, &size);
	ok(!patience.tv_sec && !patience.tv_usec, "the child waits as long as there is a parent");

	/* not that long here */
	patience = (struct timeval) { .tv_usec = 1000 };
	setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	fds[0] = fds[1] = 99;
	ok(sync_hear(ends[0], fds, 2) == EXIT_SYSTEM, "silence is an error");
	ok(fds[0] == -1 && fds[1] == -1, "and brings no descriptors");
	ok(strstr(error_text(), "does not answer"), "it is said which: %s", error_text());
	ok(sync_hear_exec(ends[0]) == EXIT_SYSTEM, "silence is no exec");

	sync_tell(ends[1], NULL, 0);
	ok(sync_hear(ends[0], NULL, 0) == 0, "a step that is done");
	close(ends[1]);
	ok(sync_hear(ends[0], NULL, 0) == EXIT_START, "the end where a step should be");
	ok(sync_hear_exec(ends[0]) == 0, "the end at the exec");
	close(ends[0]);
}

int main(void)
{
	silence();
	return tap_done();
}
