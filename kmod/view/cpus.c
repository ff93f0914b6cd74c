// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CPUs of a container, and its time on them.
 *
 * It has as many as its cpuset allows, and no more than it may use at once by
 * its limit of CPU time. They are numbered from 0, and are none of the host's:
 * what it used, waited for and left unused since the last time somebody asked is
 * shared out evenly among those it has now. So no figure ever goes back,
 * whatever the container is given or loses, and all of them add up.
 */
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "../sched/cloison_sched.h"
#include "view.h"

/* Of the host's, which ones its tasks may run on. */
int view_cpumask(struct view_ct *ct, struct cpumask *mask)
{
	char *text = view_text(&ct->dir, "cpuset.cpus.effective");
	int err;

	/* The kernel may be without that controller. */
	if (text == ERR_PTR(-ENOENT)) {
		cpumask_copy(mask, cpu_online_mask);
		return 0;
	}
	if (IS_ERR(text))
		return PTR_ERR(text);
	err = cpulist_parse(strim(text), mask);
	kfree(text);
	if (!err && cpumask_empty(mask))
		cpumask_copy(mask, cpu_online_mask);
	return err;
}

/* How many its limit lets it use at once. */
static int view_cpus_limit(struct view_ct *ct)
{
	char *text = view_text(&ct->dir, "cpu.max");
	u64 quota, period;
	int cpus = INT_MAX;

	if (text == ERR_PTR(-ENOENT))
		return cpus;
	if (IS_ERR(text))
		return PTR_ERR(text);
	/* or "max" */
	if (sscanf(text, "%llu %llu", &quota, &period) == 2 && period)
		cpus = clamp_t(u64, DIV64_U64_ROUND_UP(quota, period), 1, INT_MAX);
	kfree(text);
	return cpus;
}

int view_cpus(struct view_ct *ct)
{
	cpumask_var_t mask;
	int cpus, limit;

	if (!alloc_cpumask_var(&mask, GFP_KERNEL))
		return -ENOMEM;
	cpus = view_cpumask(ct, mask);
	if (!cpus)
		cpus = cpumask_weight(mask);
	free_cpumask_var(mask);
	if (cpus < 0)
		return cpus;
	limit = view_cpus_limit(ct);
	return min(cpus, limit);
}

/* How long, in us, everything there was to do had to wait for @file's resource. */
static int view_stalled(struct view_ct *ct, const char *file, u64 *us)
{
	char *text = view_text(&ct->dir, file);
	const char *total;

	*us = 0;
	/* Pressure can be switched off. */
	if (text == ERR_PTR(-ENOENT) || text == ERR_PTR(-EOPNOTSUPP))
		return 0;
	if (IS_ERR(text))
		return PTR_ERR(text);
	total = view_line(text, "full");
	total = total ? strstr(total, "total=") : NULL;
	if (total)
		*us = view_digits(total + strlen("total="));
	kfree(text);
	return 0;
}

/*
 * How long, in us, it could have run and others did, and since when that is counted.
 * The module cloison_sched knows it of each CPU. Without it, it is the time in
 * which it ran nowhere at all.
 */
static int view_stolen(struct view_ct *ct, u64 *us, u64 *since)
{
	typeof(cloison_sched_figures) *figures = symbol_get(cloison_sched_figures);
	struct cloison_sched_figures f;
	bool known;

	*since = 0;
	if (!figures)
		return view_stalled(ct, "cpu.pressure", us);
	known = figures(ct->id, &f);
	symbol_put(cloison_sched_figures);
	if (!known)
		return view_stalled(ct, "cpu.pressure", us);
	*us = div_u64(f.steal, NSEC_PER_USEC);
	*since = f.since;
	return 0;
}

static int view_used(struct view_ct *ct, u64 now[VIEW_TIMES])
{
	char *text = view_text(&ct->dir, "cpu.stat");

	if (IS_ERR(text))
		return PTR_ERR(text);
	now[VIEW_USER] = view_number(text, "user_usec");
	/* They are two clocks, of which one may be ahead. */
	now[VIEW_NICE] = min(view_number(text, "nice_usec"), now[VIEW_USER]);
	now[VIEW_USER] -= now[VIEW_NICE];
	now[VIEW_SYSTEM] = view_number(text, "system_usec");
	kfree(text);
	return 0;
}

/*
 * What came since the last time, for one of @cpus. The rest of the division is
 * left for the next time; a source that was read before the last one, by
 * somebody who was overtaken, gives nothing.
 */
static u64 view_share(struct view_ct *ct, enum view_time i, u64 now, int cpus)
{
	u64 share = now > ct->shared[i] ? div_u64(now - ct->shared[i], cpus) : 0;

	ct->shared[i] += share * cpus;
	return share;
}

static void view_share_out(struct view_ct *ct, u64 time, const u64 now[VIEW_TIMES], int cpus)
{
	u64 share[VIEW_TIMES], used = 0, passed;
	int i, cpu;

	if (time <= ct->then)
		return;
	passed = div_u64(time - ct->then, NSEC_PER_USEC);
	ct->then += passed * NSEC_PER_USEC;
	for (i = 0; i < VIEW_TIMES; i++) {
		share[i] = i == VIEW_IDLE ? 0 : view_share(ct, i, now[i], cpus);
		/* It may wait on more CPUs than it may use. */
		if (i == VIEW_STEAL)
			share[i] = min(share[i], passed - min(passed, used));
		used += share[i];
	}
	share[VIEW_IDLE] = passed > used ? passed - used : 0;
	for (cpu = 0; cpu < cpus; cpu++)
		for (i = 0; i < VIEW_TIMES; i++)
			ct->cpus[cpu].t[i] += share[i];
}

/* Of all CPUs it ever had in @sum, and of the @cpus it has in @each, if given. */
int view_cputimes(struct view_ct *ct, int cpus, struct view_cputime *sum,
		  struct view_cputime *each)
{
	u64 now[VIEW_TIMES] = {}, time = ktime_get_boottime_ns(), since = 0;
	unsigned int cpu;
	int err, i;

	err = view_used(ct, now);
	if (!err)
		err = view_stalled(ct, "io.pressure", &now[VIEW_IOWAIT]);
	if (!err)
		err = view_stolen(ct, &now[VIEW_STEAL], &since);
	if (err)
		return err;

	memset(sum, 0, sizeof(*sum));
	spin_lock(&ct->lock);
	/* The module came or went: what it counts from now on is added. */
	if (since != ct->steal_since) {
		ct->steal_since = since;
		ct->shared[VIEW_STEAL] = now[VIEW_STEAL];
	}
	view_share_out(ct, time, now, cpus);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		for (i = 0; i < VIEW_TIMES; i++)
			sum->t[i] += ct->cpus[cpu].t[i];
	if (each)
		memcpy(each, ct->cpus, cpus * sizeof(*each));
	spin_unlock(&ct->lock);
	return 0;
}

/* Of all @cpus that it ever had, in nr_cpu_ids of @each. */
int view_cputimes_all(struct view_ct *ct, struct view_cputime *each, u32 *cpus)
{
	int now = view_cpus(ct), err, cpu, i;
	struct view_cputime sum;

	if (now < 0)
		return now;
	err = view_cputimes(ct, now, &sum, NULL);
	if (err)
		return err;
	*cpus = now;
	spin_lock(&ct->lock);
	memcpy(each, ct->cpus, nr_cpu_ids * sizeof(*each));
	spin_unlock(&ct->lock);
	for (cpu = now; cpu < nr_cpu_ids; cpu++)
		for (i = 0; i < VIEW_TIMES; i++)
			if (each[cpu].t[i])
				*cpus = cpu + 1;
	return 0;
}

/* What each of @cpus had before the container came. */
void view_cputimes_add(struct view_ct *ct, const struct view_cputime *each, u32 cpus)
{
	u32 cpu;
	int i;

	spin_lock(&ct->lock);
	for (cpu = 0; cpu < cpus; cpu++)
		for (i = 0; i < VIEW_TIMES; i++)
			ct->cpus[min(cpu, nr_cpu_ids - 1)].t[i] += each[cpu].t[i];
	spin_unlock(&ct->lock);
}

/* /sys/devices/system/cpu/online, and its like. */
int view_show_online(struct seq_file *m, struct view_ct *ct)
{
	int cpus;

	if (!ct) {
		seq_printf(m, "%*pbl\n", cpumask_pr_args(cpu_online_mask));
		return 0;
	}
	cpus = view_cpus(ct);
	if (cpus < 0)
		return cpus;
	seq_puts(m, "0");
	if (cpus > 1)
		seq_printf(m, "-%d", cpus - 1);
	seq_putc(m, '\n');
	return 0;
}
