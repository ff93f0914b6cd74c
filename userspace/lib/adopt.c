// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "adopt.h"
#include "beancounters.h"
#include "cgroup.h"
#include "error.h"
#include "process.h"
#include "util.h"

/* Who hears that the tool has gone ends at once, but for a busy machine. */
#define LEFT_MS		5000

struct search {
	uint32_t base;
	unsigned int found;
	pid_t init;
};

static void look(pid_t pid, void *arg)
{
	pid_t ids[PROCESS_LEVELS];
	struct search *s = arg;
	uint32_t base;

	/* ours, and the container's */
	if (process_ids(pid, ids) == 2 && ids[1] == 1 &&
	    container_mapped_ids(pid, &base) && base == s->base) {
		s->init = pid;
		s->found++;
	}
}

static bool alive(int pidfd)
{
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 0;
}

int adopt_find(const struct container *ct, pid_t *init, int *pidfd)
{
	struct search s = {}, again;
	cleanup_close int fd = -1;
	int ret;

	if (!ct->conf)
		return fail(EXIT_NOT_RUNNING, "it has no configuration file");
	ret = container_ids(ct, &s.base);
	if (ret)
		return ret;
	again = s;
	cgroup_each_process(ct->id, false, look, &s);
	if (s.found != 1)
		return fail(EXIT_NOT_RUNNING, "none of its processes is its init for certain");
	/* the number may have been used again: what is held must be what was found */
	fd = syscall(SYS_pidfd_open, s.init, 0);
	if (fd < 0 && errno != ESRCH)
		return fail_errno(EXIT_SYSTEM, "Cannot hold process %d", (int)s.init);
	if (fd >= 0)
		look(s.init, &again);
	if (fd < 0 || again.found != 1 || !alive(fd))
		return fail(EXIT_NOT_RUNNING, "it has just ended");
	*init = s.init;
	*pidfd = take_fd(&fd);
	return 0;
}

int adopt_refuse(const struct container *ct)
{
	cleanup_close int pidfd = -1;
	struct pollfd pfd = { .events = POLLIN };
	pid_t init;

	if (!cgroup_exists(ct->id))
		return 0;
	if (adopt_find(ct, &init, &pidfd)) {
		error_clear();
		return 0;
	}
	pfd.fd = pidfd;
	if (poll(&pfd, 1, LEFT_MS) == 1)
		return 0;
	return fail(EXIT_RUNNING, "Container runs, but the kernel's registry has lost it: "
		    "cloisonctl check --repair registers it again");
}

int adopt(const struct container *ct, pid_t *init)
{
	cleanup_close int pidfd = -1;
	cleanup_free char *why = NULL;
	struct kernel_container kc;
	uint64_t cgid;
	int ret = adopt_find(ct, init, &pidfd);

	if (!ret)
		ret = cgroup_id(ct->id, &cgid);
	if (!ret)
		ret = kernel_get(ct->id, &kc);
	if (!ret && !kc.id)
		ret = kernel_new(ct->id, cgid, conf_get(ct->conf, "NAME"));
	if (ret)
		return ret;
	ret = kernel_set_init(ct->id, *init);
	/* what it has counts from there */
	if (!ret)
		ret = beancounters_apply(ct->id, ct->conf, NULL);
	if (!ret)
		return 0;
	why = xstrdup(error_text());
	kernel_del(ct->id);
	return fail(ret, "%s", why);
}
