// SPDX-License-Identifier: GPL-2.0-only
/*
 * Run a command and kill it, or let a system call of it fail, at one exact point.
 *
 *	inject [--own] --list FILE			COMMAND...
 *	inject [--report FILE] --kill POINT		COMMAND...
 *	inject [--report FILE] --kill-all POINT		COMMAND...
 *	inject [--report FILE] --error ERRNO POINT	COMMAND...
 *
 * A point is the entry of a system call that changes something (class.h; with
 * --own also what is the process's own), written P.N: the Nth such call of the
 * Pth process. The command is process 1, and its children follow in the order in
 * which they are made: so a point is the same at each run, whichever process runs
 * first. --list writes "POINT PROCESSES CALL" for each, with how many processes
 * there were.
 *
 * --kill ends the process that is there, --kill-all the command and all its
 * children, at the same point; neither gets to do that call. --error lets the call
 * fail without being done, but for exit_group(2), which cannot.
 *
 * Followed are all children until they execute a program in the container's cgroup:
 * that is its init, or a visitor, and not the tool any more.
 *
 * The report says "hit CALL", or nothing if the command ended before the point. The
 * exit status is the command's, 128 + N if signal N killed it; 125 if this program
 * itself failed, and killed by SIGALRM (142) if the command hangs. For x86-64.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#include "class.h"

#define FAILED		125
#define TIMEOUT		120	/* seconds */
#define MAX_PROCESSES	64

enum mode { LIST, KILL, KILL_ALL, ERROR };

static struct {
	enum mode mode;
	bool own;
	int error;
	unsigned int process, call;
	FILE *out;
} opt;

struct process {
	pid_t pid;
	unsigned int number;	/* 1 is the command */
	unsigned int calls;
	bool seen;		/* has had its first stop */
	bool failing;		/* its present call is to return the error */
	int written;		/* the descriptor it writes to just now, -1: none */
};

static struct process processes[MAX_PROCESSES];
static unsigned int born;
static bool done;		/* what was to be injected, is */

static void die(const char *what)
{
	perror(what);
	exit(FAILED);
}

static struct process *find(pid_t pid)
{
	for (size_t i = 0; i < MAX_PROCESSES; i++)
		if (processes[i].pid == pid)
			return &processes[i];
	return NULL;
}

/*
 * Called when its parent has made it, or at its own first stop, whichever is seen
 * first. Two children of different parents at the same time would be numbered by
 * chance; the tool and its helpers have no such pair.
 */
static struct process *get(pid_t pid)
{
	struct process *p = find(pid);

	if (p)
		return p;
	p = find(0);
	if (!p) {
		fprintf(stderr, "inject: too many processes\n");
		exit(FAILED);
	}
	*p = (struct process){ .pid = pid, .number = ++born, .written = -1 };
	return p;
}

static unsigned int alive(void)
{
	unsigned int n = 0;

	for (size_t i = 0; i < MAX_PROCESSES; i++)
		n += !!processes[i].pid;
	return n;
}

static void forget(struct process *p)
{
	p->pid = 0;
}

static void resume(struct process *p, int sig)
{
	/* what it calls is of no interest when all is done, or if it is not the one */
	bool other = opt.mode != LIST && p->number != opt.process;
	int request = (done && !p->failing) || other ? PTRACE_CONT : PTRACE_SYSCALL;

	/* it may just have been killed */
	if (ptrace(request, p->pid, NULL, (void *)(long)sig) && errno != ESRCH)
		die("PTRACE_SYSCALL");
}

static void set_registers(struct process *p, void (*change)(struct user_regs_struct *))
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, p->pid, NULL, &regs)) {
		if (errno == ESRCH)
			return;
		die("PTRACE_GETREGS");
	}
	change(&regs);
	if (ptrace(PTRACE_SETREGS, p->pid, NULL, &regs) && errno != ESRCH)
		die("PTRACE_SETREGS");
}

static void skip_call(struct user_regs_struct *regs)
{
	regs->orig_rax = -1;
}

static void return_error(struct user_regs_struct *regs)
{
	regs->rax = -opt.error;
}

static void inject(struct process *p, const char *call)
{
	done = true;
	if (opt.out)
		fprintf(opt.out, "hit %s\n", call);
	set_registers(p, skip_call);
	switch (opt.mode) {
	case LIST:
		break;
	case KILL:
		kill(p->pid, SIGKILL);
		break;
	case KILL_ALL:
		for (size_t i = 0; i < MAX_PROCESSES; i++)
			if (processes[i].pid)
				kill(processes[i].pid, SIGKILL);
		break;
	case ERROR:
		p->failing = true;
		break;
	}
}

/*
 * More of the same, into the same file: with nothing but reading in between that
 * makes it longer, and is the same point.
 */
static bool goes_on_writing(struct process *p, uint64_t nr, int fd)
{
	bool same = nr == SYS_write && fd == p->written;

	if (nr != SYS_read)
		p->written = nr == SYS_write ? fd : -1;
	return same;
}

static void on_entry(struct process *p, const struct ptrace_syscall_info *info)
{
	const uint64_t *args = (const uint64_t *)info->entry.args;
	enum class class = class_of(p->pid, info->entry.nr, args);

	if (goes_on_writing(p, info->entry.nr, args[0]) || class == PURE ||
	    (class == OWN && !opt.own))
		return;
	p->calls++;
	if (opt.mode == LIST)
		fprintf(opt.out, "%u.%u %u %s\n", p->number, p->calls, alive(),
			describe(p->pid, info->entry.nr, args));
	else if (!done && p->number == opt.process && p->calls == opt.call &&
		 (opt.mode != ERROR || info->entry.nr != SYS_exit_group))
		inject(p, describe(p->pid, info->entry.nr, args));
}

static void on_syscall(struct process *p)
{
	struct ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, (void *)sizeof(info), &info) < 0) {
		if (errno == ESRCH)
			return;
		die("PTRACE_GET_SYSCALL_INFO");
	}
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		on_entry(p, &info);
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && p->failing) {
		set_registers(p, return_error);
		p->failing = false;
	}
}

static bool in_container(pid_t pid)
{
	char path[64], line[512];
	bool inside = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		/* tar and the like are the tool's still */
		if (strstr(line, "/cloison/") && !strstr(line, "/cloison/shut-in"))
			inside = true;
	if (f)
		fclose(f);
	return inside;
}

/* Returns false if the process is not ours to follow any more. */
static bool on_event(struct process *p, int event)
{
	unsigned long message;

	switch (event) {
	case PTRACE_EVENT_CLONE:
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
		if (ptrace(PTRACE_GETEVENTMSG, p->pid, NULL, &message) == 0)
			get(message);
		return true;
	case PTRACE_EVENT_EXEC:
		return !in_container(p->pid);
	}
	return true;
}

static void on_stop(struct process *p, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;

	if (sig == (SIGTRAP | 0x80)) {
		on_syscall(p);
		sig = 0;
	} else if (event) {
		if (!on_event(p, event)) {
			ptrace(PTRACE_DETACH, p->pid, NULL, NULL);
			forget(p);
			return;
		}
		sig = 0;
	} else if (sig == SIGSTOP && !p->seen) {
		sig = 0;
	}
	p->seen = true;
	resume(p, sig);
}

static int follow(pid_t command)
{
	int status, result = FAILED;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status)) {
			on_stop(get(pid), status);
			continue;
		}
		if (find(pid))
			forget(find(pid));
		if (pid == command)
			result = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
	return result;
}

static int run(char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
			     PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	cpu_set_t one;
	int status;
	pid_t pid;

	/* All on one processor: it goes faster, and in the same order each time. */
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			die("PTRACE_TRACEME");
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(FAILED);
	}
	/* it stops with SIGTRAP once it has executed the command */
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return FAILED;
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, options))
		die("PTRACE_SETOPTIONS");
	get(pid)->seen = true;
	resume(get(pid), 0);
	return follow(pid);
}

static int errno_of(const char *name)
{
	for (int e = 1; e < 134; e++)
		if (strerrorname_np(e) && strcmp(strerrorname_np(e), name) == 0)
			return e;
	fprintf(stderr, "inject: no such error: %s\n", name);
	exit(FAILED);
}

static void point(const char *text)
{
	if (!text || sscanf(text, "%u.%u", &opt.process, &opt.call) != 2) {
		fprintf(stderr, "inject: a point is P.N, see the source\n");
		exit(FAILED);
	}
}

static void out(const char *path)
{
	opt.out = path ? fopen(path, "we") : NULL;
	if (!opt.out)
		die("inject: output");
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--own") == 0) {
			opt.own = true;
		} else if (strcmp(argv[i], "--list") == 0) {
			out(argv[++i]);
		} else if (strcmp(argv[i], "--report") == 0) {
			out(argv[++i]);
		} else if (strcmp(argv[i], "--kill") == 0) {
			opt.mode = KILL;
			point(argv[++i]);
		} else if (strcmp(argv[i], "--kill-all") == 0) {
			opt.mode = KILL_ALL;
			point(argv[++i]);
		} else if (strcmp(argv[i], "--error") == 0 && i + 2 < argc) {
			opt.mode = ERROR;
			opt.error = errno_of(argv[++i]);
			point(argv[++i]);
		} else {
			fprintf(stderr, "inject: bad option %s, see the source\n", argv[i]);
			return FAILED;
		}
	}
	/* a command that hangs ends with us, see PTRACE_O_EXITKILL */
	alarm(TIMEOUT);
	if (i >= argc || (opt.mode == LIST && !opt.out)) {
		fprintf(stderr, "inject: what to run?\n");
		return FAILED;
	}
	return run(argv + i);
}
