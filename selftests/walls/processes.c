// SPDX-License-Identifier: GPL-2.0-only
/* Processes that are not ours: reaching into them, and taking more than our share. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "escape.h"

#define IOPRIO_RT	(1 << 13)

static int worse(int a, int b)
{
	return a == WORKED || b == WORKED ? WORKED : a == REFUSED ? b : a;
}

/* One of the files of a process that lead out of it. */
static int proc_file(pid_t pid, const char *name, int flags)
{
	static const int gone[] = { ESRCH, ENOENT, 0 };
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return verdict(path, open(path, flags), gone);
}

static int by_vm(pid_t pid)
{
	static const int gone[] = { ESRCH, 0 };
	static char buf[16];
	struct iovec here = { buf, sizeof(buf) }, there = { (void *)0x400000, sizeof(buf) };
	long n = process_vm_writev(pid, &here, 1, &there, 1, 0);

	/* a wrong address is not known before one may look */
	if (n < 0 && errno == EFAULT)
		n = 0;
	return verdict("process_vm_writev", n, gone);
}

static int by_pidfd(pid_t pid)
{
	static const int gone[] = { ESRCH, 0 };
	int fd = syscall(SYS_pidfd_open, pid, 0), ret;

	if (fd < 0)
		return verdict("pidfd_open", fd, gone);
	ret = verdict("pidfd_getfd", syscall(SYS_pidfd_getfd, fd, 0, 0), gone);
	ret = worse(ret, verdict("setns of a pidfd", setns(fd, CLONE_NEWUTS), gone));
	close(fd);
	return ret;
}

static int by_ptrace(pid_t pid)
{
	static const int gone[] = { ESRCH, 0 };
	int ret = verdict("ptrace", ptrace(PTRACE_SEIZE, pid, 0, 0), gone);

	if (ret == WORKED)
		ptrace(PTRACE_DETACH, pid, 0, 0);
	return ret;
}

/* Every way into process PID. */
static int reach_into(pid_t pid)
{
	int ret = REFUSED;

	ret = worse(ret, proc_file(pid, "mem", O_RDWR));
	ret = worse(ret, proc_file(pid, "exe", O_RDONLY));
	ret = worse(ret, proc_file(pid, "cwd", O_PATH | O_DIRECTORY));
	ret = worse(ret, proc_file(pid, "root", O_PATH | O_DIRECTORY));
	ret = worse(ret, proc_file(pid, "root/etc", O_RDONLY | O_DIRECTORY));
	ret = worse(ret, proc_file(pid, "fd/0", O_PATH));
	ret = worse(ret, proc_file(pid, "fd/3", O_PATH));
	ret = worse(ret, proc_file(pid, "ns/mnt", O_RDONLY));
	ret = worse(ret, proc_file(pid, "ns/user", O_RDONLY));
	ret = worse(ret, proc_file(pid, "environ", O_RDONLY));
	ret = worse(ret, proc_file(pid, "oom_score_adj", O_WRONLY));
	ret = worse(ret, proc_file(pid, "comm", O_WRONLY));
	ret = worse(ret, by_vm(pid));
	ret = worse(ret, by_pidfd(pid));
	ret = worse(ret, by_ptrace(pid));
	return ret;
}

static int try_reach(char **args)
{
	return reach_into(atoi(args[0]));
}

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), ret = -1;

	if (fd >= 0) {
		ret = write(fd, text, strlen(text));
		close(fd);
	}
	return ret;
}

static pid_t find_visitor(const char *comm)
{
	DIR *dir = opendir("/proc");
	struct dirent *de;
	pid_t found = 0;

	while (dir && !found && (de = readdir(dir))) {
		char path[300], text[64] = "";
		int fd;

		snprintf(path, sizeof(path), "/proc/%s/comm", de->d_name);
		if (*de->d_name < '1' || *de->d_name > '9')
			continue;
		fd = open(path, O_RDONLY);
		if (fd < 0)
			continue;
		if (read(fd, text, sizeof(text) - 1) > 0 &&
		    strncmp(text, comm, strlen(comm)) == 0)
			found = atoi(de->d_name);
		close(fd);
	}
	if (dir)
		closedir(dir);
	return found;
}

/*
 * Wait for the operator's tool to come in, catch it in a frozen cgroup before it
 * becomes a program of the container's, and reach into it.
 */
static int try_ambush(char **args)
{
	static const char trap[] = "/sys/fs/cgroup/trap";
	time_t end = time(NULL) + 60;
	char text[16];
	pid_t pid = 0;
	int ret;

	mkdir(trap, 0755);
	if (put("/sys/fs/cgroup/trap/cgroup.freeze", "1") < 0)
		return silly("no frozen cgroup");
	puts("waiting");
	while (!pid && time(NULL) < end)
		pid = find_visitor(args[0]);
	if (!pid)
		return silly("nobody came");
	snprintf(text, sizeof(text), "%d", pid);
	/* not before the tool has put it below our root: until then it is refused */
	while (put("/sys/fs/cgroup/trap/cgroup.procs", text) < 0)
		if (find_visitor(args[0]) != pid)
			return silly("the visitor got away");
	usleep(100000);
	if (find_visitor(args[0]) != pid)
		return silly("it is the container's program already");
	printf("caught %d\n", pid);
	ret = reach_into(pid);
	put("/sys/fs/cgroup/trap/cgroup.freeze", "0");
	return ret;
}

/* By number, all that a host may have: none of them is here. */
static int try_kill(char **args)
{
	static const int none[] = { ESRCH, 0 };
	pid_t pid = atoi(args[0]);
	cpu_set_t cpus;
	struct sched_param rt = { .sched_priority = 1 };
	struct rlimit limit = { 0, 0 };
	int ret;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	ret = verdict("kill", kill(pid, SIGUSR1), none);
	ret = worse(ret, verdict("prlimit", prlimit(pid, RLIMIT_NOFILE, &limit, NULL), none));
	ret = worse(ret, verdict("sched_setaffinity",
				 sched_setaffinity(pid, sizeof(cpus), &cpus), none));
	ret = worse(ret, verdict("sched_setscheduler",
				 sched_setscheduler(pid, SCHED_FIFO, &rt), none));
	ret = worse(ret, verdict("setpriority", setpriority(PRIO_PROCESS, pid, 19), none));
	ret = worse(ret, verdict("ioprio_set", syscall(SYS_ioprio_set, 1, pid, IOPRIO_RT), none));
	return worse(ret, reach_into(pid));
}

/* More of the processor, the disk or memory than others. */
static int try_privilege(char **args)
{
	struct sched_param rt = { .sched_priority = 1 };
	struct rlimit limit = { 99, 99 };
	struct {
		unsigned int size, policy;
		unsigned long long flags;
		int nice;
		unsigned int priority;
		unsigned long long runtime, deadline, period;
	} attr = { 48, 6, 0, 0, 0, 10000000, 20000000, 20000000 };
	int ret = REFUSED;

	ret = worse(ret, verdict("SCHED_FIFO", sched_setscheduler(0, SCHED_FIFO, &rt), NULL));
	ret = worse(ret, verdict("SCHED_RR", sched_setscheduler(0, SCHED_RR, &rt), NULL));
	ret = worse(ret, verdict("SCHED_DEADLINE", syscall(SYS_sched_setattr, 0, &attr, 0), NULL));
	ret = worse(ret, verdict("nice", setpriority(PRIO_PROCESS, 0, -5), NULL));
	ret = worse(ret, verdict("ioprio", syscall(SYS_ioprio_set, 1, 0, IOPRIO_RT), NULL));
	ret = worse(ret, verdict("RLIMIT_RTPRIO", setrlimit(RLIMIT_RTPRIO, &limit), NULL));
	ret = worse(ret, verdict("RLIMIT_NICE", setrlimit(RLIMIT_NICE, &limit), NULL));
	ret = worse(ret, verdict("oom_score_adj",
				 put("/proc/self/oom_score_adj", "-500"), NULL));
	return ret;
}

/* What it was started with: an operator's service may have more. Prints it. */
static int show_privilege(char **args)
{
	struct rlimit rt = {}, nice_limit = {};

	getrlimit(RLIMIT_RTPRIO, &rt);
	getrlimit(RLIMIT_NICE, &nice_limit);
	printf("policy %d nice %d ioprio %ld rtprio %lu nicelimit %lu personality %lx\n",
	       sched_getscheduler(0), getpriority(PRIO_PROCESS, 0),
	       syscall(SYS_ioprio_get, 1, 0) >> 13, (unsigned long)rt.rlim_max,
	       (unsigned long)nice_limit.rlim_max, syscall(SYS_personality, 0xffffffffUL));
	return WORKED;
}

static int forks(void *threads)
{
	for (;;) {
		if (threads)
			clone((int (*)(void *))forks, (char *)malloc(4096) + 4096,
			      CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_FILES, threads);
		else
			fork();
	}
	return 0;
}

/* Takes all it can get, until somebody kills it. */
static int bomb(char **args)
{
	if (strcmp(args[0], "forks") == 0)
		return forks(NULL);
	if (strcmp(args[0], "threads") == 0)
		return forks(args);
	for (;;) {
		char *p = malloc(1 << 20);

		if (p)
			memset(p, 1, 1 << 20);
	}
}

static int try_reboot(char **args)
{
	/* loads nothing, restarts nothing when it is refused; else this is the end */
	static const int unknown[] = { EINVAL, 0 };
	int ret = verdict("kexec", reboot(0x45584543), unknown);

	return worse(ret, verdict("suspend", reboot(0xd000fce2), unknown));
}

/* What it traces cannot end before it does: not out of the container, but in somebody's way. */
static int hold(char **args)
{
	setsid();
	if (ptrace(PTRACE_SEIZE, atoi(args[0]), 0, PTRACE_O_TRACEEXIT))
		return silly("ptrace %s", args[0]);
	puts("held");
	pause();
	return WORKED;
}

/* What is counted for a user namespace and who made it, until there is no more. */
static int exhaust(char **args)
{
	struct rlimit files;
	int instances = 0, spaces = 0;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return silly("getrlimit");
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files))
		return silly("setrlimit");
	while (inotify_init1(0) >= 0)
		instances++;
	while (unshare(CLONE_NEWUTS) == 0 && open("/proc/self/ns/uts", O_RDONLY) >= 0)
		spaces++;
	printf("full: %d instances, %d namespaces\n", instances, spaces);
	pause();
	return WORKED;
}

static int one_of_each(char **args)
{
	int ret = verdict("inotify_init", inotify_init1(0), NULL);

	return ret == WORKED ? verdict("unshare", unshare(CLONE_NEWUTS), NULL) : ret;
}

const struct attempt process_attempts[] = {
	{ "hold", hold, 1, "PID" },
	{ "reach", try_reach, 1, "PID" },
	{ "ambush", try_ambush, 1, "COMM" },
	{ "kill", try_kill, 1, "PID" },
	{ "privilege", try_privilege, 0, "" },
	{ "show-privilege", show_privilege, 0, "" },
	{ "bomb", bomb, 1, "forks|threads|memory" },
	{ "reboot", try_reboot, 0, "" },
	{ "exhaust", exhaust, 0, "" },
	{ "one-of-each", one_of_each, 0, "" },
	{ }
};
