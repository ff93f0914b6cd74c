// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux 6.16, "exit: move and extend sched_process_exit() tracepoint": the
 * probe is told whether the last thread of the group is exiting.
 */
#include <trace/events/sched.h>

static void probe(void *data, struct task_struct *p, bool group_dead)
{
}

static inline void check(void)
{
	check_trace_callback_type_sched_process_exit(probe);
}
