// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into CRIU: who sleeps does not wake up for it.
 *
 * What a process waits for in the kernel is interrupted by CRIU, and begun again when CRIU has
 * done with it, here or elsewhere. Not so where the kernel would go on with what is left of the
 * time (-ERESTART_RESTARTBLOCK), for nobody but it knows how much: to these CRIU gives EINTR,
 * as if there had been a signal. Programs that have no handlers do not look for that: sleep(1)
 * of busybox ends, and what it is part of.
 *
 * So CRIU is told of sleeps, and of poll(2) without a time limit, that they can be begun
 * again. The kernel has written by then what is left where the program wants that; mostly that is
 * where it was read from, as sleep(3) does, and then nothing is lost. Who wants to know nothing
 * sleeps all of it once more. Who gets what is left elsewhere expects EINTR, and so does who polls
 * for a time: he would wait longer than he can bear.
 *
 * A wait that was frozen or stopped before is not seen to be one of these: the kernel has it go
 * on by restart_syscall(2), and only it knows what that goes on with.
 *
 * Written in 2026 for CRIU 4.1.1. To be removed when CRIU does so itself.
 */
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>

/* Not for user space, but for debuggers. */
#define ERESTARTNOHAND		514
#define ERESTART_RESTARTBLOCK	516

static bool sleep_can(unsigned long long time, unsigned long long left)
{
	return !left || left == time;
}

static bool can_begin_again(const struct user_regs_struct *regs)
{
	switch (regs->orig_rax) {
	case SYS_nanosleep:
		return sleep_can(regs->rdi, regs->rsi);
	case SYS_clock_nanosleep:
		return sleep_can(regs->rdx, regs->r10);
	case SYS_poll:
		return (int)regs->rdx < 0;
	default:
		return false;
	}
}

long ptrace(enum __ptrace_request request, ...)
{
	static long (*real)(enum __ptrace_request request, ...);
	struct user_regs_struct *regs;
	void *addr, *data;
	va_list args;
	pid_t pid;
	long ret;

	va_start(args, request);
	pid = va_arg(args, pid_t);
	addr = va_arg(args, void *);
	data = va_arg(args, void *);
	va_end(args);
	if (!real)
		real = (long (*)(enum __ptrace_request, ...))dlsym(RTLD_NEXT, "ptrace");
	ret = real(request, pid, addr, data);
	/* of a process of 32 bits the kernel gives less */
	if (ret || request != PTRACE_GETREGSET || addr != (void *)NT_PRSTATUS ||
	    ((struct iovec *)data)->iov_len != sizeof(*regs))
		return ret;
	regs = ((struct iovec *)data)->iov_base;
	if ((long)regs->rax == -ERESTART_RESTARTBLOCK && can_begin_again(regs))
		regs->rax = -ERESTARTNOHAND;
	return ret;
}
