// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stddef.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "cleanup.h"
#include "devices.h"
#include "error.h"
#include "util.h"

const struct device_node device_nodes[] = {
	{ "null", 1, 3 }, { "zero", 1, 5 }, { "full", 1, 7 }, { "random", 1, 8 },
	{ "urandom", 1, 9 }, { "tty", 5, 0 }, { NULL, 0, 0 },
};

#define MINOR_ANY	(~0U)

struct rule {
	unsigned int major, minor;
};

/* All are character devices, for reading and writing (and mknod, which a user
 * namespace does not allow anyway). 136 are the pseudo terminals, 5:2 is ptmx.
 */
static const struct rule rules[] = {
	{ 1, 3 }, { 1, 5 }, { 1, 7 }, { 1, 8 }, { 1, 9 },
	{ 5, 0 }, { 5, 2 }, { 136, MINOR_ANY },
};

static struct bpf_insn load(int reg, size_t offset)
{
	return (struct bpf_insn) { .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = reg,
				   .src_reg = BPF_REG_1, .off = offset };
}

static struct bpf_insn op(int code, int reg, int imm)
{
	return (struct bpf_insn) { .code = code | BPF_K, .dst_reg = reg, .imm = imm };
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

int devices_restrict(int cgroup_fd)
{
	struct bpf_insn prog[8 + 4 * ARRAY_SIZE(rules)];
	cleanup_close int fd = -1;
	size_t n = 0;

	/* access_type is (access << 16) | type */
	prog[n++] = load(BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	prog[n++] = op(BPF_ALU | BPF_AND, BPF_REG_2, 0xffff);
	prog[n++] = load(BPF_REG_3, offsetof(struct bpf_cgroup_dev_ctx, major));
	prog[n++] = load(BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, minor));
	prog[n++] = op(BPF_ALU64 | BPF_MOV, BPF_REG_0, 0);
	prog[n++] = jump_unless(BPF_REG_2, BPF_DEVCG_DEV_CHAR, 4 * ARRAY_SIZE(rules));
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		bool any = rules[i].minor == MINOR_ANY;

		prog[n++] = jump_unless(BPF_REG_3, rules[i].major, 3);
		prog[n++] = any ? op(BPF_ALU64 | BPF_MOV, BPF_REG_5, 0) :
				  jump_unless(BPF_REG_4, rules[i].minor, 2);
		prog[n++] = op(BPF_ALU64 | BPF_MOV, BPF_REG_0, 1);
		prog[n++] = leave();
	}
	prog[n++] = leave();

	fd = bpf_prog_load(BPF_PROG_TYPE_CGROUP_DEVICE, "cloison_devices", "GPL", prog, n, NULL);
	if (fd < 0)
		return fail_errno(EXIT_KERNEL, "Cannot load the device filter");
	if (bpf_prog_attach(fd, cgroup_fd, BPF_CGROUP_DEVICE, BPF_F_ALLOW_MULTI) < 0)
		return fail_errno(EXIT_KERNEL, "Cannot attach the device filter");
	return 0;
}
