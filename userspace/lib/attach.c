// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/magic.h>
#include <linux/sched.h>

#include "acct.h"
#include "attach.h"
#include "capability.h"
#include "cgroup.h"
#include "confine.h"
#include "error.h"
#include "launch.h"
#include "limits.h"
#include "sync.h"
#include "userns.h"
#include "util.h"

#define ALL_NAMESPACES	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | \
			 CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWTIME)

static const char *const environment[] = {
	"container=cloison",
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"HOME=/root", "USER=root", "LOGNAME=root", "SHELL=/bin/sh",
	"TERM=linux",	/* replaced by the operator's */
	NULL,
};

int attach_open_first(const struct container *ct, pid_t pid, struct attached *in)
{
	int ret;

	*in = (struct attached){ .id = ct->id, .init = pid, .pidfd = -1 };
	ret = capability_dropped(ct->conf, &in->dropped);
	if (ret)
		return ret;
	in->pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (in->pidfd >= 0)
		return 0;
	return errno == ESRCH ? fail(EXIT_NOT_RUNNING, "Container is not running") :
				fail_errno(EXIT_SYSTEM, "Cannot hold the container's init");
}

int attach_open(const struct container *ct, const struct kernel_container *kc,
		struct attached *in)
{
	struct kernel_container again;
	int ret = attach_open_first(ct, kc->init, in);

	if (ret)
		return ret;
	/* The pid may have passed to another process before it was held; if it is
	 * init's still, it was when we opened it.
	 */
	ret = container_running(ct, &again);
	if (!ret && again.init != kc->init)
		ret = fail(EXIT_NOT_RUNNING, "Container was restarted; try again");
	if (ret)
		attach_close(in);
	return ret;
}

void attach_close(struct attached *in)
{
	if (in->pidfd >= 0)
		close(in->pidfd);
	in->pidfd = -1;
}

/*
 * A terminal of the container's own devpts: the operator's is not given away. The
 * container's root may have put something else there, say a file of his own FUSE server,
 * which answers whatever he wants: that must not get as far as the tool.
 */
static int open_pty(struct attach_program *prog)
{
	struct statfs fs;
	int unlock = 0, peer;

	prog->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (prog->master >= 0 && (fstatfs(prog->master, &fs) || fs.f_type != DEVPTS_SUPER_MAGIC))
		return fail(EXIT_SYSTEM, "The container's /dev/ptmx is not a terminal");
	if (prog->master < 0 || ioctl(prog->master, TIOCSPTLCK, &unlock))
		return fail_errno(EXIT_SYSTEM, "Cannot open a terminal in the container");
	peer = ioctl(prog->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (peer < 0 || ioctl(peer, TIOCSCTTY, 0))
		return fail_errno(EXIT_SYSTEM, "Cannot open a terminal in the container");
	for (int i = 0; i < 3; i++)
		prog->stdio[i] = peer;
	return 0;
}

int attach_stdio(const struct attach_program *prog)
{
	/* the container's, which may be a terminal there */
	cleanup_close int null = open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);
	int from[3];

	/* out of the way first: a wanted 1 may be somebody's source for 2 */
	for (int i = 0; i < 3; i++) {
		int fd = prog->stdio[i] < 0 ? null : prog->stdio[i];

		from[i] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (from[i] < 0)
			return fail_errno(EXIT_SYSTEM, "Cannot set up input and output");
	}
	for (int i = 0; i < 3; i++)
		if (dup2(from[i], i) < 0)
			return fail_errno(EXIT_SYSTEM, "Cannot set up input and output");
	if (null <= STDERR_FILENO)
		take_fd(&null);
	return 0;
}

static int become_guest(const struct attached *in, struct attach_program *prog, int sync)
{
	int ret = 0;

	if (setsid() < 0)
		return fail_errno(EXIT_SYSTEM, "Cannot begin a session");
	if (prog->pty)
		ret = open_pty(prog);
	if (!ret)
		ret = attach_stdio(prog);
	if (!ret)
		ret = confine(in->dropped);
	if (!ret && sync_tell(sync, &prog->master, prog->pty))
		ret = fail(EXIT_SYSTEM, "The tool cannot be heard any more");
	if (!ret)
		ret = confine_to_line(sync);
	return ret;
}

const char attach_bash[] = "/bin/bash";

static const char **by_sh(const char *const *argv)
{
	size_t n = 1;
	const char **copy;

	while (argv[n])
		n++;
	copy = xcalloc(n + 1, sizeof(*copy));
	memcpy(copy, argv, n * sizeof(*copy));
	copy[0] = "/bin/sh";
	return copy;
}

void attach_exec(const struct attach_program *prog, int sync)
{
	const char *const *argv = prog->argv;
	const char *term = getenv("TERM");
	const char *env[64];
	size_t n = ARRAY_SIZE(environment) - 1;

	memcpy(env, environment, sizeof(environment));
	env[n - 1] = xasprintf("TERM=%s", term ? term : "linux");
	for (size_t i = 0; prog->env && prog->env[i] && n < ARRAY_SIZE(env) - 1; i++)
		env[n++] = prog->env[i];
	env[n] = NULL;
	if (chdir("/root"))
		chdir("/");
	/* for the PATH in which execvpe() searches */
	setenv("PATH", strchr(environment[1], '=') + 1, 1);
	execvpe(argv[0], (char *const *)argv, (char *const *)env);
	if (argv[0] == attach_bash) {
		argv = by_sh(argv);
		execve(argv[0], (char *const *)argv, (char *const *)env);
	}
	sync_die(sync, fail_errno(EXIT_COMMAND, "Cannot run %s in the container", argv[0]));
}

static void run_guest(const struct attached *in, struct attach_program *prog, int sync)
	__attribute__((noreturn));

static void run_guest(const struct attached *in, struct attach_program *prog, int sync)
{
	int ret = sync_wait(sync) ? fail(EXIT_SYSTEM, "The tool cannot be heard any more") :
				    become_guest(in, prog, sync);

	if (ret)
		sync_die(sync, ret);
	attach_exec(prog, sync);
}

/*
 * The go-between: enters the container, and leaves behind a process in its pid
 * namespace that is a child of the tool's (CLONE_PARENT), so that nothing of
 * the tool's own stays inside to be found by a checkpoint. Each change of
 * credentials may make a process dumpable (fs.suid_dumpable), so all are made
 * here, where it has no pid that anybody inside could name.
 */
static void go_between(const struct attached *in, struct attach_program *prog, int sync,
		       int pids) __attribute__((noreturn));

static void go_between(const struct attached *in, struct attach_program *prog, int sync,
		       int pids)
{
	const int needed[] = { in->pidfd, sync, pids, prog->stdio[0], prog->stdio[1],
			       prog->stdio[2] };
	struct clone_args args = { .flags = CLONE_PARENT };
	pid_t pid;

	if (confine_visitor(needed, ARRAY_SIZE(needed)))
		sync_die(sync, EXIT_SYSTEM);
	if (setns(in->pidfd, ALL_NAMESPACES))
		sync_die(sync, errno == ESRCH ?
			 fail(EXIT_NOT_RUNNING, "Container is not running") :
			 fail_errno(EXIT_SYSTEM, "Cannot enter the container"));
	if (userns_become_root())
		sync_die(sync, fail_errno(EXIT_SYSTEM, "Cannot become root of the container"));
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		sync_die(sync, fail_errno(EXIT_SYSTEM, "Cannot make a process in the container"));
	if (pid == 0) {
		/* the tool reads this until nobody has it any more */
		close(pids);
		run_guest(in, prog, sync);
	}
	_exit(write(pids, &pid, sizeof(pid)) == sizeof(pid) ? 0 : EXIT_SYSTEM);
}

/* Or one that has used up what it may have would keep its operator out. */
static void announce(uint32_t id, pid_t pid)
{
	if (acct_loaded() && acct_visit(id, pid))
		error_clear();
}

int attach_spawn(const struct attached *in, struct attach_program *prog, pid_t *pid)
{
	int ends[2], pids[2], ret;
	pid_t between;

	if (in->stopped)
		return launch_program(in->stopped, prog, pid);
	/* it would freeze with the others, and its caller wait for it */
	if (cgroup_frozen(in->id))
		return fail(EXIT_NOT_RUNNING, "Container is paused: cloisonctl unpause %u",
			    in->id);
	ret = sync_pair(ends);
	if (ret)
		return ret;
	if (pipe2(pids, O_CLOEXEC)) {
		ret = fail_errno(EXIT_SYSTEM, "Cannot make a pipe");
		goto no_pipe;
	}
	fflush(NULL);
	between = fork();
	if (between < 0) {
		ret = fail_errno(EXIT_SYSTEM, "Cannot fork");
		goto no_fork;
	}
	if (between == 0) {
		/* or it would wait for itself when the tool has died */
		close(ends[0]);
		close(pids[0]);
		go_between(in, prog, ends[1], pids[1]);
	}
	close(ends[1]);
	close(pids[1]);
	while (waitpid(between, NULL, 0) < 0 && errno == EINTR)
		;
	if (read(pids[0], pid, sizeof(*pid)) != sizeof(*pid)) {
		*pid = -1;
		/* killed after it had made the process, which would wait for ever */
		shutdown(ends[0], SHUT_WR);
	}
	close(pids[0]);

	/* It is moved here rather than born there: a container that has all the
	 * processes it may have must not keep its operator out.
	 */
	ret = *pid > 0 ? cgroup_join_exec(in->id, *pid) : 0;
	if (!ret && *pid > 0) {
		confine_from_outside(*pid);
		ret = limits_copy_process(*pid, in->init);
	}
	if (!ret && *pid > 0) {
		announce(in->id, *pid);
		sync_go(ends[0]);
	}
	if (!ret)
		ret = sync_hear(ends[0], &prog->master, prog->pty);
	if (!ret)
		ret = sync_hear_exec(ends[0]);
	close(ends[0]);
	if (ret && *pid > 0) {
		kill(*pid, SIGKILL);
		reap_child(*pid, NULL);
	}
	return ret;

no_fork:
	close(pids[0]);
	close(pids[1]);
no_pipe:
	close(ends[0]);
	close(ends[1]);
	return ret;
}

/* Its process group too; what left that is its own master. */
static void kill_group(pid_t pid)
{
	if (kill(-pid, SIGKILL))
		kill(pid, SIGKILL);
}

int attach_watch(pid_t pid, int *pidfd)
{
	*pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (*pidfd >= 0)
		return 0;
	fail_errno(EXIT_SYSTEM, "Cannot watch process %d", (int)pid);
	kill_group(pid);
	reap_child(pid, NULL);
	return EXIT_SYSTEM;
}

int attach_wait(pid_t pid, int pidfd, int64_t end, int *status)
{
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };
	int64_t left;
	bool over;

	/* one that has ended already is not late, whenever that was */
	do
		left = end - now_ms();
	while (poll(&pfd, 1, left > 0 ? left : 0) < 0 && errno == EINTR);
	over = !pfd.revents;
	if (over)
		kill_group(pid);
	if (!reap_child(pid, status))
		return fail(EXIT_COMMAND, "It does not end: a process of the container traces it");
	return over ? fail(EXIT_COMMAND, "It did not end in time") : 0;
}

int attach_run(const struct attached *in, const char *const argv[])
{
	struct attach_program prog = { .argv = argv, .stdio = { -1, -1, -1 } };
	int status, ret;
	pid_t pid;

	ret = attach_spawn(in, &prog, &pid);
	if (ret)
		return ret;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail_errno(EXIT_SYSTEM, "Cannot wait for %s", argv[0]);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return fail(EXIT_COMMAND, "%s failed in the container", argv[0]);
	return 0;
}

int attach_sethostname(const struct attached *in, const char *name)
{
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		return fail_errno(EXIT_SYSTEM, "Cannot fork");
	if (pid == 0)
		_exit(setns(in->pidfd, CLONE_NEWUTS) ||
		      sethostname(name, strlen(name)) ? errno : 0);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status == 0)
		return 0;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
	return fail_errno(EXIT_SYSTEM, "Cannot set the host name %s", name);
}
