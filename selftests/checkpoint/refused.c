// SPDX-License-Identifier: GPL-2.0-only
/* What cannot be dumped. */
#include <linux/landlock.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "shapes.h"

static void nothing(void)
{
}

static void landlock_up(void)
{
	struct landlock_ruleset_attr attr = { LANDLOCK_ACCESS_FS_WRITE_FILE };

	need(syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0) >= 0);
}

/* What was sent tells who has sent it. */
static void credentials_up(void)
{
	int ends[2], on = 1;

	need(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
	need(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0);
	need(send(ends[0], "x", 1, 0) == 1);
}

/* Nobody has accepted it, and something was said. */
static void unheard_up(void)
{
	struct sockaddr_un sa = { AF_UNIX, "socket" };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);

	need(bind(listener, (void *)&sa, sizeof(sa)) == 0 && listen(listener, 5) == 0);
	need(connect(client, (void *)&sa, sizeof(sa)) == 0 && write(client, "x", 1) == 1);
}

static pid_t pid;

static void pid_namespace_up(void)
{
	need(unshare(CLONE_NEWPID) == 0);
	pid = fork();
	need(pid >= 0);
	if (!pid)
		pause();
}

static void pid_namespace_look(void)
{
	want(kill(pid, SIGKILL) == 0);
}

const struct shape refused_shapes[] = {
	{ "landlock", landlock_up, nothing, true },
	{ "credentials", credentials_up, nothing, true },
	{ "unheard-connection", unheard_up, nothing, true },
	{ "pid-namespace", pid_namespace_up, pid_namespace_look, true },
	{}
};
