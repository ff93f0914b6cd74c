// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include <netlink/errno.h>
#include <netlink/netlink.h>

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

/* A netlink socket stays in the namespace it was made in: nobody has to stay there. */
int netns_connect(int netns, struct nl_sock *sock, int protocol)
{
	cleanup_close int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int err;

	if (own < 0 || setns(netns, CLONE_NEWNET))
		return fail_errno(EXIT_ADD_IP, "Cannot enter the network namespace");
	err = nl_connect(sock, protocol);
	if (setns(own, CLONE_NEWNET)) {
		perror("Cannot leave the network namespace");
		_exit(EXIT_SYSTEM);
	}
	return err ? fail(EXIT_ADD_IP, "Cannot open a netlink socket: %s", nl_geterror(err)) : 0;
}
