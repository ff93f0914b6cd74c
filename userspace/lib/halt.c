// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

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

/*
 * A signal to systemd needs nothing of the container's own to work. Other inits
 * each have their way of being told, which their halt(8) knows.
 */
static int ask(const struct container *ct, const struct kernel_container *kc)
{
	static const char *const halt[] = { "halt", NULL };
	struct attached in;
	int ret = attach_open(ct, kc, &in);

	if (ret)
		return ret;
	if (is_systemd(kc->init)) {
		if (syscall(SYS_pidfd_send_signal, in.pidfd, SYSTEMD_HALT, NULL, 0) &&
		    errno != ESRCH)
			ret = fail_errno(EXIT_STOP, "Cannot signal the container's init");
	} else {
		ret = attach_run(&in, halt);
	}
	attach_close(&in);
	return ret;
}

int halt_container(struct container *ct, bool fast)
{
	const char *own = ct->conf ? conf_get(ct->conf, "STOP_TIMEOUT") : NULL;
	uint64_t timeout = global.stop_timeout;
	struct kernel_container kc;
	int ret = container_running(ct, &kc);

	if (ret)
		return ret;
	if (own && !parse_number(own, 0, 86400, &timeout))
		warn("%s: STOP_TIMEOUT=\"%s\" is not a number of seconds", ct->conf_path, own);
	if (!fast) {
		ret = ask(ct, &kc);
		if (!ret)
			ret = cgroup_wait_empty(ct->id, timeout * 1000);
		if (ret)
			warn("%s; killing it", error_text());
		error_clear();
	}
	return container_sweep(ct);
}
