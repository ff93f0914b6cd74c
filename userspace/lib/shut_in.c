// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capability.h"
#include "confine.h"
#include "error.h"
#include "rootfs.h"
#include "shut_in.h"
#include "sync.h"
#include "userns.h"
#include "util.h"

#define NAMESPACES	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET)

static void become(const struct shut_in *s, int sync) __attribute__((noreturn));

static void become(const struct shut_in *s, int sync)
{
	static const char *const environment[] = {
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL
	};
	const int keep[] = { sync, s->keep };
	int ret = rootfs_work_in(s->dir);
	uint64_t dropped;

	if (!ret && s->prepare)
		ret = s->prepare(s->arg);
	if (!ret)
		ret = capability_dropped(NULL, &dropped);
	if (!ret)
		ret = confine(dropped);
	if (ret)
		sync_die(sync, ret);
	/* if the tool was killed before it asks for a signal, nobody says to go on */
	if (dup2(s->stdio[0], STDIN_FILENO) < 0 || dup2(s->stdio[1], STDOUT_FILENO) < 0 ||
	    confine_descriptors(keep, ARRAY_SIZE(keep)) || fcntl(sync, F_SETFD, FD_CLOEXEC) ||
	    (s->keep >= 0 && fcntl(s->keep, F_SETFD, 0)) ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) || sync_tell(sync, NULL, 0) || sync_wait(sync))
		sync_die(sync, fail_errno(s->status, "Cannot run %s", s->argv[0]));
	/* nothing of the operator's, like TAR_OPTIONS; execvpe() searches in this PATH */
	setenv("PATH", strchr(environment[0], '=') + 1, 1);
	execvpe(s->argv[0], (char *const *)s->argv, (char *const *)environment);
	sync_die(sync, fail_errno(s->status, "Cannot run %s (is it installed?)", s->argv[0]));
}

int shut_in_start(const struct shut_in *s, pid_t *pid)
{
	struct child child;
	int ret;

	switch (userns_fork(NAMESPACES, -1, s->base, &child)) {
	case -1:
		return s->status;
	case 0:
		become(s, child.sync);
	}
	ret = sync_hear(child.sync, NULL, 0);
	if (!ret) {
		sync_go(child.sync);
		ret = sync_hear_exec(child.sync);
	}
	if (ret) {
		child_kill(&child);
		return ret;
	}
	close(child.sync);
	*pid = child.pid;
	return 0;
}

int shut_in_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
