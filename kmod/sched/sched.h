/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of cloison_sched.ko share. See Documentation/sched.rst. */
#ifndef _CLOISON_SCHED_PRIVATE_H
#define _CLOISON_SCHED_PRIVATE_H

#include <linux/atomic.h>
#include <linux/percpu.h>

#include "../core/cloison.h"
#include "cloison_sched.h"

/* What a container did on one CPU, up to the last switch there. Written by that CPU. */
struct sched_count {
	u64	run;
	u64	wait;
	u64	wait_max;
	u64	steal;
	u64	left;		/* when it was there last; the scheduler's clock */
	u64	voluntary;
	u64	involuntary;
	u64	latency_sum;
	u64	latency[CLOISON_SCHED_BUCKETS];
};

/* A container, or the host. */
struct sched_ct {
	struct sched_count __percpu	*count;
	u64				since;	/* CLOCK_BOOTTIME, ns */
	atomic_t			running; /* on so many CPUs; not for the host */
	int				peak;
};

/* container.c */
extern struct cloison_ops sched_cloison_ops;
extern struct sched_ct sched_host;

int sched_container_init(void);
void sched_container_exit(void);
/* The first id from that one on, -1: none. */
s64 sched_next_id(u64 from);
/* Under RCU: the host for whatever is in no container. */
struct sched_ct *sched_ct_of(struct cgroup *cgrp);
struct sched_ct *sched_ct_find(u32 id);

/* count.c: at every switch of tasks. */
int sched_count_init(void);
void sched_count_exit(void);
/* Sleeps. All CPUs look again whose task they run; nothing points to a detached container then. */
void sched_recount(void);
/* Under RCU. */
void sched_sum(struct sched_ct *ct, struct cloison_sched_figures *f);

/* netlink.c */
int sched_netlink_init(void);
void sched_netlink_exit(void);

/* kfunc.c: what BPF programs call. They keep the module while they are loaded. */
#ifdef COMPAT_HAVE_KFUNC
u32 cloison_cgroup_ctid(struct cgroup *cgrp);
u32 cloison_task_ctid(struct task_struct *p);
void sched_kfunc_init(void);
#else
static inline void sched_kfunc_init(void)
{
}
#endif

#endif /* _CLOISON_SCHED_PRIVATE_H */
