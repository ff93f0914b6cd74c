// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/close_range.h>
#include <linux/keyctl.h>

#include "cleanup.h"
#include "confine.h"
#include "error.h"
#include "util.h"

/*
 * In a user namespace these give power over the container only, if any; what is
 * not needed is not offered. CAP_SYS_BOOT stays: reboot(2) ends the container.
 */
static const cap_value_t dropped[] = {
	CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_TIME, CAP_SYSLOG, CAP_MAC_ADMIN,
	CAP_MAC_OVERRIDE, CAP_WAKE_ALARM, CAP_BLOCK_SUSPEND, CAP_PERFMON, CAP_BPF,
	CAP_CHECKPOINT_RESTORE,
};

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

static int bound_capabilities(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(dropped); i++)
		if (CAP_IS_SUPPORTED(dropped[i]) && cap_drop_bound(dropped[i]))
			return fail_errno(EXIT_START, "Cannot drop capability %d", dropped[i]);
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
	if (!ret)
		ret = seccomp_rule_add(ctx, no, SCMP_SYS(ioctl), 1,
				       SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, TIOCSTI));
	return ret;
}

static int filter_syscalls(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int ret;

	if (!ctx)
		return fail(EXIT_START, "Cannot make a system call filter");
	/* programs of other architectures may run under the same rules */
	ret = 0;
	if (seccomp_arch_native() == SCMP_ARCH_X86_64)
		ret = seccomp_arch_add(ctx, SCMP_ARCH_X86);
	if (!ret)
		ret = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
	if (!ret)
		ret = add_rules(ctx);
	if (!ret)
		ret = seccomp_load(ctx);
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
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(022);
	/* best effort: an operator under tighter limits than these keeps his */
	setrlimit(RLIMIT_NOFILE, &files);
	setrlimit(RLIMIT_CORE, &core);
	setpriority(PRIO_PROCESS, 0, 0);
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

int confine(void)
{
	int ret;

	reset_inherited();
	/* the operator's keys stay outside; kernels without keyrings have none */
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	if (prctl(PR_SET_PDEATHSIG, 0) || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
		return fail_errno(EXIT_START, "Cannot reset the process");
	ret = bound_capabilities();
	return ret ? ret : filter_syscalls();
}

int confine_descriptors(void)
{
	if (close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC))
		return fail_errno(EXIT_START, "Cannot close descriptors");
	return 0;
}
