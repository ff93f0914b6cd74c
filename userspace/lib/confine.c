// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/btrfs.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>

#include "cleanup.h"
#include "confine.h"
#include "error.h"
#include "log.h"
#include "families.h"
#include "util.h"

/* personality(2): this value asks */
#define GET_PERSONALITY	0xffffffffUL

#ifndef F_SETDELEG	/* Linux 6.19 */
#define F_SETDELEG	(F_SETLEASE + 16)
#endif

/*
 * Refused with EPERM: what reaches the kernel's own parts, what the user
 * namespace does not cover, and what cannot be checkpointed (bpf, io_uring,
 * userfaultfd, user namespaces inside).
 */
static const int refused[] = {
	SCMP_SYS(acct), SCMP_SYS(add_key), SCMP_SYS(bpf), SCMP_SYS(delete_module),
	SCMP_SYS(finit_module), SCMP_SYS(init_module), SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register), SCMP_SYS(io_uring_setup), SCMP_SYS(ioperm),
	SCMP_SYS(iopl), SCMP_SYS(kexec_file_load), SCMP_SYS(kexec_load), SCMP_SYS(keyctl),
	SCMP_SYS(lookup_dcookie), SCMP_SYS(memfd_secret), SCMP_SYS(nfsservctl),
	SCMP_SYS(open_by_handle_at), SCMP_SYS(perf_event_open), SCMP_SYS(quotactl),
	SCMP_SYS(quotactl_fd), SCMP_SYS(request_key), SCMP_SYS(swapoff), SCMP_SYS(swapon),
	SCMP_SYS(syslog), SCMP_SYS(uselib), SCMP_SYS(userfaultfd), SCMP_SYS(vm86),
	SCMP_SYS(vm86old),
};

/*
 * Whoever opens a file that a lease is on waits until its holder lets go, or for
 * /proc/sys/fs/lease-break-time: each backup and migration, for each file.
 */
static const unsigned int leases[] = { F_SETLEASE, F_SETDELEG };
static const int fcntls[] = { SCMP_SYS(fcntl), SCMP_SYS(fcntl64) };

/* The second one pastes on a virtual console, such as tar's messages may go to. */
static const unsigned int typing[] = { TIOCSTI, TIOCLINUX };

/*
 * In a directory of the host's. What copies its files does not go into one, as it does not into
 * other file systems, and what removes them cannot.
 */
static const unsigned int subvolumes[] = {
	BTRFS_IOC_SNAP_CREATE, BTRFS_IOC_SNAP_CREATE_V2, BTRFS_IOC_SUBVOL_CREATE,
	BTRFS_IOC_SUBVOL_CREATE_V2,
};

static const int inet[] = { AF_INET, AF_INET6 };

static int bound_capabilities(uint64_t dropped)
{
	for (cap_value_t cap = 0; CAP_IS_SUPPORTED(cap); cap++)
		if ((dropped >> cap & 1) && cap_drop_bound(cap))
			return fail_errno(EXIT_START, "Cannot drop capability %d", cap);
	return 0;
}

static int add_rules(scmp_filter_ctx ctx)
{
	uint32_t no = SCMP_ACT_ERRNO(EPERM);
	int ret = 0;

	for (size_t i = 0; !ret && i < ARRAY_SIZE(refused); i++)
		ret = seccomp_rule_add(ctx, no, refused[i], 0);
	if (!ret)
		ret = seccomp_rule_add(ctx, no, SCMP_SYS(unshare), 1,
				       SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER));
	if (!ret)
		ret = seccomp_rule_add(ctx, no, SCMP_SYS(clone), 1,
				       SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER));
	/* its flags are in memory, out of a filter's sight: libcs fall back to clone */
	if (!ret)
		ret = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	/* nobody types into a terminal that belongs to somebody else */
	for (size_t i = 0; !ret && i < ARRAY_SIZE(typing); i++)
		ret = seccomp_rule_add(ctx, no, SCMP_SYS(ioctl), 1,
				       SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, typing[i]));
	/* as file systems say that have none */
	for (size_t i = 0; !ret && i < ARRAY_SIZE(subvolumes); i++)
		ret = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOTTY), SCMP_SYS(ioctl), 1,
				       SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, subvolumes[i]));
	for (size_t i = 0; i < ARRAY_SIZE(fcntls); i++)
		for (size_t j = 0; !ret && j < ARRAY_SIZE(leases); j++)
			ret = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EINVAL), fcntls[i], 1,
					       SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, leases[j]));
	return ret;
}

/*
 * Where socket(2) has its arguments in registers. Not in 32 bits: there
 * socketcall(2), which all 32 bit programs use, has them in memory, and libseccomp
 * would refuse it altogether.
 */
static int add_socket_rules(scmp_filter_ctx ctx)
{
	uint32_t family = SCMP_ACT_ERRNO(EAFNOSUPPORT), protocol = SCMP_ACT_ERRNO(EPROTONOSUPPORT);
	int after = -1, ret = 0;

	for (size_t i = 0; i < ARRAY_SIZE(allowed_families); i++) {
		for (int f = after + 1; !ret && f < allowed_families[i]; f++)
			ret = seccomp_rule_add(ctx, family, SCMP_SYS(socket), 1,
					       SCMP_A0(SCMP_CMP_EQ, f));
		after = allowed_families[i];
	}
	/* numbers with bits that the kernel does not look at are among these */
	if (!ret)
		ret = seccomp_rule_add(ctx, family, SCMP_SYS(socket), 1,
				       SCMP_A0(SCMP_CMP_GT, after));
	for (size_t i = 0; i < ARRAY_SIZE(refused_protocols); i++)
		for (size_t j = 0; !ret && j < ARRAY_SIZE(inet); j++)
			ret = seccomp_rule_add(ctx, protocol, SCMP_SYS(socket), 2,
					       SCMP_A0(SCMP_CMP_EQ, inet[j]),
					       SCMP_A2(SCMP_CMP_MASKED_EQ, 0xffffffff,
						       refused_protocols[i]));
	return ret;
}

static int make_filter(uint32_t arch, scmp_filter_ctx *out)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	bool native = arch == seccomp_arch_native();
	int ret = ctx ? 0 : -ENOMEM;

	if (!ret && !native)
		ret = seccomp_arch_add(ctx, arch);
	if (!ret && !native)
		ret = seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE);
	if (!ret)
		ret = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
	if (!ret)
		ret = add_rules(ctx);
	if (!ret && native)
		ret = add_socket_rules(ctx);
	*out = ctx;
	return ret;
}

/*
 * A program of another architecture, or of x32, is killed, but for those of 32 bits,
 * which run under the same rules.
 */
static int filter_syscalls(void)
{
	scmp_filter_ctx ctx, other = NULL;
	int ret = make_filter(seccomp_arch_native(), &ctx);

	if (!ret && seccomp_arch_native() == SCMP_ARCH_X86_64) {
		ret = make_filter(SCMP_ARCH_X86, &other);
		if (!ret)
			ret = seccomp_merge(ctx, other);
		if (!ret)
			other = NULL;
	}
	if (!ret)
		ret = seccomp_load(ctx);
	seccomp_release(other);
	seccomp_release(ctx);
	if (ret) {
		errno = -ret;
		return fail_errno(EXIT_START, "Cannot load the system call filter");
	}
	return 0;
}

static void reset_inherited(void)
{
	static const struct rlimit files = { 1024, 524288 }, core = { 0, RLIM_INFINITY };
	static const struct rlimit nothing = { 0, 0 };
	static const struct sched_param normal = { 0 };
	cpu_set_t all_cpus;
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(022);
	/* best effort: an operator under tighter limits than these keeps his */
	setrlimit(RLIMIT_NOFILE, &files);
	setrlimit(RLIMIT_CORE, &core);
	/* but nobody comes before the host's own tasks because his operator did, nor
	 * at known addresses because a debugger was at work
	 */
	setrlimit(RLIMIT_RTPRIO, &nothing);
	setrlimit(RLIMIT_NICE, &nothing);
	sched_setscheduler(0, SCHED_OTHER, &normal);
	setpriority(PRIO_PROCESS, 0, 0);
	/* all that its cgroup has: CPUMASK says which, not his taskset */
	memset(&all_cpus, 0xff, sizeof(all_cpus));
	sched_setaffinity(0, sizeof(all_cpus), &all_cpus);
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_NONE, 0));
	personality(personality(GET_PERSONALITY) & PER_MASK);
}

void confine_from_outside(pid_t pid)
{
	cleanup_free char *path = xasprintf("/proc/%d/oom_score_adj", (int)pid);

	/* An operator's shell, or a service, may be all but exempt from being killed
	 * for memory: a customer is not. As root this sets the lowest value he may
	 * go back to as well.
	 */
	write_file_at(-1, path, "0");
}

int confine(uint64_t dropped)
{
	int ret;

	reset_inherited();
	/* the operator's keys stay outside; kernels without keyrings have none */
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
		return fail_errno(EXIT_START, "Cannot leave the operator's keyring");
	if (prctl(PR_SET_PDEATHSIG, 0) || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
		return fail_errno(EXIT_START, "Cannot reset the process");
	ret = bound_capabilities(dropped);
	return ret ? ret : filter_syscalls();
}

int confine_descriptors(const int keep[], size_t count)
{
	int next;

	/* its descriptors may soon be others */
	log_close();
	for (int from = STDERR_FILENO + 1; from < INT_MAX; from = next + 1) {
		next = INT_MAX - 1;
		for (size_t i = 0; i < count; i++)
			if (keep[i] >= from && keep[i] < next)
				next = keep[i];
		if (next > from && close_range(from, next - 1, 0))
			return fail_errno(EXIT_START, "Cannot close descriptors");
	}
	return 0;
}

int confine_visitor(const int keep[], size_t count)
{
	int ret = confine_descriptors(keep, count);

	if (!ret && prctl(PR_SET_DUMPABLE, 0))
		ret = fail_errno(EXIT_START, "Cannot protect the process");
	return ret;
}

int confine_to_line(int sync)
{
	int ret = confine_descriptors(&sync, 1);

	if (!ret && fcntl(sync, F_SETFD, FD_CLOEXEC))
		ret = fail_errno(EXIT_START, "Cannot close descriptors");
	return ret;
}
