// SPDX-License-Identifier: GPL-2.0-only
/*
 * Uses CPUs, and says what the kernel counted of that.
 *
 *	busy CGROUP N burn MS	N processes that use so much CPU time each
 *	busy CGROUP N nap TIMES	that sleep so many times
 *	busy spin		until it is killed
 *
 * The processes are born in the cgroup and do nothing elsewhere. Each keeps to the CPUs
 * of its parent, which kernels before 6.2 forget where there are cpusets, before the next
 * is born; then all begin. When all have ended it prints "ended". When standard input
 * ends, by which time they have left their CPUs for good, it prints a line of what the
 * kernel has of them all: time that they ran and that they waited for a CPU, in ns,
 * voluntary and involuntary switches.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST	16

static void burn(long ms)
{
	struct timespec t;

	do {
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	} while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < ms);
}

static void nap(long n)
{
	const struct timespec t = { .tv_nsec = 1000000 };

	while (n--)
		nanosleep(&t, NULL);
}

static pid_t born_in(int cgroup)
{
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = cgroup,
	};
	pid_t pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid < 0)
		err(1, "clone3");
	return pid;
}

/* Adds what there is of a zombie; see Documentation/scheduler/sched-stats.rst. */
static void add(pid_t pid, unsigned long long sum[4])
{
	unsigned long long run, wait;
	struct rusage usage;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%llu %llu", &run, &wait) != 2)
		err(1, "%s", path);
	fclose(file);
	if (wait4(pid, NULL, 0, &usage) != pid)
		err(1, "wait4");
	sum[0] += run;
	sum[1] += wait;
	sum[2] += usage.ru_nvcsw;
	sum[3] += usage.ru_nivcsw;
}

int main(int argc, char **argv)
{
	int cgroup = argc == 5 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int n = argc == 5 ? atoi(argv[2]) : 0, start[2], ready[2];
	unsigned long long sum[4] = {};
	pid_t pids[MOST];
	siginfo_t info;
	cpu_set_t cpus;
	char byte;

	if (argc == 2 && !strcmp(argv[1], "spin"))
		for (;;)
			;
	if (cgroup < 0 || n < 1 || n > MOST)
		errx(2, "usage: busy CGROUP N burn|nap NUMBER | busy spin");
	if (pipe(start) || pipe(ready) || sched_getaffinity(0, sizeof(cpus), &cpus))
		err(1, "to begin");
	for (int i = 0; i < n; i++) {
		pids[i] = born_in(cgroup);
		if (pids[i]) {
			if (read(ready[0], &byte, 1) != 1)
				err(1, "to begin");
			continue;
		}
		close(start[1]);
		if (sched_setaffinity(0, sizeof(cpus), &cpus) || write(ready[1], "", 1) != 1 ||
		    read(start[0], &byte, 1))
			err(1, "to begin");
		if (!strcmp(argv[3], "burn"))
			burn(atol(argv[4]));
		else
			nap(atol(argv[4]));
		_exit(0);
	}
	close(start[0]);
	close(start[1]);
	for (int i = 0; i < n; i++)
		if (waitid(P_PID, pids[i], &info, WEXITED | WNOWAIT))
			err(1, "waitid");
	printf("ended\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
	for (int i = 0; i < n; i++)
		add(pids[i], sum);
	printf("%llu %llu %llu %llu\n", sum[0], sum[1], sum[2], sum[3]);
	return 0;
}
