// SPDX-License-Identifier: GPL-2.0-only
/* Processes, threads, signals, terminals. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "shapes.h"

static struct child child;

static pid_t fork_or_fail(void)
{
	pid_t pid = fork();

	need(pid >= 0);
	return pid;
}

static void sleep_for_ever(void)
{
	for (;;)
		pause();
}

/* They wait for a condition; one for a mutex with priority inheritance. */
#define THREADS	8

static pthread_t threads[THREADS], heir;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, inherited;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER, here = PTHREAD_COND_INITIALIZER;
static int arrived, let_go, names_kept;
static __thread int number;

static void *thread(void *arg)
{
	char name[16];

	number = (int)(long)arg;
	snprintf(name, sizeof(name), "thread-%d", number);
	pthread_setname_np(pthread_self(), name);
	pthread_mutex_lock(&mutex);
	arrived++;
	pthread_cond_signal(&here);
	while (!let_go)
		pthread_cond_wait(&cond, &mutex);
	pthread_getname_np(pthread_self(), name, sizeof(name));
	names_kept += number == (int)(long)arg && atoi(name + 7) == number;
	pthread_mutex_unlock(&mutex);
	return arg;
}

static void *inherit(void *arg)
{
	return pthread_mutex_lock(&inherited) == 0 && let_go ? arg : NULL;
}

static void threads_up(void)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	need(pthread_mutex_init(&inherited, &attr) == 0 && pthread_mutex_lock(&inherited) == 0);
	need(pthread_create(&heir, NULL, inherit, &inherited) == 0);
	for (long i = 0; i < THREADS; i++)
		need(pthread_create(&threads[i], NULL, thread, (void *)i) == 0);
	pthread_mutex_lock(&mutex);
	while (arrived < THREADS)
		pthread_cond_wait(&here, &mutex);
	pthread_mutex_unlock(&mutex);
}

static void threads_look(void)
{
	void *ret;

	pthread_mutex_lock(&mutex);
	let_go = 1;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&mutex);
	for (long i = 0; i < THREADS; i++)
		want(pthread_join(threads[i], &ret) == 0 && (long)ret == i);
	want(names_kept == THREADS);
	want(pthread_mutex_unlock(&inherited) == 0);
	want(pthread_join(heir, &ret) == 0 && ret == &inherited);
}

/* Blocked and sent, with what was sent along; a stack for handlers. */
static char stack[1 << 16];
static sigset_t blocked;

static void signals_up(void)
{
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR2);
	sigaddset(&blocked, SIGRTMIN + 1);
	need(sigprocmask(SIG_BLOCK, &blocked, NULL) == 0 && sigaltstack(&ss, NULL) == 0);
	need(kill(getpid(), SIGUSR2) == 0);
	need(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ 11 }) == 0);
	need(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ 12 }) == 0);
	need(signal(SIGHUP, SIG_IGN) != SIG_ERR);
}

static void signals_look(void)
{
	struct timespec none = {};
	siginfo_t info;
	stack_t ss;

	want(sigtimedwait(&blocked, &info, &none) == SIGUSR2 && info.si_pid == getpid());
	for (int i = 11; i <= 12; i++)
		want(sigtimedwait(&blocked, &info, &none) == SIGRTMIN + 1 &&
		     info.si_value.sival_int == i && info.si_code == SI_QUEUE);
	want(sigtimedwait(&blocked, &info, &none) < 0 && errno == EAGAIN);
	want(sigaltstack(NULL, &ss) == 0 && ss.ss_sp == stack && ss.ss_size == sizeof(stack));
	want(signal(SIGHUP, SIG_DFL) == SIG_IGN);
}

/* One has ended, and nobody has asked; one stands still; one is known by a descriptor. */
static pid_t dead, stopped, known;
static int pidfd;

static void children_up(void)
{
	siginfo_t info;

	dead = fork_or_fail();
	if (!dead)
		_exit(7);
	need(waitid(P_PID, dead, &info, WEXITED | WNOWAIT) == 0);
	stopped = fork_or_fail();
	if (!stopped) {
		raise(SIGSTOP);
		_exit(8);
	}
	need(waitpid(stopped, NULL, WUNTRACED) == stopped);
	known = fork_or_fail();
	if (!known)
		sleep_for_ever();
	pidfd = pidfd_open(known, 0);
	need(pidfd >= 0);
}

static void children_look(void)
{
	struct pollfd pfd = { pidfd, POLLIN };
	siginfo_t info;
	int status;

	want(waitpid(dead, &status, WNOHANG) == dead && WEXITSTATUS(status) == 7);
	want(waitpid(stopped, &status, WNOHANG) == 0);
	want(kill(stopped, SIGCONT) == 0);
	want(waitpid(stopped, &status, 0) == stopped && WIFEXITED(status) &&
	     WEXITSTATUS(status) == 8);
	want(poll(&pfd, 1, 0) == 0);
	want(pidfd_send_signal(pidfd, SIGKILL, NULL, 0) == 0);
	want(poll(&pfd, 1, 60000) == 1);
	want(waitid(P_PIDFD, pidfd, &info, WEXITED) == 0 && info.si_pid == known);
}

/* A session on a terminal: its leader, a job in the foreground, one in the background. */
static int master;
static pid_t leader;
static struct {
	pid_t leader, front, back;
} *jobs;

static pid_t start_job(void)
{
	pid_t pid;

	/* who was started by a shell, with &, ignores it */
	signal(SIGINT, SIG_DFL);
	pid = fork_or_fail();
	if (!pid)
		sleep_for_ever();
	need(setpgid(pid, pid) == 0);
	return pid;
}

static void lead(const char *tty)
{
	int fd;

	setsid();
	fd = open(tty, O_RDWR);
	need(fd >= 0 && tcgetsid(fd) == getpid());
	jobs->front = start_job();
	jobs->back = start_job();
	need(tcsetpgrp(fd, jobs->front) == 0);
	__atomic_store_n(&jobs->leader, getpid(), __ATOMIC_RELEASE);
	sleep_for_ever();
}

static void terminal_up(void)
{
	struct winsize size = { 33, 99 };
	struct termios t;

	jobs = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	master = posix_openpt(O_RDWR | O_NOCTTY);
	need(jobs != MAP_FAILED && master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	need(ioctl(master, TIOCSWINSZ, &size) == 0 && tcgetattr(master, &t) == 0);
	t.c_lflag &= ~ECHO;
	need(tcsetattr(master, TCSANOW, &t) == 0);
	leader = fork_or_fail();
	if (!leader)
		lead(ptsname(master));
	while (!__atomic_load_n(&jobs->leader, __ATOMIC_ACQUIRE))
		usleep(10000);
}

static void terminal_look(void)
{
	struct winsize size;
	struct termios t;
	int tty = open(ptsname(master), O_RDWR | O_NOCTTY), status;

	want(tcgetsid(master) == leader && tcgetpgrp(master) == jobs->front);
	want(getsid(jobs->front) == leader && getpgid(jobs->back) == jobs->back);
	want(ioctl(master, TIOCGWINSZ, &size) == 0 && size.ws_row == 33 && size.ws_col == 99);
	want(tcgetattr(master, &t) == 0 && !(t.c_lflag & ECHO) && t.c_lflag & ICANON);
	want(write(master, "typed\n", 6) == 6);
	want_text(tty, "typed\n");
	/* ^C is for the foreground */
	want(write(master, "\3", 1) == 1);
	for (int i = 0; i < 600; i++) {
		struct pollfd none = {};
		char path[64], state = 0;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/stat", jobs->front);
		f = fopen(path, "re");
		if (!f || fscanf(f, "%*d (%*[^)]) %c", &state) != 1 || state == 'Z')
			break;
		fclose(f);
		want(i < 599);
		poll(&none, 0, 100);
	}
	want(kill(jobs->back, SIGKILL) == 0);
	want(kill(leader, SIGKILL) == 0 && waitpid(leader, &status, 0) == leader);
}

/* What a process is, as a user of the container's. */
static void look_at_self(void)
{
	struct rlimit limit;
	char name[16];
	gid_t groups[4];
	int signal = 0;

	want(getuid() == 1000 && geteuid() == 1000 && getgid() == 1001 && getegid() == 1001);
	want(getgroups(4, groups) == 2 && groups[0] == 2001 && groups[1] == 2002);
	want(setuid(0) < 0 && errno == EPERM);
	want(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	want(prctl(PR_GET_NAME, name) == 0 && strcmp(name, "a shape") == 0);
	want(prctl(PR_GET_PDEATHSIG, &signal) == 0 && signal == SIGTERM);
	want(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == 77 && limit.rlim_max == 99);
	want(getpriority(PRIO_PROCESS, 0) == 5 && sched_getscheduler(0) == SCHED_BATCH);
	want(umask(0) == 0123);
}

static void become(void)
{
	static const gid_t groups[] = { 2001, 2002 };
	struct rlimit limit = { 77, 99 };
	struct sched_param param = {};

	need(setrlimit(RLIMIT_NOFILE, &limit) == 0 && setpriority(PRIO_PROCESS, 0, 5) == 0);
	need(sched_setscheduler(0, SCHED_BATCH, &param) == 0);
	need(setgroups(2, groups) == 0 && setresgid(1001, 1001, 1001) == 0 &&
	     setresuid(1000, 1000, 1000) == 0);
	need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_NAME, "a shape") == 0);
	umask(0123);
	need(prctl(PR_SET_PDEATHSIG, SIGTERM) == 0);
}

/* They wait for the end of one, having said in the other that they do. */
static int until[2], since[2];

static void user_up(void)
{
	char byte;

	need(pipe(until) == 0 && pipe(since) == 0);
	child.pid = fork_or_fail();
	if (!child.pid) {
		close(until[1]);
		become();
		need(write(since[1], "b", 1) == 1);
		need(read(until[0], &byte, 1) == 0);
		look_at_self();
		_exit(0);
	}
	child.go = until[1];
	need(read(since[0], &byte, 1) == 1);
}

static void user_look(void)
{
	want(child_end(&child) == 0);
}

/* It is not told its parent's id any more. */
static void seccomp_up(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTUNIQ),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { 4, code };

	need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	need(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) == 0);
}

static void seccomp_look(void)
{
	want(syscall(SYS_getppid) < 0 && errno == ENOTUNIQ);
	want(getpid() > 1);
}

/* Two of them, each on one processor of its own. */
static int keep_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

static bool keeps_to(int cpu)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) == 1 &&
	       CPU_ISSET(cpu, &set);
}

static int other_keeps(void *arg)
{
	(void)arg;
	return !keeps_to(1);
}

static void affinity_up(void)
{
	need(keep_to(1) == 0);
	child = child_start(other_keeps, NULL);
	need(keep_to(0) == 0);
}

static void affinity_look(void)
{
	want(keeps_to(0));
	want(child_end(&child) == 0);
}

/* Groups of ten, each with a session of its own. */
static int answers[2];

static int answer(void)
{
	pid_t self = getpid();
	char byte;

	if (read(until[0], &byte, 1) != 0)
		return 1;
	return write(answers[1], &self, sizeof(self)) != sizeof(self);
}

static void many_up(void)
{
	need(pipe(until) == 0 && pipe(answers) == 0 && pipe(since) == 0);
	for (int i = 0; i < many_processes / 10; i++) {
		if (fork_or_fail())
			continue;
		setsid();
		close(until[1]);
		for (int k = 1; k < 10; k++)
			if (!fork_or_fail())
				break;
		need(write(since[1], "s", 1) == 1);
		_exit(answer());
	}
	for (int i = 0; i < many_processes / 10 * 10; i++) {
		char byte;

		need(read(since[0], &byte, 1) == 1);
	}
}

static int compare(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

static void many_look(void)
{
	int count = many_processes / 10 * 10, n = 0;
	pid_t *pids = calloc(count + 1, sizeof(*pids));

	close(until[1]);
	close(answers[1]);
	while (n <= count && read(answers[0], &pids[n], sizeof(*pids)) == sizeof(*pids))
		n++;
	want(n == count);
	qsort(pids, n, sizeof(*pids), compare);
	for (int i = 1; i < n; i++)
		want(pids[i] != pids[i - 1]);
}

const struct shape process_shapes[] = {
	{ "threads", threads_up, threads_look },
	{ "signals", signals_up, signals_look },
	{ "children", children_up, children_look },
	{ "terminal", terminal_up, terminal_look },
	{ "user", user_up, user_look },
	{ "seccomp", seccomp_up, seccomp_look },
	{ "affinity", affinity_up, affinity_look },
	{ "many", many_up, many_look },
	{}
};
