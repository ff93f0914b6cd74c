/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of cloison_view.ko share. See Documentation/view.rst. */
#ifndef _CLOISON_VIEW_H
#define _CLOISON_VIEW_H

#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/memcontrol.h>
#include <linux/path.h>
#include <linux/refcount.h>
#include <linux/sched/loadavg.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>

#include "../core/cloison.h"

/* cpus.c: in us, each since the container was started, here or elsewhere. */
enum view_time {
	VIEW_USER,
	VIEW_NICE,
	VIEW_SYSTEM,
	VIEW_IDLE,
	VIEW_IOWAIT,
	VIEW_STEAL,

	VIEW_TIMES,
};

struct view_cputime {
	u64 t[VIEW_TIMES];
};

/*
 * container.c: the module's side of a container. A reader has a reference of
 * his own, so he may sleep, and the container may go meanwhile.
 */
struct view_ct {
	u32			id;
	refcount_t		refcount;
	struct path		dir;	/* its cgroup, in our own mount */
	struct mem_cgroup	*memcg;
	struct pid		*init;	/* NULL before it starts, then forever the same */

	struct list_head	list;	/* tasks.c */
	unsigned long		load[3];
	unsigned int		threads; /* when they were last looked at */

	spinlock_t		lock;	/* of all below: cpus.c, meminfo.c */
	u64			then;	/* up to when time is shared out, boot time in ns */
	u64			shared[VIEW_TIMES];
	u64			steal_since;	/* what that of VIEW_STEAL is counted from */
	struct view_cputime	*cpus;	/* nr_cpu_ids of them */
	u64			stat_read;	/* boot time in ns; 0: not yet. meminfo.c */
	unsigned long		stat_used;	/* pages that were charged then */
	u64			stat[24];	/* of memory.stat, in bytes */
};

/* NULL: the host. An error: a container of which nothing is known any more. */
struct view_ct *view_ct_get(void);
void view_ct_put(struct view_ct *ct);
/* The same without a reference: under RCU. */
struct view_ct *view_ct_here(void);

extern struct cloison_ops view_cloison_ops;

/* source.c: the kernel's own files, by mounts that nobody else has. */
struct path view_cgroup_root(void);
int view_source_init(void);
void view_source_exit(void);
struct file *view_open(const struct path *dir, const char *name, int flags);
char *view_text(const struct path *dir, const char *name);
const char *view_line(const char *text, const char *key);
u64 view_digits(const char *text);
u64 view_number(const char *text, const char *key);
int view_each(const char *name, const char *end,
	      int (*each)(const char *record, size_t len, void *arg), void *arg);
int view_show_proc(struct seq_file *m, const char *name);
u64 view_host_swap(void);
void view_host_swap_update(void);

/* cpus.c */
int view_cpumask(struct view_ct *ct, struct cpumask *mask);
int view_cpus(struct view_ct *ct);
int view_cputimes(struct view_ct *ct, int cpus, struct view_cputime *sum,
		  struct view_cputime *each);
int view_cputimes_all(struct view_ct *ct, struct view_cputime *each, u32 *cpus);
void view_cputimes_add(struct view_ct *ct, const struct view_cputime *each, u32 cpus);

/* tasks.c */
struct view_tasks {
	unsigned int total;	/* threads, as all of these */
	unsigned int running;
	unsigned int blocked;	/* in I/O */
	unsigned int active;	/* what makes the load */
};

void view_tasks(struct view_ct *ct, struct view_tasks *tasks);
void view_load_add(struct view_ct *ct);
void view_load_del(struct view_ct *ct);
void view_load_get(struct view_ct *ct, unsigned long load[3]);
void view_load_set(struct view_ct *ct, const unsigned long load[3]);
struct view_ct *view_ct_find(u32 id);
void view_load_exit(void);

/* fs.c */
int view_fs_init(void);
void view_fs_exit(void);

/* carry.c */
long view_carry_ioctl(unsigned int cmd, void __user *arg);

/* meminfo.c: in bytes */
void view_memory(struct view_ct *ct, u64 *total, u64 *used);
void view_swap(struct view_ct *ct, u64 *total, u64 *used);
u64 view_shmem(struct view_ct *ct);

/* sysinfo.c */
#ifdef COMPAT_HAVE_KFUNC
void view_bpf_sysinfo(u64 user);
void view_sysinfo_init(void);
#else
static inline void view_sysinfo_init(void)
{
}
#endif

/* The views, a file for each. */
int view_show_cpuinfo(struct seq_file *m, struct view_ct *ct);
int view_show_diskstats(struct seq_file *m, struct view_ct *ct);
int view_show_loadavg(struct seq_file *m, struct view_ct *ct);
int view_show_loads(struct seq_file *m, struct view_ct *ct);
int view_show_meminfo(struct seq_file *m, struct view_ct *ct);
int view_show_online(struct seq_file *m, struct view_ct *ct);
int view_show_pressure_cpu(struct seq_file *m, struct view_ct *ct);
int view_show_pressure_io(struct seq_file *m, struct view_ct *ct);
int view_show_pressure_memory(struct seq_file *m, struct view_ct *ct);
int view_show_stat(struct seq_file *m, struct view_ct *ct);
int view_show_swaps(struct seq_file *m, struct view_ct *ct);
int view_show_uptime(struct seq_file *m, struct view_ct *ct);
int view_show_vmstat(struct seq_file *m, struct view_ct *ct);

#endif /* _CLOISON_VIEW_H */
