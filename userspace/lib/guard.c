// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "btf.h"
#include "cleanup.h"
#include "error.h"
#include "families.h"
#include "guard.h"
#include "util.h"

#define MAX_INSNS	512

/* the kernel's own, which some of its parts return */
#define ENOTSUPP	524

/* Where jumps go that leave the program; fixed up by finish(). */
enum { TO_ALLOW = 0x7000, TO_DENY };

struct program {
	struct bpf_insn insns[MAX_INSNS];
	size_t count;
};

/*
 * Modules that the kernel may load because a container asks for what is in them,
 * without leave: firewalls, and what ss(8) reads. All else is loaded by the host or
 * not at all: a file system, an odd protocol or a device driver is kernel code that
 * every container could otherwise bring in.
 */
static const char *const allowed_modules[] = {
	"nf", "ipt", "ip6t", "ip_set", "ip6_tables", "xt_", "arpt", "ebt",
	"net-pf-16-proto-4-type-",
};

/*
 * Settings below /proc/sys that may be written: those of the container's own
 * namespaces. But one of the net ones turns on a hook for the whole machine, and the
 * kernel (as of 7.3) lets the root of any network namespace do it.
 */
static const char *const allowed_sysctls[] = {
	"net/", "user/", "fs/mqueue/", "kernel/sem", "kernel/msg", "kernel/shm",
	"kernel/auto_msgmni", "kernel/ns_last_pid", "kernel/pid_max", "vm/memfd_noexec",
	"kernel/hostname", "kernel/domainname",
};
static const char refused_sysctl[] = "net/netfilter/nf_hooks_lwtunnel";

/* The longest name that is compared, with its end, in words of 8. */
#define NAME_WORDS	4

static void emit(struct program *p, int code, int dst, int src, int off, int imm)
{
	if (p->count < MAX_INSNS)
		p->insns[p->count] = (struct bpf_insn) {
			.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm,
		};
	p->count++;
}

static void load_argument(struct program *p, int reg, int argument)
{
	emit(p, BPF_LDX | BPF_MEM | BPF_DW, reg, BPF_REG_1, 8 * argument, 0);
}

static void set(struct program *p, int reg, int imm)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, reg, 0, 0, imm);
}

static void set_wide(struct program *p, int reg, uint64_t imm)
{
	emit(p, BPF_LD | BPF_DW | BPF_IMM, reg, 0, 0, (int)imm);
	emit(p, 0, 0, 0, 0, (int)(imm >> 32));
}

/* Compare as 32 bits, which is what the kernel's int has. */
static void jump(struct program *p, int op, int reg, int imm, int to)
{
	emit(p, BPF_JMP32 | op | BPF_K, reg, 0, to, imm);
}

static void jump_always(struct program *p, int to)
{
	emit(p, BPF_JMP | BPF_JA, 0, 0, to, 0);
}

static void call(struct program *p, int helper)
{
	emit(p, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}

static void leave(struct program *p, int ret)
{
	set(p, BPF_REG_0, ret);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* The two ends, and the jumps to them. */
static void finish(struct program *p, int error)
{
	size_t allow = p->count, deny;

	leave(p, 1);
	deny = p->count;
	set(p, BPF_REG_1, -error);
	call(p, BPF_FUNC_set_retval);
	leave(p, 0);
	for (size_t i = 0; i < allow && p->count <= MAX_INSNS; i++) {
		if (p->insns[i].off == TO_ALLOW)
			p->insns[i].off = allow - i - 1;
		else if (p->insns[i].off == TO_DENY)
			p->insns[i].off = deny - i - 1;
	}
}

/* int socket_create(int family, int type, int protocol, int kern) */
static void socket_create(struct program *p)
{
	size_t last = ARRAY_SIZE(allowed_families) - 1;

	load_argument(p, BPF_REG_2, 0);
	load_argument(p, BPF_REG_3, 2);
	load_argument(p, BPF_REG_4, 3);
	jump(p, BPF_JNE, BPF_REG_4, 0, TO_ALLOW);	/* the kernel's own */
	for (size_t i = 0; i < last; i++)
		jump(p, BPF_JEQ, BPF_REG_2, allowed_families[i], last - i);
	jump(p, BPF_JNE, BPF_REG_2, allowed_families[last], TO_DENY);
	jump(p, BPF_JEQ, BPF_REG_2, AF_INET, 1);
	jump(p, BPF_JNE, BPF_REG_2, AF_INET6, TO_ALLOW);
	for (size_t i = 0; i < ARRAY_SIZE(refused_protocols); i++)
		jump(p, BPF_JEQ, BPF_REG_3, refused_protocols[i], TO_DENY);
	finish(p, EAFNOSUPPORT);
}

/* Room on the stack for a name; its address and size in two registers. */
static void name_buffer(struct program *p, int address, int size)
{
	for (int i = 1; i <= NAME_WORDS; i++)
		emit(p, BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, -8 * i, 0);
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, address, BPF_REG_10, 0, 0);
	emit(p, BPF_ALU64 | BPF_ADD | BPF_K, address, 0, 0, -8 * NAME_WORDS);
	set(p, size, 8 * NAME_WORDS);
}

/* If the name begins with these bytes, go there. */
static void jump_prefix(struct program *p, const char *prefix, size_t len, int to)
{
	size_t words = (len + 7) / 8, misses[NAME_WORDS];

	for (size_t i = 0; i < words; i++) {
		size_t bytes = i + 1 < words ? 8 : len - 8 * i;
		uint64_t want = 0, mask = 0;

		memcpy(&want, prefix + 8 * i, bytes);
		memset(&mask, 0xff, bytes);
		emit(p, BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_3, BPF_REG_10,
		     8 * ((int)i - NAME_WORDS), 0);
		set_wide(p, BPF_REG_4, mask);
		emit(p, BPF_ALU64 | BPF_AND | BPF_X, BPF_REG_3, BPF_REG_4, 0, 0);
		set_wide(p, BPF_REG_4, want);
		misses[i] = p->count;
		emit(p, BPF_JMP | BPF_JNE | BPF_X, BPF_REG_3, BPF_REG_4, 0, 0);
	}
	jump_always(p, to);
	for (size_t i = 0; i < words && p->count <= MAX_INSNS; i++)
		p->insns[misses[i]].off = p->count - misses[i] - 1;
}

/* int kernel_module_request(char *kmod_name) */
static void kernel_module_request(struct program *p)
{
	load_argument(p, BPF_REG_3, 0);
	name_buffer(p, BPF_REG_1, BPF_REG_2);
	call(p, BPF_FUNC_probe_read_kernel_str);
	for (size_t i = 0; i < ARRAY_SIZE(allowed_modules); i++)
		jump_prefix(p, allowed_modules[i], strlen(allowed_modules[i]), TO_ALLOW);
	jump_always(p, TO_DENY);
	finish(p, EPERM);
}

/* A file below /proc/sys is read or written. */
static void sysctl(struct program *p)
{
	emit(p, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1,
	     offsetof(struct bpf_sysctl, write), 0);
	jump(p, BPF_JEQ, BPF_REG_2, 0, TO_ALLOW);
	name_buffer(p, BPF_REG_2, BPF_REG_3);
	set(p, BPF_REG_4, 0);
	call(p, BPF_FUNC_sysctl_get_name);
	jump_prefix(p, refused_sysctl, sizeof(refused_sysctl), TO_DENY);
	for (size_t i = 0; i < ARRAY_SIZE(allowed_sysctls); i++)
		jump_prefix(p, allowed_sysctls[i], strlen(allowed_sysctls[i]), TO_ALLOW);
	jump_always(p, TO_DENY);
	finish(p, EPERM);
}

/* The last one is what all kernels take, see guard_attach(). */
static const struct guard {
	const char *name;
	enum bpf_prog_type type;
	enum bpf_attach_type at;
	void (*write)(struct program *p);
	const char *hook;
} guards[] = {
	{ "sockets", BPF_PROG_TYPE_LSM, BPF_LSM_CGROUP, socket_create, "bpf_lsm_socket_create" },
	{ "modules", BPF_PROG_TYPE_LSM, BPF_LSM_CGROUP, kernel_module_request,
	  "bpf_lsm_kernel_module_request" },
	{ "settings", BPF_PROG_TYPE_CGROUP_SYSCTL, BPF_CGROUP_SYSCTL, sysctl, "" },
};

/* See devices.c for why not libbpf. */
static int bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int attach(const struct guard *g, unsigned int hook, int cgroup_fd)
{
	struct program p = {};
	union bpf_attr loading = {
		.prog_type = g->type, .expected_attach_type = g->at, .attach_btf_id = hook,
		.prog_name = "cloison_guard", .license = (uintptr_t)"GPL",
		.insns = (uintptr_t)p.insns,
	};
	union bpf_attr attaching = {
		.target_fd = cgroup_fd, .attach_type = g->at, .attach_flags = BPF_F_ALLOW_MULTI,
	};
	cleanup_close int fd = -1;

	g->write(&p);
	if (p.count > MAX_INSNS) {
		errno = E2BIG;
		return -1;
	}
	loading.insn_cnt = p.count;
	fd = bpf(BPF_PROG_LOAD, &loading);
	if (fd < 0)
		return -1;
	attaching.attach_bpf_fd = fd;
	return bpf(BPF_PROG_ATTACH, &attaching);
}

/* What this kernel does not have, or have compiled in, or does not let a program do. */
static bool not_there(int error)
{
	return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP || error == ENOTSUPP ||
	       error == EACCES || error == ENOENT;
}

int guard_attach(int cgroup_fd)
{
	struct btf_symbol hooks[ARRAY_SIZE(guards)] = {};
	union bpf_attr query = {};

	query.query.target_fd = cgroup_fd;
	query.query.attach_type = guards[ARRAY_SIZE(guards) - 1].at;
	if (bpf(BPF_PROG_QUERY, &query) && !not_there(errno))
		return fail_errno(EXIT_KERNEL, "Cannot look up the guards");
	/* the last one is there: so are all that this kernel takes */
	if (query.query.prog_cnt)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(guards); i++)
		hooks[i].name = guards[i].hook;
	if (btf_look_up(NULL, hooks, ARRAY_SIZE(hooks)))
		return fail_errno(EXIT_KERNEL, "Cannot read the kernel's types");
	for (size_t i = 0; i < ARRAY_SIZE(guards); i++) {
		if (!attach(&guards[i], hooks[i].id, cgroup_fd))
			continue;
		if (!not_there(errno))
			return fail_errno(EXIT_KERNEL, "Cannot put up the guard on %s",
					  guards[i].name);
		detail("no guard on %s: %s", guards[i].name, strerror(errno));
	}
	return 0;
}
