// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>

#include "cleanup.h"
#include "error.h"
#include "kernel.h"
#include "netns.h"
#include "util.h"

int netns_open(uint32_t id, pid_t pid, int *fd)
{
	cleanup_free char *path = xasprintf("/proc/%d/ns/net", (int)pid);
	cleanup_close int netns = open(path, O_RDONLY | O_CLOEXEC);
	struct kernel_container kc;
	int ret = kernel_get(id, &kc);

	if (ret)
		return ret;
	/* asked after it was opened; before it is init it is our own child, and stays */
	if (netns < 0 || !kc.id ||
	    (kc.state != CLOISON_STATE_CREATED && !(kernel_runs(&kc) && kc.init == pid)))
		return fail(EXIT_NOT_RUNNING, "Container is not running");
	*fd = take_fd(&netns);
	return 0;
}
