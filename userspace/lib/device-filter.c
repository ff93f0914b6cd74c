// SPDX-License-Identifier: GPL-2.0-only
/* The BPF program that enforces devices.h. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "cleanup.h"
#include "devices.h"
#include "error.h"
#include "util.h"

#define ALL	(BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

/* What every container may use: null, zero, full, random, urandom, tty, ptmx, and
 * the pseudo terminals.
 */
static const struct device_rule common[] = {
	{ false, 1, 3, ALL }, { false, 1, 5, ALL }, { false, 1, 7, ALL }, { false, 1, 8, ALL },
	{ false, 1, 9, ALL }, { false, 5, 0, ALL }, { false, 5, 2, ALL },
	{ false, 136, DEVICE_MINOR_ANY, ALL },
};

#define INSNS_PER_RULE	8
#define INSNS_MAX	(8 + INSNS_PER_RULE * (ARRAY_SIZE(common) + DEVICES_MAX))

static struct bpf_insn load(int reg, size_t offset)
{
	return (struct bpf_insn) { .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = reg,
				   .src_reg = BPF_REG_1, .off = offset };
}

static struct bpf_insn op(int code, int reg, int imm)
{
	return (struct bpf_insn) { .code = code | BPF_K, .dst_reg = reg, .imm = imm };
}

static struct bpf_insn copy(int to, int from)
{
	return (struct bpf_insn) { .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = to,
				   .src_reg = from };
}

static struct bpf_insn jump_unless(int reg, int imm, int skip)
{
	return (struct bpf_insn) { .code = BPF_JMP32 | BPF_JNE | BPF_K, .dst_reg = reg,
				   .off = skip, .imm = imm };
}

static struct bpf_insn leave(void)
{
	return (struct bpf_insn) { .code = BPF_JMP | BPF_EXIT };
}

/* r2: type, r3: major, r4: minor, r5: access, r6: scratch. Allowed if the rule fits
 * and nothing is wanted that it does not give.
 */
static size_t emit_rule(struct bpf_insn *p, const struct device_rule *rule)
{
	bool any = rule->minor == DEVICE_MINOR_ANY;
	int rest = any ? 6 : 7;
	size_t n = 0;

	p[n++] = jump_unless(BPF_REG_2, rule->block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR,
			     rest--);
	p[n++] = jump_unless(BPF_REG_3, rule->major, rest--);
	if (!any)
		p[n++] = jump_unless(BPF_REG_4, rule->minor, rest--);
	p[n++] = copy(BPF_REG_6, BPF_REG_5);
	p[n++] = op(BPF_ALU | BPF_AND, BPF_REG_6, ~rule->access & ALL);
	rest -= 2;
	p[n++] = jump_unless(BPF_REG_6, 0, rest);
	p[n++] = op(BPF_ALU64 | BPF_MOV, BPF_REG_0, 1);
	p[n++] = leave();
	return n;
}

/*
 * libbpf would do, but loads two programs more to see what the kernel can, and
 * itself takes a tenth of the tool's time to be linked in.
 */
static int bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int load_filter(const struct device_set *set)
{
	struct bpf_insn prog[INSNS_MAX];
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE, .prog_name = "cloison_devices",
		.license = (uintptr_t)"GPL", .insns = (uintptr_t)prog,
	};
	size_t n = 0;

	/* access_type is (access << 16) | type */
	prog[n++] = load(BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	prog[n++] = load(BPF_REG_3, offsetof(struct bpf_cgroup_dev_ctx, major));
	prog[n++] = load(BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, minor));
	prog[n++] = copy(BPF_REG_5, BPF_REG_2);
	prog[n++] = op(BPF_ALU | BPF_RSH, BPF_REG_5, 16);
	prog[n++] = op(BPF_ALU | BPF_AND, BPF_REG_2, 0xffff);
	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		n += emit_rule(prog + n, &common[i]);
	for (size_t i = 0; i < set->rules_count; i++)
		n += emit_rule(prog + n, &set->rules[i]);
	prog[n++] = op(BPF_ALU64 | BPF_MOV, BPF_REG_0, 0);
	prog[n++] = leave();
	attr.insn_cnt = n;
	return bpf(BPF_PROG_LOAD, &attr);
}

/* The filter the cgroup has, to be replaced, into *@fd; -1: none. */
static int present_filter(int cgroup_fd, int *fd)
{
	__u32 id = 0;
	union bpf_attr query = {
		.query.target_fd = cgroup_fd, .query.attach_type = BPF_CGROUP_DEVICE,
		.query.prog_ids = (uintptr_t)&id, .query.prog_cnt = 1,
	};
	union bpf_attr open = {};

	if (bpf(BPF_PROG_QUERY, &query))
		return -1;
	if (!query.query.prog_cnt)
		return 0;
	open.prog_id = id;
	*fd = bpf(BPF_PROG_GET_FD_BY_ID, &open);
	return *fd < 0 ? -1 : 0;
}

int devices_restrict(int cgroup_fd, const struct device_set *set)
{
	cleanup_close int old = -1;
	cleanup_close int fd = -1;
	union bpf_attr attr = {
		.target_fd = cgroup_fd, .attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = BPF_F_ALLOW_MULTI,
	};

	/* of two filters both must allow a device */
	if (present_filter(cgroup_fd, &old))
		return fail_errno(EXIT_KERNEL, "Cannot look up the device filter");
	fd = load_filter(set);
	if (fd < 0)
		return fail_errno(EXIT_KERNEL, "Cannot load the device filter");
	attr.attach_bpf_fd = fd;
	if (old >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = old;
	}
	if (bpf(BPF_PROG_ATTACH, &attr))
		return fail_errno(EXIT_KERNEL, "Cannot attach the device filter");
	return 0;
}
