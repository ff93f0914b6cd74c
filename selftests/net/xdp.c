// SPDX-License-Identifier: GPL-2.0-only
/* xdp drop|pass FILE: an XDP program that does this with every packet, pinned there. */
#include <err.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr;
	int fd;

	if (argc != 3)
		errx(3, "usage: xdp drop|pass FILE");
	program[0].imm = strcmp(argv[1], "drop") ? XDP_PASS : XDP_DROP;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.insns = (unsigned long)program;
	attr.insn_cnt = sizeof(program) / sizeof(*program);
	attr.license = (unsigned long)"GPL";
	fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0)
		err(1, "load");

	memset(&attr, 0, sizeof(attr));
	attr.pathname = (unsigned long)argv[2];
	attr.bpf_fd = fd;
	if (syscall(SYS_bpf, BPF_OBJ_PIN, &attr, sizeof(attr)))
		err(1, "%s", argv[2]);
	return 0;
}
