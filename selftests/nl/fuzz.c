// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random and broken messages to the modules, from everybody at once.
 *
 *	fuzz SECONDS SEED DIRECTORY
 *
 * Root of the host speaks through sockets that threads share and that close in the
 * middle of a dump; so do a user without rights and the root of a user namespace,
 * to whom nothing may be granted or told. Meanwhile cgroups DIRECTORY/1..8 and
 * inits in them come and go, so do network namespaces with venet devices, which
 * send and are sent packets, and a listener is too slow for the events.
 *
 * Prints the seed, and how often what was granted; exits with 1 if somebody got
 * what he must not. The same seed gives the same messages, though not in the same
 * order between processes.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/cloison_acct.h>
#include <linux/cloison_net.h>
#include <linux/cloison_sched.h>

#include "message.h"
#include "nl.h"
#include "spaces.h"

/* What may be asked for; there are numbers beyond. */
static const char *const commands[PROTOCOLS][16] = {
	{ "", "new", "set", "del", "get", "resolve" },
	{ "", "bind", "add", "remove", "owner", "counters", "hold", "release", "discard",
	  "host-set", "host-get" },
	{ "", "beancounters", "bounds" },
	{ "", "times" },
};

#define GRACE	200	/* seconds */

/* What all processes see. */
static struct shared {
	struct slot slots[SLOTS];
	atomic_uint granted[PROTOCOLS][16];
	atomic_uint sent, refused, dumps, cut, lives, spaces, lost;
} *shared;

static int group;
static time_t end;
static uint64_t seed;
static const char *directory;

enum role { ROOT, NOBODY, NAMESPACE_ROOT };

struct worker {
	pthread_t thread;
	enum role role;
	unsigned int who;
	int common;	/* a socket shared by the process's threads */
};

/* Whether all that requests can bring about has happened. */
static bool all_seen(void)
{
	for (int p = 0; p < PROTOCOLS; p++)
		for (int i = 1; i < 16 && commands[p][i]; i++)
			if (!shared->granted[p][i])
				return false;
	return shared->refused && shared->dumps && shared->cut && shared->lost;
}

/* On a machine that is busy otherwise it takes longer than it was given. */
static bool time_is_left(void)
{
	time_t now = time(NULL);

	return now < end || (now < end + GRACE && !all_seen());
}

static int open_socket(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), on = 1;

	if (fd < 0)
		err(3, "socket");
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	return fd;
}

/* One message of an answer. It has the request's sequence number, which is the command. */
static void judge(enum role role, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = (const void *)(nlh + 1);
	int type = nlh->nlmsg_type == NLMSG_ERROR ? e->msg.nlmsg_type : nlh->nlmsg_type, p;

	if (nlh->nlmsg_type == NLMSG_ERROR && e->error) {
		atomic_fetch_add(&shared->refused, 1);
		return;
	}
	if (nlh->nlmsg_type == NLMSG_DONE) {
		atomic_fetch_add(&shared->dumps, 1);
		return;
	}
	for (p = 0; p < PROTOCOLS && protocols[p].family != type; p++)
		;
	if (p == PROTOCOLS)
		return;
	if (role != ROOT)
		errx(1, "%s got what only root of the host may have: type %u, for command %u",
		     role == NOBODY ? "a user without rights" : "root of a user namespace",
		     nlh->nlmsg_type, nlh->nlmsg_seq);
	if (nlh->nlmsg_type == NLMSG_ERROR && nlh->nlmsg_seq <= (unsigned int)protocols[p].commands)
		atomic_fetch_add(&shared->granted[p][nlh->nlmsg_seq], 1);
}

/* Take what is there; false if there was nothing. */
static bool receive(enum role role, int fd, size_t size)
{
	static __thread unsigned char buf[32768] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = (struct nlmsghdr *)buf;
	int len = recv(fd, buf, size, MSG_DONTWAIT);

	if (len < 0 && errno == ENOBUFS)
		return true;
	if (len <= 0)
		return false;
	for (; NLMSG_OK(nlh, (unsigned int)len); nlh = NLMSG_NEXT(nlh, len))
		judge(role, nlh);
	return true;
}

/* A descriptor keeps a namespace: this one lets it go, and has the next one. */
static void open_space(struct asker *a, int n)
{
	char path[32];

	close(a->spaces[n]);
	snprintf(path, sizeof(path), "/proc/%u/ns/net", a->slots[n].space);
	a->spaces[n] = open(path, O_RDONLY | O_CLOEXEC);
}

static void *speak(void *arg)
{
	struct worker *w = arg;
	unsigned char *msg = malloc(MESSAGE_MAX);
	struct asker a = { .slots = shared->slots };
	struct chance c;
	int own = open_socket();

	if (!msg)
		errx(3, "out of memory");
	memset(a.spaces, -1, sizeof(a.spaces));
	chance_seed(&a.chance, seed, w->who);
	chance_seed(&c, seed, w->who + 1000);
	while (time_is_left()) {
		int fd = chance(&c, 2) ? w->common : own, takes = chance(&c, 6);
		size_t len = message_make(&a, msg);

		if (send(fd, msg, len, MSG_DONTWAIT) >= 0)
			atomic_fetch_add(&shared->sent, 1);
		while (takes-- && receive(w->role, fd, chance(&c, 8) ? 32768 : chance(&c, 200)))
			;
		if (chance(&c, 32) == 0) {
			close(own);
			own = open_socket();
			atomic_fetch_add(&shared->cut, 1);
		}
		if (chance(&c, 8) == 0)
			while (receive(w->role, fd, 32768))
				;
		if (chance(&c, 32) == 0)
			open_space(&a, chance(&c, SLOTS));
	}
	while (receive(w->role, own, 32768) || receive(w->role, w->common, 32768))
		;
	close(own);
	free(msg);
	return NULL;
}

static void become(enum role role)
{
	/* both lose it for good; without root's files they cannot get it back */
	if (role == NOBODY && (setgid(65534) || setuid(65534)))
		err(3, "setuid");
	if (role == NAMESPACE_ROOT && unshare(CLONE_NEWUSER))
		err(3, "unshare");
}

static void speaker(enum role role, unsigned int who)
{
	struct worker w[2] = {
		{ .role = role, .who = 2 * who },
		{ .role = role, .who = 2 * who + 1 },
	};

	become(role);
	w[0].common = w[1].common = open_socket();
	for (int i = 0; i < 2; i++)
		if (pthread_create(&w[i].thread, NULL, speak, &w[i]))
			errx(3, "pthread_create");
	for (int i = 0; i < 2; i++)
		pthread_join(w[i].thread, NULL);
}

/* How many events there were, at least. */
static unsigned int changes(void)
{
	return shared->granted[CORE][CLOISON_CMD_NEW] + shared->granted[CORE][CLOISON_CMD_SET] +
	       shared->granted[CORE][CLOISON_CMD_DEL];
}

/* Hears the events, but seldom listens. */
static void listener(unsigned int who)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	int fd = open_socket(), size = 4096;
	struct chance c;

	chance_seed(&c, seed, who);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		err(3, "cannot listen");
	while (time_is_left()) {
		unsigned int enough = changes() + chance(&c, 64);
		char buf[8192];

		while (time_is_left() && changes() < enough)
			usleep(1000);
		while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
			;
		if (errno == ENOBUFS)
			atomic_fetch_add(&shared->lost, 1);
	}
}

static pid_t start_init(const char *cgroup)
{
	struct clone_args args = {
		.flags = CLONE_NEWPID | CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
	};
	pid_t pid;

	args.cgroup = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if ((int)args.cgroup < 0)
		return 0;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (!pid)
		for (;;)
			pause();
	close(args.cgroup);
	return pid > 0 ? pid : 0;
}

/* Containers come and go. */
static void lives(unsigned int who)
{
	pid_t inits[SLOTS] = {};
	struct chance c;
	struct stat st;
	char path[256];

	chance_seed(&c, seed, who);
	while (time_is_left()) {
		int n = chance(&c, SLOTS);

		snprintf(path, sizeof(path), "%s/%d", directory, n + 1);
		if (inits[n]) {
			kill(inits[n], SIGKILL);
			if (chance(&c, 2))
				usleep(chance(&c, 3000));
			waitpid(inits[n], NULL, 0);
			inits[n] = 0;
		}
		if (chance(&c, 2))
			rmdir(path);
		mkdir(path, 0755);
		if (stat(path, &st))
			continue;
		shared->slots[n].cgroup_id = st.st_ino;
		inits[n] = start_init(path);
		shared->slots[n].init = inits[n];
		atomic_fetch_add(&shared->lives, 1);
		usleep(chance(&c, 20000));
	}
	for (int n = 0; n < SLOTS; n++) {
		if (inits[n]) {
			kill(inits[n], SIGKILL);
			waitpid(inits[n], NULL, 0);
		}
	}
}

/* So do network namespaces, and the host sends to their addresses. */
static void spaces(unsigned int who)
{
	pid_t pids[SLOTS] = {};
	struct chance c;

	chance_seed(&c, seed, who);
	for (unsigned int i = 0; time_is_left(); i++) {
		int n = chance(&c, SLOTS);

		if (pids[n]) {
			kill(pids[n], SIGKILL);
			waitpid(pids[n], NULL, 0);
		}
		pids[n] = space_start(seed, 2000 + i);
		shared->slots[n].space = pids[n];
		atomic_fetch_add(&shared->spaces, 1);
		for (int bursts = chance(&c, 20); bursts; bursts--) {
			packets_send(&c, "venet0");
			usleep(chance(&c, 50000));
		}
	}
}

static void one_process(unsigned int who)
{
	static const enum role roles[] = { ROOT, ROOT, NOBODY, NAMESPACE_ROOT };
	pid_t pid = fork();

	if (pid < 0)
		err(3, "fork");
	if (pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (who < 4)
		speaker(roles[who], who);
	else if (who == 4)
		listener(2 * who);
	else if (who == 5)
		lives(2 * who);
	else
		spaces(2 * who);
	exit(0);
}

int main(int argc, char **argv)
{
	int status, bad = 0;

	if (argc != 4)
		errx(3, "usage: fuzz SECONDS SEED DIRECTORY");
	end = time(NULL) + atoi(argv[1]);
	seed = strtoull(argv[2], NULL, 0);
	directory = argv[3];
	nl_socket_free(nl_open());
	protocols[CORE].family = nl_family();
	group = nl_events_group();
	nl_socket_free(nl_open_family(CLOISON_NET_GENL_NAME));
	protocols[NET].family = nl_family();
	nl_socket_free(nl_open_family(CLOISON_ACCT_GENL_NAME));
	protocols[ACCT].family = nl_family();
	nl_socket_free(nl_open_family(CLOISON_SCHED_GENL_NAME));
	protocols[SCHED].family = nl_family();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		err(3, "mmap");

	printf("seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	for (unsigned int who = 0; who < 7; who++)
		one_process(who);
	while (wait(&status) > 0)
		bad |= status;

	printf("sent %u refused %u dumps %u cut %u lives %u spaces %u lost %u", shared->sent,
	       shared->refused, shared->dumps, shared->cut, shared->lives, shared->spaces,
	       shared->lost);
	for (int p = 0; p < PROTOCOLS; p++)
		for (int i = 1; i < 16 && commands[p][i]; i++)
			printf(" %s %u", commands[p][i], shared->granted[p][i]);
	printf("\n");
	return bad ? 1 : 0;
}
