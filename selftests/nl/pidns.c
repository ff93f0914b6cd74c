// SPDX-License-Identifier: GPL-2.0-only
/*
 * An init for a container of the tests.
 *
 *	pidns CGROUP ACTION [zombie]
 *
 * Starts process 1 of a new pid namespace in the cgroup (a directory) and
 * prints "init PID". It waits for a byte on standard input, then does ACTION:
 *
 *	exit=N		exits
 *	thread=N	its first thread ends, a second one exits with N
 *	fault		executes an invalid instruction
 *	reboot, halt	asks for a restart or a halt of its pid namespace
 *	exec		becomes "sleep infinity" through a second thread
 *
 * Prints "status N" as waitpid(2) gave it, with "zombie" only after it said
 * "dead" and got another byte. Exits with 0.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void wait_byte(void)
{
	char byte;

	if (read(STDIN_FILENO, &byte, 1) < 0)
		err(3, "read");
}

/* The first thread must be gone, else it would not be the last one that exits. */
static void *exit_late(void *arg)
{
	char state = 0;
	FILE *stat;

	while (state != 'Z') {
		stat = fopen("/proc/self/stat", "re");
		if (!stat || fscanf(stat, "%*s %*s %c", &state) != 1)
			err(3, "/proc/self/stat");
		fclose(stat);
	}
	exit((intptr_t)arg);
}

static void *exec_other(void *arg)
{
	execlp("sleep", "sleep", "infinity", NULL);
	err(3, "exec");
}

static void act(const char *action)
{
	struct rlimit no_core = { 0, 0 };
	pthread_t thread;

	if (!strncmp(action, "exit=", 5))
		exit(atoi(action + 5));
	if (!strcmp(action, "reboot"))
		reboot(RB_AUTOBOOT);
	if (!strcmp(action, "halt"))
		reboot(RB_POWER_OFF);
	if (!strcmp(action, "fault")) {
		setrlimit(RLIMIT_CORE, &no_core);
		__builtin_trap();
	}
	if (!strncmp(action, "thread=", 7)) {
		pthread_create(&thread, NULL, exit_late,
			       (void *)(intptr_t)atoi(action + 7));
		syscall(SYS_exit, 99);
	}
	if (!strcmp(action, "exec"))
		pthread_create(&thread, NULL, exec_other, NULL);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	struct clone_args args = {
		.flags = CLONE_NEWPID | CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
	};
	siginfo_t info;
	int status;
	pid_t pid;

	if (argc < 3)
		errx(3, "usage: pidns CGROUP ACTION [zombie]");
	args.cgroup = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if ((int)args.cgroup < 0)
		err(3, "%s", argv[1]);

	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		err(3, "clone3");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		wait_byte();
		act(argv[2]);
	}
	printf("init %d\n", pid);
	fflush(stdout);

	if (argc > 3) {
		waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
		puts("dead");
		fflush(stdout);
		wait_byte();
	}
	if (waitpid(pid, &status, 0) != pid)
		err(3, "waitpid");
	printf("status %d\n", status);
	return 0;
}
