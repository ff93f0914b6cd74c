// SPDX-License-Identifier: GPL-2.0-only
/*
 * Containers that die at every moment of their registration.
 *
 *	storm DIRECTORY FIRST COUNT
 *
 * Makes cgroups DIRECTORY/ID for COUNT ids from FIRST on. Each container gets an
 * init that is killed, or exits, around SET; what the registry says in the end
 * is compared with what waitpid(2) says. Prints what happened how often, exits
 * with 1 at the first disagreement.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <netlink/genl/genl.h>

#include "nl.h"

enum way {
	KILL_BEFORE,		/* killed, perhaps not yet dead, at SET */
	REAP_BEFORE,		/* gone at SET */
	EXIT_ITSELF,		/* exits at some moment around SET */
	KILL_AFTER,
	DEL_RUNNING,		/* deleted while it runs, then killed */
	DEL_DYING,		/* killed, and deleted while it dies */
	RMDIR_FIRST,		/* the cgroup goes before the entry */
	WAYS,
};

static struct nl_sock *sk;

static int ask(int cmd, unsigned int id, int attr, const void *data, int len)
{
	struct nl_msg *msg = nl_request(cmd, 0);

	if (nla_put_u32(msg, CLOISON_A_ID, id) ||
	    (data && nla_put(msg, attr, len, data)))
		errx(3, "out of memory");
	return nl_ask(sk, msg, NULL, NULL);
}

static void take(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *tb[CLOISON_A_MAX + 1];

	if (genlmsg_parse(hdr, 0, tb, CLOISON_A_MAX, NULL) ||
	    !tb[CLOISON_A_CONTAINER])
		errx(3, "bad answer");
	nl_parse_container(tb[CLOISON_A_CONTAINER], arg);
}

static int get(unsigned int id, struct container *c)
{
	struct nl_msg *msg = nl_request(CLOISON_CMD_GET, 0);

	if (nla_put_u32(msg, CLOISON_A_ID, id))
		errx(3, "out of memory");
	return nl_ask(sk, msg, take, c);
}

static void expect(int got, int want, unsigned int id, const char *what)
{
	if (got != want)
		errx(1, "%u: %s: %d (%s), not %d", id, what, got, nl_message,
		     want);
}

static pid_t spawn(const char *cgroup, enum way way, int code)
{
	struct clone_args args = {
		.flags = CLONE_NEWPID | CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
	};
	pid_t pid;

	args.cgroup = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if ((int)args.cgroup < 0)
		err(3, "%s", cgroup);
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		err(3, "clone3");
	if (!pid) {
		if (way == EXIT_ITSELF) {
			usleep(code * 20);
			_exit(code);
		}
		for (;;)
			pause();
	}
	close(args.cgroup);
	return pid;
}

static void settle(unsigned int id, pid_t pid, int status)
{
	struct timespec pause = { .tv_nsec = 2000000 };
	struct container c;
	int i;

	/* Half a minute: the machine is emulated, and busy. */
	for (i = 0; i < 15000; i++) {
		expect(get(id, &c), 0, id, "get");
		if (c.state == CLOISON_STATE_DEAD)
			break;
		nanosleep(&pause, NULL);
	}
	if (c.state != CLOISON_STATE_DEAD)
		errx(1, "%u: still in state %u", id, c.state);
	if (c.exit_status != (unsigned int)status)
		errx(1, "%u: exit status %u, waitpid says %d", id,
		     c.exit_status, status);
	if (c.has & 1u << CLOISON_CONTAINER_A_INIT_PID)
		errx(1, "%u: dead, with an init", id);
}

static void one(const char *dir, unsigned int id, enum way way)
{
	char cgroup[PATH_MAX];
	int status, set, code = id % 200;
	struct stat st;
	__u64 cgroup_id;
	__u32 nr;
	pid_t pid;

	snprintf(cgroup, sizeof(cgroup), "%s/%u", dir, id);
	if (mkdir(cgroup, 0755) || stat(cgroup, &st))
		err(3, "%s", cgroup);
	cgroup_id = st.st_ino;
	expect(ask(CLOISON_CMD_NEW, id, CLOISON_A_CGROUP_ID, &cgroup_id, 8), 0,
	       id, "new");

	pid = spawn(cgroup, way, code);
	nr = pid;
	if (way == KILL_BEFORE || way == REAP_BEFORE)
		kill(pid, SIGKILL);
	if (way == REAP_BEFORE && waitpid(pid, &status, 0) != pid)
		err(3, "waitpid");
	set = ask(CLOISON_CMD_SET, id, CLOISON_A_INIT_PID, &nr, 4);
	expect(set, way == REAP_BEFORE ? -ESRCH : 0, id, "set");

	if (way == DEL_RUNNING)
		expect(ask(CLOISON_CMD_DEL, id, 0, NULL, 0), 0, id, "del");
	if (way >= KILL_AFTER)
		kill(pid, SIGKILL);
	if (way == DEL_DYING)
		expect(ask(CLOISON_CMD_DEL, id, 0, NULL, 0), 0, id, "del");
	if (way != REAP_BEFORE && waitpid(pid, &status, 0) != pid)
		err(3, "waitpid");

	if (way == RMDIR_FIRST && rmdir(cgroup))
		err(1, "%s", cgroup);
	if (way != REAP_BEFORE && way != DEL_RUNNING && way != DEL_DYING)
		settle(id, pid, status);
	expect(ask(CLOISON_CMD_DEL, id, 0, NULL, 0),
	       way == DEL_RUNNING || way == DEL_DYING ? -ENOENT : 0, id, "del");
	if (way != RMDIR_FIRST && rmdir(cgroup))
		err(1, "%s", cgroup);
}

int main(int argc, char **argv)
{
	unsigned int id, first, count;

	if (argc != 4)
		errx(3, "usage: storm DIRECTORY FIRST COUNT");
	first = atoi(argv[2]);
	count = atoi(argv[3]);
	sk = nl_open();
	for (id = first; id < first + count; id++)
		one(argv[1], id, id % WAYS);
	printf("%u containers\n", count);
	return 0;
}
