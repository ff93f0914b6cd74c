// SPDX-License-Identifier: GPL-2.0-only
/*
 * System calls that a container must not reach, by three doors: 64 bits, the 32
 * bit table (int 0x80) and x32. The arguments are wrong on purpose: who may call
 * it gets another error than EPERM, and nothing happens.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/keyctl.h>
#include "escape.h"

#define X32_BIT		0x40000000

#define BAD		0x7ffff		/* no flag, command or descriptor of any of them */

static const struct call {
	const char *name;
	int nr, nr32;
	long args[4];
} calls[] = {
	{ "acct", SYS_acct, 51, { 1 } },			/* bad address */
	{ "add_key", SYS_add_key, 286, { 1, 1, 1, 1 } },
	{ "bpf", SYS_bpf, 357, { BAD, 0, 0 } },
	{ "delete_module", SYS_delete_module, 129, { 1, 0 } },
	{ "finit_module", SYS_finit_module, 350, { -1, 0, 0 } },
	{ "init_module", SYS_init_module, 128, { 0, 0, 0 } },
	{ "io_uring_enter", SYS_io_uring_enter, 426, { -1, 0, 0, 0 } },
	{ "io_uring_register", SYS_io_uring_register, 427, { -1, 0, 0, 0 } },
	{ "io_uring_setup", SYS_io_uring_setup, 425, { 0, 0 } },
	{ "ioperm", SYS_ioperm, 101, { 0x80, BAD, 1 } },
	{ "iopl", SYS_iopl, 110, { 9 } },
	{ "kexec_file_load", SYS_kexec_file_load, 0, { -1, -1, 0, 0 } },
	{ "kexec_load", SYS_kexec_load, 283, { 0, 0, 0, BAD } },
	{ "keyctl", SYS_keyctl, 288, { BAD, 0, 0 } },
	{ "lookup_dcookie", SYS_lookup_dcookie, 253, { 0, 0, 0 } },
	{ "memfd_secret", SYS_memfd_secret, 447, { BAD } },
	{ "nfsservctl", SYS_nfsservctl, 169, { BAD } },
	{ "open_by_handle_at", SYS_open_by_handle_at, 342, { -1, 1, 0 } },
	{ "perf_event_open", SYS_perf_event_open, 336, { 1, 0, -1, -1 } },
	{ "quotactl", SYS_quotactl, 131, { BAD, 1, 0, 0 } },
	{ "quotactl_fd", SYS_quotactl_fd, 443, { -1, 0, 0, 0 } },
	{ "request_key", SYS_request_key, 287, { 1, 1, 0, 0 } },
	{ "swapoff", SYS_swapoff, 115, { 1 } },
	{ "swapon", SYS_swapon, 87, { 1, 0 } },
	{ "syslog", SYS_syslog, 103, { BAD, 0, 0 } },
	{ "uselib", SYS_uselib, 86, { 1 } },
	{ "userfaultfd", SYS_userfaultfd, 374, { BAD } },
	{ "vm86", -1, 166, { 1 } },
	{ "vm86old", -1, 113, { 1 } },
	{ }
};

static const struct call *find(const char *name)
{
	const struct call *c;

	for (c = calls; c->name; c++)
		if (strcmp(c->name, name) == 0)
			break;
	return c->name ? c : NULL;
}

static void no_int80(int sig)
{
	static const char text[] = "this kernel runs no 32 bit programs\n";

	_exit(write(STDOUT_FILENO, text, sizeof(text) - 1) < 0 ? SILLY : ABSENT);
}

long by_int80(long nr, const long args[4])
{
	long ret;

	signal(SIGSEGV, no_int80);
	asm volatile("int $0x80"
		     : "=a" (ret)
		     : "a" (nr), "b" (args[0]), "c" (args[1]), "d" (args[2]), "S" (args[3])
		     : "memory", "r8", "r9", "r10", "r11");
	ret = (int)ret;
	if (ret < 0 && ret > -4096) {
		errno = -ret;
		return -1;
	}
	return ret;
}

/* Any answer of the call itself means that it was reached. */
static int reached(const char *name, long ret)
{
	if (ret < 0 && errno == EPERM) {
		printf("%s: refused\n", name);
		return REFUSED;
	}
	printf("%s: reached: %ld %s\n", name, ret, ret < 0 ? strerror(errno) : "");
	return WORKED;
}

static int call64(const struct call *c)
{
	if (c->nr < 0)
		return REFUSED;
	return reached(c->name, syscall(c->nr, c->args[0], c->args[1], c->args[2], c->args[3]));
}

static int call32(const struct call *c)
{
	return c->nr32 ? reached(c->name, by_int80(c->nr32, c->args)) : REFUSED;
}

/* Every one of the table: the worst status, and the name of each that was reached. */
static int all(int (*one)(const struct call *c))
{
	int worst = REFUSED;

	for (const struct call *c = calls; c->name; c++)
		if (one(c) == WORKED)
			worst = WORKED;
	return worst;
}

static int try_all(char **args)
{
	return all(call64);
}

static int try_all32(char **args)
{
	return all(call32);
}

static int try_one(char **args)
{
	const struct call *c = find(*args);

	return c ? call64(c) : SILLY;
}

static int died_of(pid_t pid, int sig)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return silly("waitpid");
	if (WIFSIGNALED(status) && WTERMSIG(status) == sig)
		return REFUSED;
	return WIFEXITED(status) ? WEXITSTATUS(status) : SILLY;
}

/* A filter that knows only the 64 bit numbers lets these pass it by. */
static int try_x32(char **args)
{
	pid_t pid = fork();

	if (pid == 0) {
		/* ENOSYS: a kernel without x32, reached all the same */
		syscall(X32_BIT | SYS_getpid);
		_exit(WORKED);
	}
	return died_of(pid, SIGSYS);
}

static int try_newuser(char **args)
{
	static const long unshare32[4] = { CLONE_NEWUSER };
	static const int none[] = { ENOSYS, 0 };
	unsigned long clone3_args[11] = { CLONE_NEWUSER };
	int ret = verdict("unshare", unshare(CLONE_NEWUSER), NULL);
	pid_t pid;

	if (ret != REFUSED)
		return ret;
	ret = verdict("unshare in 32 bits", by_int80(310, unshare32), NULL);
	if (ret != REFUSED)
		return ret;
	/* bits above the 32 that count must not hide it */
	ret = verdict("unshare with high bits",
		      syscall(SYS_unshare, CLONE_NEWUSER | 0x100000000L), NULL);
	if (ret != REFUSED)
		return ret;
	pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		_exit(0);
	ret = verdict("clone", pid, NULL);
	if (ret != REFUSED)
		return ret;
	pid = syscall(SYS_clone3, clone3_args, sizeof(clone3_args));
	if (pid == 0)
		_exit(0);
	return verdict("clone3", pid, none);
}

/* Type into the terminal on stdin; TIOCLINUX pastes into a console. */
static int try_terminal(char **args)
{
	char paste = 3, c = 'x';
	unsigned int *low;
	int ret;

	if (!isatty(STDIN_FILENO))
		return silly("stdin is no terminal");
	ret = verdict("TIOCSTI", ioctl(STDIN_FILENO, TIOCSTI, &c), NULL);
	if (ret != REFUSED)
		return ret;
	ret = verdict("TIOCSTI with high bits",
		      syscall(SYS_ioctl, STDIN_FILENO, 0xabcd00000000UL | TIOCSTI, &c), NULL);
	if (ret != REFUSED)
		return ret;
	low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
		   -1, 0);
	if (low == MAP_FAILED)
		return silly("mmap");
	*low = 'x';
	ret = verdict("TIOCSTI in 32 bits",
		      by_int80(54, (long[4]) { STDIN_FILENO, TIOCSTI, (long)low }), NULL);
	if (ret != REFUSED)
		return ret;
	return verdict("TIOCLINUX", ioctl(STDIN_FILENO, TIOCLINUX, &paste), NULL);
}

static int try_socketcall(char **args)
{
	static const int family[] = { EAFNOSUPPORT, 0 };
	unsigned int *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (low == MAP_FAILED)
		return silly("mmap");
	low[0] = atoi(args[0]);
	low[1] = atoi(args[1]);
	low[2] = atoi(args[2]);
	return verdict("socketcall", by_int80(102, (long[4]) { 1, (long)low }), family);
}

/* To what it is, or the host's root would do harm. */
static int try_time(char **args)
{
	struct timespec ts;
	int ret;

	clock_gettime(CLOCK_REALTIME, &ts);
	ret = verdict("settimeofday", syscall(SYS_settimeofday,
					      &(struct timeval){ ts.tv_sec, ts.tv_nsec / 1000 },
					      NULL), NULL);
	if (ret != REFUSED)
		return ret;
	return verdict("clock_settime", clock_settime(CLOCK_REALTIME, &ts), NULL);
}

/* Bring a key into the user's keyring, where all his processes find it. */
static int add_key(char **args)
{
	return verdict("add_key", syscall(SYS_add_key, "user", args[0], "x", 1, -4), NULL);
}

/* A session keyring of one's own, as a login has. */
static int with_keyring(char **args)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		return silly("no session keyring: %s", strerror(errno));
	execvp(args[0], args);
	return silly("%s: %s", args[0], strerror(errno));
}

const struct attempt syscall_attempts[] = {
	{ "syscall", try_one, 1, "NAME" },
	{ "syscalls", try_all, 0, "" },
	{ "syscalls32", try_all32, 0, "" },
	{ "x32", try_x32, 0, "" },
	{ "newuser", try_newuser, 0, "" },
	{ "terminal", try_terminal, 0, "" },
	{ "socketcall", try_socketcall, 3, "FAMILY TYPE PROTOCOL" },
	{ "time", try_time, 0, "" },
	{ "add-key", add_key, 1, "NAME" },
	{ "with-keyring", with_keyring, 1, "PROGRAM [ARGUMENT]..." },
	{ }
};
