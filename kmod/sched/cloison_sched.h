/* SPDX-License-Identifier: GPL-2.0-only */
/* What containers got of the CPUs, for the other modules. */
#ifndef _CLOISON_SCHED_EXPORTS_H
#define _CLOISON_SCHED_EXPORTS_H

#include <linux/types.h>
#include <uapi/linux/cloison_sched.h>

/* In the terms of the attributes of the same names. */
struct cloison_sched_figures {
	u64	since;	/* CLOCK_BOOTTIME, ns: other figures begin anew with another one */
	u64	run;
	u64	wait;
	u64	wait_max;
	u64	steal;
	u64	voluntary;
	u64	involuntary;
	u32	running;
	u32	peak;
	u64	latency_sum;
	u64	latency[CLOISON_SCHED_BUCKETS];
};

/*
 * Of container @id, or of the host, 0; false if there is none. By symbol_get(),
 * which may sleep: the module need not be loaded. The function does not sleep.
 */
bool cloison_sched_figures(u32 id, struct cloison_sched_figures *f);

#endif /* _CLOISON_SCHED_EXPORTS_H */
