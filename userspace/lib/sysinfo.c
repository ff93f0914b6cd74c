// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "btf.h"
#include "cleanup.h"
#include "error.h"
#include "kprog.h"
#include "sysinfo.h"
#include "util.h"

#define MODULE	"cloison_view"

enum { CALL, FUNCTION, ARGUMENT, SYMBOLS };

/* When the system call is done: (const struct pt_regs *regs), whose di is its only argument. */
static int attach(const struct btf_symbol *symbols, int types)
{
	struct bpf_insn insns[] = {
		{ BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_2, BPF_REG_1, 0, 0 },
		{ BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_2,
		  (short)symbols[ARGUMENT].offset, 0 },
		/* the offset is in the list of descriptors */
		{ BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 1, (int)symbols[FUNCTION].id },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0 },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};
	int fds[] = { -1, types };
	union bpf_attr loading = {
		.prog_type = BPF_PROG_TYPE_TRACING, .expected_attach_type = BPF_TRACE_FEXIT,
		.attach_btf_id = symbols[CALL].id, .prog_name = "cloison_sysinfo",
		.license = (uintptr_t)"GPL", .insns = (uintptr_t)insns,
		.insn_cnt = ARRAY_SIZE(insns), .fd_array = (uintptr_t)fds,
	};

	return kprog_attach(&loading);
}

int sysinfo_attach(void)
{
	struct btf_symbol symbols[SYMBOLS] = {
		[CALL] = { "__x64_sys_sysinfo" }, [FUNCTION] = { "view_bpf_sysinfo" },
		[ARGUMENT] = { "pt_regs", "di" },
	};
	cleanup_close int types = kprog_types(MODULE);
	int link = -1;

	if (types < 0 || btf_look_up(MODULE, symbols, SYMBOLS))
		return -1;
	errno = ENOENT;
	if (symbols[CALL].id && symbols[FUNCTION].id && symbols[ARGUMENT].offset >= 0)
		link = attach(symbols, types);
	if (link < 0)
		detail("sysinfo(2) answers for the host: %s", strerror(errno));
	return link;
}
