// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux 6.9, "bpf: treewide: Annotate BPF kfuncs in BTF": a module marks the
 * functions that it gives to BPF programs.
 */
#include <linux/btf.h>
#include <linux/btf_ids.h>

__bpf_kfunc_start_defs();

__bpf_kfunc int probe(void)
{
	return 0;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(probe_ids)
BTF_ID_FLAGS(func, probe)
BTF_KFUNCS_END(probe_ids)
