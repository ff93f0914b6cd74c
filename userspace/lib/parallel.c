// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "genl.h"
#include "log.h"
#include "parallel.h"
#include "util.h"

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

/* Those at work. */
struct crew {
	pid_t *pids;
	size_t count;
	bool (*over)(void *arg);
	void *arg;
};

static void kill_all(const struct crew *crew)
{
	for (size_t i = 0; i < crew->count; i++)
		kill(crew->pids[i], SIGKILL);
}

/* One of them ends: true if it failed. */
static bool reap(struct crew *crew)
{
	bool killed = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, crew->over ? WNOHANG : 0)) <= 0) {
		if (pid < 0 && errno != EINTR)
			return true;
		if (pid < 0)
			continue;
		if (!killed && crew->over(crew->arg)) {
			kill_all(crew);
			killed = true;
		}
		sleep_ms(20);
	}
	for (size_t i = 0; i < crew->count; i++) {
		if (crew->pids[i] == pid) {
			crew->pids[i] = crew->pids[--crew->count];
			break;
		}
	}
	return status != 0;
}

size_t parallel_run_until(const uint32_t *ids, size_t count, size_t width,
			  int (*work)(uint32_t id, void *arg), bool (*over)(void *arg), void *arg)
{
	cleanup_free pid_t *pids = xcalloc(count + 1, sizeof(*pids));
	struct crew crew = { .pids = pids, .over = over, .arg = arg };
	size_t failed = 0;
	pid_t pid;

	for (size_t i = 0; i < count; i++) {
		if (crew.count == width)
			failed += reap(&crew);
		pid = parallel_fork(ids[i], work, arg);
		if (pid < 0) {
			warn("Container %u: %s", ids[i], error_text());
			failed++;
		} else {
			crew.pids[crew.count++] = pid;
		}
	}
	while (crew.count)
		failed += reap(&crew);
	return failed;
}

size_t parallel_run(const uint32_t *ids, size_t count, size_t width,
		    int (*work)(uint32_t id, void *arg), void *arg)
{
	return parallel_run_until(ids, count, width, work, NULL, arg);
}
