// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capability.h"
#include "cgroup.h"
#include "cleanup.h"
#include "confine.h"
#include "error.h"
#include "rootfs.h"
#include "shut_in.h"
#include "sync.h"
#include "terminal.h"
#include "userns.h"
#include "util.h"

#define NAMESPACES	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET)

/* Who carries the messages of whom. */
struct carrier {
	struct carrier *next;
	pid_t pid, from;
};

static struct carrier *carriers;

/*
 * Until nobody has the other end, which the program's end brings about: none of its own
 * processes outlives it. It has nothing of the tool's that would be missed, above all no lock.
 */
static pid_t fork_carrier(int from)
{
	char text[4096];
	pid_t pid;
	ssize_t n;

	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	if (confine_descriptors(&from, 1))
		_exit(EXIT_SYSTEM);
	while ((n = read(from, text, sizeof(text) - 1)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			text[i] = text[i] ?: '?';
		text[n] = '\0';
		make_lines_printable(text);
		fputs(text, stderr);
	}
	_exit(0);
}

static int set_stdio(const struct shut_in *s, int messages)
{
	cleanup_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int in = s->stdio[0] < 0 ? null : s->stdio[0];
	int out = s->stdio[1] < 0 ? messages : s->stdio[1];

	return dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	       dup2(messages, STDERR_FILENO) < 0 ? -1 : 0;
}

static void become(const struct shut_in *s, int messages, int sync) __attribute__((noreturn));

static void become(const struct shut_in *s, int messages, int sync)
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
	if (set_stdio(s, messages) || confine_descriptors(keep, ARRAY_SIZE(keep)) ||
	    fcntl(sync, F_SETFD, FD_CLOEXEC) ||
	    (s->keep >= 0 && fcntl(s->keep, F_SETFD, 0)) ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) || sync_tell(sync, NULL, 0) || sync_wait(sync))
		sync_die(sync, fail_errno(s->status, "Cannot run %s", s->argv[0]));
	/* nothing of the operator's, like TAR_OPTIONS; execvpe() searches in this PATH */
	setenv("PATH", strchr(environment[0], '=') + 1, 1);
	execvpe(s->argv[0], (char *const *)s->argv, (char *const *)environment);
	sync_die(sync, fail_errno(s->status, "Cannot run %s (is it installed?)", s->argv[0]));
}

static int start(const struct shut_in *s, int messages, pid_t *pid)
{
	cleanup_close int cgroup = -1;
	struct child child;
	int ret = cgroup_shut_in(&cgroup);

	if (ret)
		return ret;
	switch (userns_fork(NAMESPACES, cgroup, s->base, &child)) {
	case -1:
		return s->status;
	case 0:
		become(s, messages, child.sync);
	}
	confine_from_outside(child.pid);
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

int shut_in_start(const struct shut_in *s, pid_t *pid)
{
	int ends[2], ret;
	pid_t carrier;

	if (pipe2(ends, O_CLOEXEC))
		return fail_errno(s->status, "Cannot make a pipe");
	carrier = fork_carrier(ends[0]);
	close(ends[0]);
	ret = carrier < 0 ? fail_errno(s->status, "Cannot fork") : start(s, ends[1], pid);
	close(ends[1]);
	if (ret && carrier > 0) {
		reap_child(carrier, NULL);
	} else if (!ret) {
		struct carrier *c = xcalloc(1, sizeof(*c));

		*c = (struct carrier){ .next = carriers, .pid = carrier, .from = *pid };
		carriers = c;
	}
	return ret;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int shut_in_wait(pid_t pid)
{
	int status = wait_for(pid);

	for (struct carrier **at = &carriers, *c; (c = *at); at = &c->next)
		if (c->from == pid) {
			*at = c->next;
			wait_for(c->pid);
			free(c);
			break;
		}
	return status;
}
