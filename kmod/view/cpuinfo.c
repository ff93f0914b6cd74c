// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/cpuinfo: what the kernel says of the CPUs that the container's tasks may
 * run on, numbered from 0, and as many as it has.
 */
#include <linux/string.h>

#include "view.h"

struct view_blocks {
	struct seq_file *m;
	struct cpumask *mask;
	int cpus;	/* wanted */
	int shown;
};

static int show_block(const char *block, size_t len, void *arg)
{
	const char *rest = memchr(block, '\n', len);
	struct view_blocks *b = arg;
	unsigned int cpu;

	if (sscanf(block, "processor : %u", &cpu) == 1 && cpu < nr_cpu_ids &&
	    cpumask_test_cpu(cpu, b->mask)) {
		seq_printf(b->m, "processor\t: %d", b->shown++);
		seq_write(b->m, rest, len - (rest - block));
	}
	return b->shown == b->cpus || seq_has_overflowed(b->m);
}

int view_show_cpuinfo(struct seq_file *m, struct view_ct *ct)
{
	struct view_blocks b = { .m = m, .cpus = view_cpus(ct) };
	cpumask_var_t mask;
	int err;

	if (b.cpus < 0)
		return b.cpus;
	if (!alloc_cpumask_var(&mask, GFP_KERNEL))
		return -ENOMEM;
	b.mask = mask;
	err = view_cpumask(ct, mask);
	if (!err)
		err = view_each("cpuinfo", "\n\n", show_block, &b);
	free_cpumask_var(mask);
	return err;
}
