// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files of /proc/vz.
 *
 * Addresses are cloison_net's, and what tasks waited is cloison_sched's: they are
 * asked for while those modules are loaded, which need not be the case.
 */
#include <linux/kernel_stat.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/ipv6.h>

#include "../compat/compat.h"
#include "../net/cloison_net.h"
#include "../sched/cloison_sched.h"
#include "acct.h"

struct acct_put_address {
	struct seq_file	*m;
	u32		id;
};

static void acct_addresses(struct seq_file *m, u32 id,
			   void (*show)(const struct in6_addr *addr,
					unsigned int plen, void *arg))
{
	typeof(cloison_net_addresses) *addresses;
	struct acct_put_address arg = { m, id };

	addresses = symbol_get(cloison_net_addresses);
	if (!addresses)
		return;
	addresses(id, show, &arg);
	symbol_put(cloison_net_addresses);
}

/* Tasks, as numproc counts them. */
static unsigned int acct_host_tasks(void)
{
	struct task_struct *task;
	unsigned int n = 0;
	int nr = 1;

	while ((task = acct_next_task(&init_pid_ns, &nr))) {
		rcu_read_lock();
		n += !cloison_of_task(task);
		rcu_read_unlock();
		put_task_struct(task);
		cond_resched();
	}
	return n;
}

static u64 acct_tasks(struct acct_ct *ct)
{
	struct acct_source src;
	u64 n = 0;
	char *text;

	acct_source_get(ct, &src);
	text = acct_cgroup_text(&src, "pids.current");
	acct_source_put(&src);
	acct_number(text, NULL, &n);
	kfree(text);
	return n;
}

static void acct_veinfo_address(const struct in6_addr *addr, unsigned int plen,
				void *arg)
{
	struct seq_file *m = ((struct acct_put_address *)arg)->m;
	char text[16];

	if (!ipv6_addr_v4mapped(addr)) {
		seq_printf(m, " %pI6", addr);
		return;
	}
	snprintf(text, sizeof(text), "%pI4", &addr->s6_addr32[3]);
	seq_printf(m, " %15s", text);
}

static int acct_veinfo_show(struct seq_file *m, void *v)
{
	struct acct_view *view = m->private;

	if (v == SEQ_START_TOKEN) {
		if (!view->only)
			seq_printf(m, "%10u %5u %5u\n", 0, 0, acct_host_tasks());
		return 0;
	}
	/* There are no classes. */
	seq_printf(m, "%10u %5u %5llu", view->ct->id, 0, acct_tasks(view->ct));
	acct_addresses(m, view->ct->id, acct_veinfo_address);
	seq_putc(m, '\n');
	return 0;
}

static void acct_veip_address(const struct in6_addr *addr, unsigned int plen,
			      void *arg)
{
	struct acct_put_address *put = arg;
	char text[40];

	if (ipv6_addr_v4mapped(addr))
		snprintf(text, sizeof(text), "%pI4", &addr->s6_addr32[3]);
	else
		snprintf(text, sizeof(text), "%pI6", addr);
	seq_printf(put->m, "%39s %10u\n", text, put->id);
}

static int acct_veip_show(struct seq_file *m, void *v)
{
	struct acct_view *view = m->private;

	if (v == SEQ_START_TOKEN)
		seq_puts(m, "Version: 2.5\n");
	else
		acct_addresses(m, view->ct->id, acct_veip_address);
	return 0;
}

/* Microseconds of cpu.stat in ticks as times(2) has them. */
static u64 acct_ticks(const char *stat, const char *key)
{
	u64 n = 0;

	acct_number(stat, key, &n);
	return div_u64(n, USEC_PER_SEC / USER_HZ);
}

/* What it waited for CPUs: at most at once, in all, and how often a task ran. */
static void acct_latency(u32 id, u64 *max, u64 *total, u64 *number)
{
	typeof(cloison_sched_figures) *figures = symbol_get(cloison_sched_figures);
	struct cloison_sched_figures f;

	if (!figures)
		return;
	if (figures(id, &f)) {
		*max = f.wait_max;
		*total = f.wait;
		*number = f.voluntary + f.involuntary;
	}
	symbol_put(cloison_sched_figures);
}

static int acct_vestat_show(struct seq_file *m, void *v)
{
	static const char * const columns[] = {
		"VEID", "user", "nice", "system", "uptime", "idle", "strv",
		"uptime", "used", "maxlat", "totlat", "numsched",
	};
	struct acct_view *view = m->private;
	u64 values[ARRAY_SIZE(columns)] = {}, uptime = 0, used = 0;
	struct acct_source src;
	char *stat;
	size_t i;

	if (v == SEQ_START_TOKEN) {
		seq_printf(m, "%-20s\n", "Version: 2.2");
		for (i = 0; i < ARRAY_SIZE(columns); i++)
			seq_printf(m, "%20s%c", columns[i],
				   i + 1 < ARRAY_SIZE(columns) ? ' ' : '\n');
		return 0;
	}
	acct_source_get(view->ct, &src);
	stat = acct_cgroup_text(&src, "cpu.stat");
	if (src.init)
		uptime = ktime_get_boottime_ns() - src.started;
	acct_source_put(&src);

	acct_number(stat, "usage_usec", &used);
	used *= NSEC_PER_USEC;
	values[0] = view->ct->id;
	values[1] = acct_ticks(stat, "user_usec");
	/* What was nice is part of user there, and is not here. They are two clocks. */
	values[2] = min(acct_ticks(stat, "nice_usec"), values[1]);
	values[1] -= values[2];
	values[3] = acct_ticks(stat, "system_usec");
	values[4] = div_u64(uptime, NSEC_PER_SEC / USER_HZ);
	/* Cycles of one nanosecond. */
	if (check_mul_overflow(uptime, num_online_cpus(), &values[5]))
		values[5] = U64_MAX;
	values[5] -= min(values[5], used);
	values[7] = uptime;
	values[8] = used;
	acct_latency(view->ct->id, &values[9], &values[10], &values[11]);
	kfree(stat);
	for (i = 0; i < ARRAY_SIZE(columns); i++)
		seq_printf(m, "%20llu%c", values[i],
			   i + 1 < ARRAY_SIZE(columns) ? ' ' : '\n');
	return 0;
}

static int acct_version_show(struct seq_file *m, void *v)
{
	if (v == SEQ_START_TOKEN)
		seq_puts(m, "cloison " CLOISON_VERSION "\n");
	return 0;
}

#define ACCT_VZ_FILE(_name)						\
static const struct seq_operations acct_##_name##_seq = {		\
	.start	= acct_view_start,					\
	.next	= acct_view_next,					\
	.stop	= acct_view_stop,					\
	.show	= acct_##_name##_show,					\
};									\
									\
static int acct_##_name##_open(struct inode *inode, struct file *file)	\
{									\
	return acct_view_open(inode, file, &acct_##_name##_seq);	\
}									\
									\
const struct proc_ops acct_##_name##_ops = {				\
	.proc_open	= acct_##_name##_open,				\
	.proc_read	= seq_read,					\
	.proc_lseek	= seq_lseek,					\
	.proc_release	= seq_release_private,				\
}

ACCT_VZ_FILE(veinfo);
ACCT_VZ_FILE(veip);
ACCT_VZ_FILE(vestat);
ACCT_VZ_FILE(version);
