// SPDX-License-Identifier: GPL-2.0-only
/* /proc/loadavg: of the container's tasks. */
#include <linux/idr.h>
#include <linux/pid_namespace.h>

#include "view.h"

int view_show_loadavg(struct seq_file *m, struct view_ct *ct)
{
	struct view_tasks tasks;
	unsigned long load[3];

	view_load_get(ct, load);
	view_tasks(ct, &tasks);
	seq_printf(m, "%lu.%02lu %lu.%02lu %lu.%02lu %u/%u %d\n",
		   LOAD_INT(load[0]), LOAD_FRAC(load[0]), LOAD_INT(load[1]), LOAD_FRAC(load[1]),
		   LOAD_INT(load[2]), LOAD_FRAC(load[2]), tasks.running, tasks.total,
		   idr_get_cursor(&task_active_pid_ns(current)->idr) - 1);
	return 0;
}
