// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "action.h"
#include "attach.h"
#include "cgroup.h"
#include "error.h"
#include "global.h"
#include "halt.h"
#include "util.h"
#include "value.h"

/* systemd(1), SIGNALS: SIGRTMIN+3 starts halt.target */
#define SYSTEMD_HALT	(SIGRTMIN + 3)

static bool is_systemd(pid_t init)
{
	cleanup_free char *path = xasprintf("/proc/%d/comm", (int)init);
	cleanup_free char *comm = read_file(path, 64);

	return comm && strcmp(comm, "systemd\n") == 0;
}

/* The container's own halt(8), run by a process of its own: nobody can say how
 * long it takes, or whether it is what it should be.
 */
static pid_t run_halt(const struct attached *in)
{
	static const char *const halt[] = { "halt", NULL };
	pid_t tool = getpid(), pid = fork();

	if (pid < 0)
		fail_errno(EXIT_STOP, "Cannot fork");
	if (pid == 0) {
		int ret;

		/* It has the lock as well: if the tool is killed it must not keep that
		 * for as long as a halt takes that never ends.
		 */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != tool)
			_exit(EXIT_STOP);
		ret = attach_run(in, halt);
		if (ret)
			error_print();
		_exit(ret);
	}
	return pid;
}

/* Wait until all of it has ended; or @helper, which was to bring that about, fails. */
static int wait_end(uint32_t id, pid_t helper, int64_t timeout)
{
	int64_t end = now_ms() + timeout;
	int status, ret;

	do {
		int64_t left = end - now_ms();

		ret = cgroup_wait_empty(id, left < 500 ? left : 500);
		if (ret && helper > 0 && waitpid(helper, &status, WNOHANG) == helper) {
			if (status)
				return fail(EXIT_STOP, "Its halt failed");
			helper = 0;
		}
	} while (ret && now_ms() < end);
	if (helper > 0) {
		kill(helper, SIGKILL);
		reap_child(helper, NULL);
	}
	return ret;
}

/*
 * A signal to systemd needs nothing of the container's own to work. Other inits
 * each have their way of being told, which their halt(8) knows.
 */
static int shut_down(const struct container *ct, const struct kernel_container *kc,
		     int64_t timeout)
{
	struct attached in;
	pid_t helper = 0;
	int ret = attach_open(ct, kc, &in);

	if (ret)
		return ret;
	if (!is_systemd(kc->init))
		helper = run_halt(&in);
	else if (syscall(SYS_pidfd_send_signal, in.pidfd, SYSTEMD_HALT, NULL, 0) &&
		 errno != ESRCH)
		ret = fail_errno(EXIT_STOP, "Cannot signal the container's init");
	attach_close(&in);
	if (helper < 0)
		ret = EXIT_STOP;
	return ret ? ret : wait_end(ct->id, helper, timeout);
}

int halt_container(struct container *ct, bool fast, bool unmount)
{
	const char *own = ct->conf ? conf_get(ct->conf, "STOP_TIMEOUT") : NULL;
	uint64_t timeout = global.stop_timeout;
	struct kernel_container kc;
	int ret = container_running(ct, &kc);

	if (ret)
		return ret;
	if (own && !parse_number(own, 0, 86400, &timeout))
		warn("%s: STOP_TIMEOUT=\"%s\" is not a number of seconds", ct->conf_path, own);
	/* who is frozen hears nothing */
	if (cgroup_frozen(ct->id))
		ret = cgroup_freeze(ct->id, false);
	if (ret)
		return ret;
	/* The customer's shell may fail it: that must not keep the container up. */
	if (!fast && action_inside(ct, "stop", timeout))
		warn("%s", error_text());
	if (!fast) {
		ret = shut_down(ct, &kc, timeout * 1000);
		if (ret)
			warn("%s; killing it", error_text());
		error_clear();
	}
	return unmount ? container_sweep(ct) : container_reap(ct);
}
