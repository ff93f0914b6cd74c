// SPDX-License-Identifier: GPL-2.0-only
/* /proc/uptime: since when its clock runs, and how long its CPUs had nothing to do. */
#include <linux/time_namespace.h>
#include <linux/timekeeping.h>

#include "view.h"

int view_show_uptime(struct seq_file *m, struct view_ct *ct)
{
	int cpus = view_cpus(ct), err;
	struct view_cputime sum;
	struct timespec64 up;
	u64 idle;
	u32 us;

	if (cpus < 0)
		return cpus;
	err = view_cputimes(ct, cpus, &sum, NULL);
	if (err)
		return err;
	/* What sysinfo(2) says. */
	ktime_get_boottime_ts64(&up);
	timens_add_boottime(&up);
	idle = div_u64_rem(sum.t[VIEW_IDLE], USEC_PER_SEC, &us);
	seq_printf(m, "%llu.%02lu %llu.%02u\n", (u64)up.tv_sec,
		   up.tv_nsec / (NSEC_PER_SEC / 100), idle, us / (u32)(USEC_PER_SEC / 100));
	return 0;
}
