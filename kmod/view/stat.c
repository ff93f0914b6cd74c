// SPDX-License-Identifier: GPL-2.0-only
/* /proc/stat: time of its CPUs, and the state of its tasks. */
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/time_namespace.h>
#include <linux/timekeeping.h>

#include "view.h"

static void view_put_times(struct seq_file *m, const struct view_cputime *cpu)
{
	/* irq and softirq are the host's; guests run outside of containers. */
	static const int columns[] = {
		VIEW_USER, VIEW_NICE, VIEW_SYSTEM, VIEW_IDLE, VIEW_IOWAIT,
		-1, -1, VIEW_STEAL, -1, -1
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(columns); i++)
		seq_put_decimal_ull(m, " ", columns[i] < 0 ? 0 :
				    div_u64(cpu->t[columns[i]], USEC_PER_SEC / USER_HZ));
	seq_putc(m, '\n');
}

int view_show_stat(struct seq_file *m, struct view_ct *ct)
{
	struct view_cputime sum, *each;
	int cpus = view_cpus(ct), err, cpu;
	struct view_tasks tasks;
	struct timespec64 boot;

	if (cpus < 0)
		return cpus;
	each = kcalloc(cpus, sizeof(*each), GFP_KERNEL_ACCOUNT);
	if (!each)
		return -ENOMEM;
	err = view_cputimes(ct, cpus, &sum, each);
	if (err)
		goto free;
	view_tasks(ct, &tasks);
	getboottime64(&boot);
	timens_sub_boottime(&boot);

	/* Two spaces, as always. */
	seq_puts(m, "cpu ");
	view_put_times(m, &sum);
	for (cpu = 0; cpu < cpus; cpu++) {
		seq_printf(m, "cpu%d", cpu);
		view_put_times(m, &each[cpu]);
	}
	seq_printf(m, "btime %llu\nprocs_running %u\nprocs_blocked %u\n",
		   (u64)boot.tv_sec, tasks.running, tasks.blocked);
free:
	kfree(each);
	return err;
}
