// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "error.h"
#include "genl.h"
#include "heir.h"
#include "lock.h"
#include "sync.h"
#include "util.h"

static void live(const struct container *ct, int line) __attribute__((noreturn));

static void live(const struct container *ct, int line)
{
	struct container own = *ct;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* what kills the tool may be meant for its whole session, or for all in its cgroup */
	setsid();
	write_file_at(AT_FDCWD, CGROUP_ROOT "/cgroup.procs", "0");
	genl_close();
	lock_keep_only(ct->lock);
	/* who waits for the end of the tool's output does not wait for this */
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		_exit(EXIT_SYSTEM);
	if (sync_wait(line) == 0)
		_exit(0);
	if (container_settle(&own))
		warn("What a killed command left of container %u: %s", own.id, error_text());
	_exit(0);
}

int heir_begin(const struct container *ct, struct heir *heir)
{
	int ends[2], ret = sync_pair(ends);

	*heir = (struct heir){};
	if (ret)
		return ret;
	fflush(NULL);
	heir->pid = fork();
	if (heir->pid == 0) {
		close(ends[0]);
		live(ct, ends[1]);
	}
	close(ends[1]);
	if (heir->pid > 0) {
		heir->line = ends[0];
		return 0;
	}
	close(ends[0]);
	return fail_errno(EXIT_SYSTEM, "Cannot fork");
}

void heir_end(struct heir *heir)
{
	if (!heir->line)
		return;
	sync_go(heir->line);
	close(heir->line);
	while (waitpid(heir->pid, NULL, 0) < 0 && errno == EINTR)
		;
	*heir = (struct heir){};
}
