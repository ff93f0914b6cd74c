// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
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

/* A socket stays in the namespace it was made in: nobody has to stay there. */
static int enter(int netns, int *own)
{
	*own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	return *own < 0 || setns(netns, CLONE_NEWNET) ?
	       fail_errno(EXIT_ADD_IP, "Cannot enter the network namespace") : 0;
}

static void leave(int own)
{
	if (setns(own, CLONE_NEWNET) == 0)
		return;
	perror("Cannot leave the network namespace");
	_exit(EXIT_SYSTEM);
}

int netns_connect(int netns, struct nl_sock *sock, int protocol)
{
	cleanup_close int own = -1;
	int err;

	if (enter(netns, &own))
		return EXIT_ADD_IP;
	err = nl_connect(sock, protocol);
	leave(own);
	return err ? fail(EXIT_ADD_IP, "Cannot open a netlink socket: %s", nl_geterror(err)) : 0;
}

int netns_socket(int netns, int domain, int type, int *fd)
{
	cleanup_close int own = -1;

	if (enter(netns, &own))
		return EXIT_ADD_IP;
	*fd = socket(domain, type | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		fail_errno(EXIT_ADD_IP, "Cannot open a socket");
	leave(own);
	return *fd < 0 ? EXIT_ADD_IP : 0;
}
