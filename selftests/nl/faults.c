// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests during which the kernel runs out of memory: its n-th allocation (or
 * copy from user space) fails, for n = 1, 2, ... until the request is done before
 * that (/proc/PID/fail-nth, see fault-injection.rst). Whatever fails, the request
 * was either granted or it changed nothing.
 *
 *	faults new|set|del|get|dump|resolve ID CGROUP-ID PID
 *	faults load MODULE.ko [LAST]
 *
 * PID is an init in the cgroup of container ID, which nobody has registered yet.
 * Prints how many faults there were and how many requests were granted in spite
 * of one; exits with 1 if the registry is not as the answer says, 4 on a kernel
 * that cannot inject faults. Of loading, which has thousands of faults before the
 * module's own code runs, the LAST ones are tried, 200 unless told.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <netlink/genl/genl.h>

#include "nl.h"

#define NO_ANSWER	1	/* the request may have been granted or not */
#define MOST		20000	/* more faults than any request has */

static struct nl_sock *sk;
static int fail_nth;
static unsigned int id, pid;
static uint64_t cgroup_id;

static void set_fault(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(fail_nth, text, len, 0) != len)
		err(3, "fail-nth");
}

/* Was there one? The fault may also meet this very read(). */
static bool fault_met(void)
{
	char text[16] = "";
	ssize_t n = pread(fail_nth, text, sizeof(text) - 1, 0);
	bool met = n > 0 && atoi(text) == 0;

	set_fault(0);
	return met;
}

static struct nl_msg *make(int cmd, bool dump)
{
	struct nl_msg *msg = nl_request(cmd, dump ? NLM_F_DUMP : 0);
	bool bad = false;

	if (cmd == CLOISON_CMD_RESOLVE)
		bad = nla_put_u32(msg, CLOISON_A_PID, pid);
	else if (!dump)
		bad = nla_put_u32(msg, CLOISON_A_ID, id);
	if (cmd == CLOISON_CMD_NEW)
		bad |= nla_put_u64(msg, CLOISON_A_CGROUP_ID, cgroup_id) ||
		       nla_put_string(msg, CLOISON_A_NAME, "before");
	if (cmd == CLOISON_CMD_SET)
		bad |= nla_put_u32(msg, CLOISON_A_INIT_PID, pid) ||
		       nla_put_string(msg, CLOISON_A_NAME, "after");
	if (bad)
		errx(3, "out of memory");
	nl_complete_msg(sk, msg);
	return msg;
}

/* Nothing in here may allocate in user space: that would meet the fault. */
static int ask(const struct nl_msg *msg)
{
	static unsigned char buf[65536];
	const struct nlmsghdr *request = nlmsg_hdr((struct nl_msg *)msg);
	int fd = nl_socket_get_fd(sk);

	if (send(fd, request, request->nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		struct nlmsghdr *nlh = (struct nlmsghdr *)buf;
		int len = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

		if (len < 0)
			return NO_ANSWER;
		for (; nlmsg_ok(nlh, len); nlh = nlmsg_next(nlh, &len)) {
			if (nlh->nlmsg_seq != request->nlmsg_seq)
				continue;
			if (nlh->nlmsg_type == NLMSG_ERROR)
				return ((struct nlmsgerr *)nlmsg_data(nlh))->error;
			if (nlh->nlmsg_type == NLMSG_DONE)
				return *(int *)nlmsg_data(nlh);
		}
	}
}

static void settle(void)
{
	static unsigned char buf[65536];

	while (recv(nl_socket_get_fd(sk), buf, sizeof(buf), MSG_DONTWAIT) > 0 || errno == ENOBUFS)
		;
}

/* A request without a fault. */
static int plainly(int cmd)
{
	return nl_ask(sk, make(cmd, false), NULL, NULL);
}

static void take(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *tb[CLOISON_A_MAX + 1];

	if (genlmsg_parse(hdr, 0, tb, CLOISON_A_MAX, NULL) || !tb[CLOISON_A_CONTAINER])
		errx(3, "bad answer");
	nl_parse_container(tb[CLOISON_A_CONTAINER], arg);
}

static void expect(bool good, unsigned int n, int answer, const char *what)
{
	if (!good)
		errx(1, "fault %u, answer %d (%s): %s", n, answer, strerror(-answer), what);
}

/* Does the registry agree with the answer? */
static void verify(int cmd, unsigned int n, int answer)
{
	struct container c = {};
	int found = nl_ask(sk, make(CLOISON_CMD_GET, false), take, &c);
	bool running = c.state == CLOISON_STATE_RUNNING && !strcmp(c.name, "after");
	bool created = c.state == CLOISON_STATE_CREATED && !strcmp(c.name, "before");

	expect(found == 0 || found == -ENOENT, n, answer, "the registry cannot be asked");
	if (cmd == CLOISON_CMD_NEW && answer <= 0)
		expect(!found == !answer, n, answer, "registered, or not, against the answer");
	if (cmd == CLOISON_CMD_DEL && answer <= 0)
		expect(!found == !!answer, n, answer, "deleted, or not, against the answer");
	if (cmd == CLOISON_CMD_SET && answer <= 0)
		expect(answer ? created : running, n, answer,
		       "started, or not, against the answer");
	if (cmd == CLOISON_CMD_SET && answer > 0)
		expect(created || running, n, answer, "half started");
	if (answer < 0)
		expect(answer == -ENOMEM || answer == -ENOBUFS || answer == -EFAULT, n, answer,
		       "refused for another reason");
}

static void enumerate(int cmd, bool dump)
{
	unsigned int n, granted = 0;
	bool met = true;

	for (n = 1; met; n++) {
		struct nl_msg *msg;
		int answer;

		if (n > MOST)
			errx(1, "no end of faults");
		if (cmd != CLOISON_CMD_NEW && plainly(CLOISON_CMD_NEW))
			errx(3, "new: %s", nl_message);
		msg = make(cmd, dump);
		set_fault(n);
		answer = ask(msg);
		met = fault_met();
		nlmsg_free(msg);
		settle();
		verify(cmd, n, answer);
		granted += met && answer == 0;
		if (!met)
			expect(answer == 0, n, answer, "refused without a fault");
		plainly(CLOISON_CMD_DEL);
	}
	printf("%u faults, %u granted in spite of one\n", n - 2, granted);
}

static bool load_meets(int fd, const char *name, unsigned int n, int *loaded)
{
	bool met;

	set_fault(n);
	*loaded = syscall(SYS_finit_module, fd, "", 0);
	met = fault_met();
	if (*loaded == 0 && syscall(SYS_delete_module, name, O_NONBLOCK))
		err(1, "fault %u: cannot unload", n);
	return met;
}

static void load(const char *path, unsigned int last)
{
	char *name = strdup(basename(path));
	unsigned int least = 1, most = MOST, n, granted = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC), loaded;

	if (fd < 0)
		err(3, "%s", path);
	if (!name)
		errx(3, "out of memory");
	name[strcspn(name, ".")] = '\0';
	if (load_meets(fd, name, most, &loaded) || loaded)
		errx(3, "%s: cannot be loaded", path);
	while (least < most) {
		n = (least + most) / 2;
		if (load_meets(fd, name, n, &loaded))
			least = n + 1;
		else
			most = n;
	}
	n = least > last ? least - last : 1;
	for (; n < least; n++) {
		load_meets(fd, name, n, &loaded);
		granted += loaded == 0;
	}
	printf("%u faults, %u of the last %u granted in spite of one\n", least - 1, granted, last);
	free(name);
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "", "new", "set", "del", "get", "resolve" };
	int cmd = CLOISON_CMD_RESOLVE;

	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_nth < 0) {
		puts("this kernel injects no faults");
		return 4;
	}
	if (argc >= 3 && !strcmp(argv[1], "load")) {
		load(argv[2], argc > 3 ? atoi(argv[3]) : 200);
		return 0;
	}
	if (argc != 5)
		errx(3, "usage: faults COMMAND ID CGROUP-ID PID | faults load MODULE.ko [LAST]");
	id = atoi(argv[2]);
	cgroup_id = strtoull(argv[3], NULL, 10);
	pid = atoi(argv[4]);
	sk = nl_open();
	while (cmd && strcmp(names[cmd], argv[1]))
		cmd--;
	if (cmd)
		enumerate(cmd, false);
	else
		enumerate(CLOISON_CMD_GET, true);
	return 0;
}
