// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include "class.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static const int pure[] = {
	/* reading */
	SYS_read, SYS_pread64, SYS_readv, SYS_recvfrom, SYS_recvmsg, SYS_lseek, SYS_stat,
	SYS_lstat, SYS_fstat, SYS_newfstatat, SYS_statx, SYS_statfs, SYS_fstatfs, SYS_access,
	SYS_faccessat, SYS_faccessat2, SYS_readlink, SYS_readlinkat, SYS_getdents64, SYS_getcwd,
	SYS_getxattr, SYS_lgetxattr, SYS_fgetxattr, SYS_listxattr, SYS_llistxattr, SYS_flistxattr,
	SYS_getpid, SYS_getppid, SYS_gettid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid,
	SYS_getresuid, SYS_getresgid, SYS_getgroups, SYS_getpgrp, SYS_getpgid, SYS_getsid,
	SYS_getrlimit, SYS_getrusage, SYS_getpriority, SYS_getsockname, SYS_getsockopt,
	SYS_getpeername, SYS_capget, SYS_uname, SYS_sysinfo, SYS_getrandom, SYS_getcpu,
	SYS_time, SYS_gettimeofday, SYS_clock_gettime, SYS_clock_getres, SYS_sched_getaffinity,
	SYS_fadvise64, SYS_readahead,
	/* memory, signals, waiting. The kernel gives up all of it when a process dies. */
	SYS_mmap, SYS_mprotect, SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk, SYS_rt_sigaction,
	SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigtimedwait, SYS_sigaltstack, SYS_alarm,
	SYS_setitimer, SYS_arch_prctl, SYS_set_tid_address, SYS_set_robust_list, SYS_rseq,
	SYS_futex, SYS_poll, SYS_ppoll, SYS_select, SYS_pselect6, SYS_epoll_wait, SYS_epoll_pwait,
	SYS_nanosleep, SYS_clock_nanosleep, SYS_wait4, SYS_waitid, SYS_restart_syscall,
	SYS_sched_yield,
	/* Closing. What this lets go of (a lock, an end of a socket, a mount that is
	 * attached nowhere) a process that dies lets go of as well.
	 */
	SYS_close, SYS_close_range,
	/* the end of a thread */
	SYS_exit,
};

static const int own[] = {
	/* descriptors */
	SYS_dup, SYS_dup2, SYS_dup3, SYS_fcntl, SYS_pipe, SYS_pipe2, SYS_socket, SYS_socketpair,
	SYS_setsockopt, SYS_epoll_create1, SYS_epoll_ctl, SYS_eventfd2, SYS_timerfd_create,
	SYS_timerfd_settime, SYS_signalfd4, SYS_memfd_create, SYS_pidfd_open,
	SYS_inotify_init1, SYS_inotify_add_watch,
	/* mounts that are attached nowhere yet */
	SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_open_tree,
	/* the process: who it is, where it stands, what it may */
	SYS_chdir, SYS_fchdir, SYS_umask, SYS_setsid, SYS_setpgid, SYS_capset,
	SYS_setuid, SYS_setgid, SYS_setresuid, SYS_setresgid, SYS_setreuid, SYS_setregid,
	SYS_setgroups, SYS_setns, SYS_unshare, SYS_keyctl,
	SYS_setrlimit, SYS_setpriority, SYS_ioprio_set, SYS_sched_setaffinity,
};

static bool has(const int list[], size_t count, uint64_t nr)
{
	for (size_t i = 0; i < count; i++)
		if ((uint64_t)list[i] == nr)
			return true;
	return false;
}

static bool peek(pid_t pid, uint64_t from, void *to, size_t len)
{
	struct iovec local = { to, len }, remote = { (void *)from, len };

	return process_vm_readv(pid, &local, 1, &remote, 1, 0) == (ssize_t)len;
}

/* Opening a file that is there, and leaving it as it is. */
static bool opens_only(uint64_t flags)
{
	return !(flags & (O_CREAT | O_TRUNC)) && (flags & O_TMPFILE) != O_TMPFILE;
}

/* Asking what there is: libcap does for each capability, libseccomp for each flag. */
static bool asks_prctl(const uint64_t args[6])
{
	switch (args[0]) {
	case PR_CAPBSET_READ:
	case PR_GET_SECUREBITS:
	case PR_GET_DUMPABLE:
	case PR_GET_SECCOMP:
		return true;
	case PR_CAP_AMBIENT:
		return args[1] == PR_CAP_AMBIENT_IS_SET;
	case PR_SET_SECCOMP:
		return !args[2];
	}
	return false;
}

static bool asks_seccomp(const uint64_t args[6])
{
	return args[0] != SECCOMP_SET_MODE_FILTER || !args[2];
}

enum class class_of(pid_t pid, uint64_t nr, const uint64_t args[6])
{
	struct open_how how;

	switch (nr) {
	case SYS_open:
		return opens_only(args[1]) ? PURE : CHANGES;
	case SYS_openat:
		return opens_only(args[2]) ? PURE : CHANGES;
	case SYS_openat2:
		return peek(pid, args[2], &how, sizeof(how)) && opens_only(how.flags) ? OWN :
										 CHANGES;
	case SYS_write:
	case SYS_writev:
		/* what people are told */
		return args[0] == STDOUT_FILENO || args[0] == STDERR_FILENO ? PURE : CHANGES;
	case SYS_ioctl:
		return args[1] == TCGETS || args[1] == TIOCGWINSZ ? PURE : CHANGES;
	case SYS_prlimit64:
		return args[2] ? OWN : PURE;
	case SYS_prctl:
		return asks_prctl(args) ? PURE : OWN;
	case SYS_seccomp:
		return asks_seccomp(args) ? PURE : OWN;
	}
	if (has(pure, COUNT(pure), nr))
		return PURE;
	return has(own, COUNT(own), nr) ? OWN : CHANGES;
}

/* Which argument of a call is a path. */
static int path_argument(uint64_t nr)
{
	switch (nr) {
	case SYS_open: case SYS_mkdir: case SYS_rmdir: case SYS_unlink: case SYS_rename:
	case SYS_chmod: case SYS_chown: case SYS_execve: case SYS_umount2: case SYS_truncate:
	case SYS_symlink: case SYS_link: case SYS_mknod:
		return 0;
	case SYS_openat: case SYS_openat2: case SYS_mkdirat: case SYS_mknodat: case SYS_unlinkat:
	case SYS_renameat: case SYS_renameat2: case SYS_fchmodat: case SYS_fchownat:
	case SYS_utimensat: case SYS_mount: case SYS_open_tree: case SYS_linkat:
		return 1;
	case SYS_symlinkat:
		return 2;
	case SYS_move_mount:
		return 3;
	}
	return -1;
}

/* Whether the first argument is a descriptor of a file that is changed. */
static bool takes_file(uint64_t nr)
{
	static const int list[] = {
		SYS_write, SYS_writev, SYS_ftruncate, SYS_fchmod, SYS_fchown, SYS_fsync,
		SYS_fdatasync, SYS_syncfs, SYS_flock,
	};

	return has(list, COUNT(list), nr);
}

const char *describe(pid_t pid, uint64_t nr, const uint64_t args[6])
{
	static char text[160];
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
	int arg = path_argument(nr);
	char path[100] = "", link[64];

	/* byte by byte: the next page may not be there */
	for (size_t i = 0; arg >= 0 && i < sizeof(path) - 1; i++)
		if (!peek(pid, args[arg] + i, &path[i], 1) || !path[i])
			break;
	snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)pid, (int)args[0]);
	if (takes_file(nr) && readlink(link, path, sizeof(path) - 1) < 0)
		path[0] = '\0';
	snprintf(text, sizeof(text), "%s %s", name ? name : "?", path);
	free(name);
	return text;
}
