// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "genl.h"
#include "log.h"
#include "parallel.h"

pid_t parallel_fork(uint32_t id, int (*work)(uint32_t id, void *arg), void *arg)
{
	pid_t pid;
	int ret;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		fail_errno(EXIT_SYSTEM, "Cannot fork");
	if (pid)
		return pid;
	/* answers to two on one socket would get mixed up */
	genl_close();
	error_clear();
	log_about(id);
	ret = work(id, arg);
	if (ret) {
		fprintf(stderr, "Container %u: %s\n", id, error_text());
		log_line(LOG_ERR, error_text());
	}
	fflush(NULL);
	_exit(ret);
}

/* One of the children ends: true if it failed. */
static bool reap(void)
{
	int status;

	while (waitpid(-1, &status, 0) < 0)
		if (errno != EINTR)
			return true;
	return status != 0;
}

size_t parallel_run(const uint32_t *ids, size_t count, size_t width,
		    int (*work)(uint32_t id, void *arg), void *arg)
{
	size_t running = 0, failed = 0;

	for (size_t i = 0; i < count; i++) {
		if (running == width) {
			failed += reap();
			running--;
		}
		if (parallel_fork(ids[i], work, arg) < 0) {
			warn("Container %u: %s", ids[i], error_text());
			failed++;
		} else {
			running++;
		}
	}
	while (running--)
		failed += reap();
	return failed;
}
