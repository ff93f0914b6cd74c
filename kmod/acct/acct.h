/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of cloison_acct.ko share. See Documentation/acct.rst. */
#ifndef _CLOISON_ACCT_PRIVATE_H
#define _CLOISON_ACCT_PRIVATE_H

#include <linux/bits.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>
#include <linux/xarray.h>
#include <uapi/linux/cloison_acct.h>

#include "../core/cloison.h"

struct file;
struct net;
struct proc_dir_entry;
struct seq_file;

/* Beside CLOISON_ACCT_F_...: there are figures. Not for userspace. */
#define ACCT_KNOWN	BIT(31)

#define ACCT_IDS	65536	/* of a container */

static inline bool acct_in(u32 base, kuid_t uid)
{
	return __kuid_val(uid) - base < ACCT_IDS;
}

struct acct_row {
	u64	held;
	u64	maxheld;
	u64	barrier;
	u64	limit;
	u64	failcnt;
	u32	flags;
};

struct acct_sample {
	struct acct_row row[CLOISON_ACCT_RESOURCES];
	u32 cut;	/* a bit for each resource: a walk ended before it had seen all */
};

static inline void acct_hold(struct acct_row *row, u64 held)
{
	row->held = held;
	row->flags |= ACCT_KNOWN;
}

/* Where figures come from. Who copies it takes references. */
struct acct_source {
	struct cgroup	*cgroup;	/* NULL once its init has died */
	struct file	*dir;		/* of the cgroup, as long */
	struct pid	*init;		/* while it runs */
	u64		started;	/* CLOCK_BOOTTIME, ns */
};

/* What is refused beyond a limit, see enforce.c. */
struct acct_charge {
	long		limit;
	atomic_long_t	held;
	atomic_long_t	peak;
	atomic_long_t	failcnt;
	atomic_long_t	left;	/* of what is not counted: to be had without a look */
	unsigned int	looks;	/* how often that was, twice; odd: one is on its way */
};

/*
 * container.c: the module's side of a container. Whoever got it has a reference:
 * that keeps the memory only.
 *
 * A reader may be one of the container, whom its own limits stop wherever he is.
 * So nothing is measured under the lock, and it does not sleep: nothing of ours
 * waits for such a reader.
 */
struct acct_ct {
	u32			id;
	refcount_t		refcount;
	struct proc_dir_entry	*proc;

	/* enforce.c: written under its mutex */
	u32			groups;	/* of programs that ask about it */
	u32			base;	/* the first of its user ids, if any do */
	bool			gone;
	bool			stale;	/* sample.c: to be looked at soon */
	u64			due;	/* sample.c: the jiffy from which on it may be looked at */
	u64			due_soon;	/* the same, for what it got */
	struct mutex		recount;	/* by one at a time */
	struct list_head	visitors;	/* read under RCU, written under the lock below */
	struct acct_charge	charge[CLOISON_ACCT_RESOURCES];

	spinlock_t		lock;	/* of all below */
	struct acct_source	source;
	struct {
		u64	maxheld;
		u64	failcnt;
		u64	carried;	/* of that, from before: see netlink.c */
		u64	barrier;
		u64	limit;
		u32	flags;
		bool	bounded;	/* barrier and limit were set */
	} kept[CLOISON_ACCT_RESOURCES];
	struct rcu_head		rcu;
};

extern struct cloison_ops acct_cloison_ops;

/* NULL: there is none. acct_next(): the first from that id on. */
struct acct_ct *acct_get(u32 id);
struct acct_ct *acct_next(u64 id);
void acct_put(struct acct_ct *ct);
/* How many there are. */
u32 acct_containers(void);

/* A copy of ct->source; all of it is NULL once the container is dead. */
void acct_source_get(struct acct_ct *ct, struct acct_source *src);
void acct_source_put(struct acct_source *src);

/* resource.c: NULL for those numbers that OpenVZ does not use either. */
extern const char * const acct_names[CLOISON_ACCT_RESOURCES];

/* sample.c: what a container holds now; -EINTR if the reader is being killed. */
int acct_sample(struct acct_ct *ct, struct acct_sample *s);
/*
 * At the death of its init, under the core's mutex: of the maxima that the kernel
 * keeps those that are in memory, as a reader who was stopped may be in a file.
 */
void acct_sample_last(struct acct_ct *ct);
/* Of a life before this one. */
void acct_carry(struct acct_ct *ct, u32 resource, u64 maxheld, u64 failcnt);
/* It got something, so something may have been missed: it is caught up with. Does not sleep. */
void acct_look_soon(struct acct_ct *ct);
int acct_sampler_init(void);
void acct_sampler_exit(void);

/* cgroup.c: of its cgroup. */
int acct_cgroup_init(void);
void acct_cgroup_exit(void);
/* The directory of a cgroup; -ENOENT or -ENODEV if it was removed. */
struct file *acct_cgroup_open(struct cgroup *cgroup);
/* The text of a file, to be freed; NULL without it. */
char *acct_cgroup_text(const struct acct_source *src, const char *file);
/* The number in the line "KEY NUMBER"; of the text itself if @key is NULL. */
bool acct_number(const char *text, const char *key, u64 *number);
void acct_cgroup_sample(const struct acct_source *src, struct acct_sample *s);
/* Of that, what can be had without a file: RAM and swap. Does not sleep. */
void acct_sample_counters(const struct acct_source *src, struct acct_sample *s);

/* walk.c: of its processes. */
struct task_struct *acct_next_task(struct pid_namespace *ns, int *nr);
/* What it meets is counted too, where there are limits: see acct_enroll(). */
int acct_walk(struct acct_ct *ct, const struct acct_source *src, struct acct_sample *s);

/* So many files are looked at without a pause. */
#define ACCT_BATCH	512

/* files.c: what a walk has met. */
struct acct_thing {
	unsigned long	key;	/* the same thing has the same one */
	enum {
		ACCT_FILE,
		ACCT_TCP,
		/* Of the container's network namespace, see acct_sockets(). */
		ACCT_TCP_COUNTED,
		ACCT_TCP_UNHASHED,
		ACCT_SOCKET,
		ACCT_SOCKET_COUNTED,
		ACCT_MEMORY,
	} what;
	u64		amount[2];	/* sent and received, or private and locked */
	bool		dgram;
};

/* So many locks of files are looked at in a walk; some tens of milliseconds. */
#define ACCT_LOOKS_MAX	BIT(20)

struct acct_walk {
	struct acct_sample	*s;
	struct acct_ct		*ct;
	struct net		*net;
	u32			base;	/* of its user ids */
	u64			tcp_unhashed;
	unsigned int		looks;	/* at locks, that it may still make */
	unsigned int		descriptors;	/* that it may still look at */
	struct xarray		met;	/* counted at once, or gone through, and may be met again */
	/* what may be met again, counted in the end */
	struct acct_thing	*again;
	size_t			count;
	size_t			size;
	/* of the table of files at hand */
	bool			shared;
	unsigned int		fd;
	unsigned int		left;
};

void acct_count(struct acct_walk *walk, const struct acct_thing *thing);
/* Terminals and locks, once each: a pair, by the address of its master say; what a file has. */
void acct_count_pty(struct acct_walk *walk, const void *pty);
void acct_count_asked(struct acct_walk *walk, u32 resource, const struct file *file);
int acct_files(struct acct_walk *walk, struct task_struct *task);

/* enforce.c: files of the programs that hold a limit, for acct_enforce() to take. */
struct acct_links {
	u32		token;
	unsigned int	count;
	int		fd[CLOISON_ACCT_LINKS_MAX];
};

int acct_enforce_init(void);
void acct_enforce_exit(void);
int acct_enforce(struct acct_ct *ct, u32 resource, u32 base,
		 const struct acct_links *links, struct netlink_ext_ack *extack);
void acct_unenforce(struct acct_ct *ct);
void acct_limit(struct acct_ct *ct, u32 resource, u64 limit);
bool acct_enforces(struct acct_ct *ct, u32 resource);
void acct_enroll(struct acct_ct *ct, u32 resource, kuid_t owner, const void *thing);
int acct_catch_up(struct acct_ct *ct, struct acct_sample *s);
/* What no process may have a descriptor of: files in transit, or only mapped. */
int acct_walk_asked(struct acct_walk *walk);
void acct_sample_enforced(struct acct_ct *ct, struct acct_sample *s, bool dead);

/* visit.c: the host has put that process in. */
int acct_visit(struct acct_ct *ct, struct pid *pid);
/* May the calling process have one more, when the container is @beyond its limit already? */
bool acct_may_exceed(struct acct_ct *ct, u32 resource, long beyond);
void acct_visitors_free(struct acct_ct *ct);

/* By BPF programs only. */
int acct_bpf_file_new(u32 token, u64 file, u32 uid);
int acct_bpf_file_free(u32 token, u64 file);
int acct_bpf_sock_new(u32 token, u64 sk, u32 uid, u32 kind, u32 refuse);
int acct_bpf_sock_request(u32 token, u32 uid);
int acct_bpf_sock_free(u32 token, u64 sk);
int acct_bpf_lock(u32 token, u64 file);
int acct_bpf_lock_free(u32 token, u64 file);
int acct_bpf_terminal(u32 token, u64 file);
int acct_bpf_slave(u32 token, u64 file);
int acct_bpf_terminal_free(u32 token, u64 file);

/* netlink.c */
int acct_netlink_init(void);
void acct_netlink_exit(void);

/* proc.c: who may look, and at what. */
struct acct_view {
	u32		only;	/* a container that sees itself; 0: the host */
	bool		headless;
	struct acct_ct	*ct;	/* that is being shown */
};

extern const struct proc_ops acct_beancounters_ops;	/* with OpenVZ's dummies */
extern const struct proc_ops acct_resources_ops;
extern const struct proc_ops acct_one_ops;	/* the data is an id */
extern const struct proc_ops acct_veinfo_ops;
extern const struct proc_ops acct_vestat_ops;
extern const struct proc_ops acct_veip_ops;
extern const struct proc_ops acct_version_ops;

/* The seq_file iterators of a file with a line or more for each container. */
int acct_view_open(struct inode *inode, struct file *file,
		   const struct seq_operations *ops);
void *acct_view_start(struct seq_file *m, loff_t *pos);
void *acct_view_next(struct seq_file *m, void *v, loff_t *pos);
void acct_view_stop(struct seq_file *m, void *v);

/* Nothing if the module was told so: then there is nothing to remove either. */
int acct_proc_init(void);
void acct_proc_exit(void);
int acct_proc_add(struct acct_ct *ct);
void acct_proc_del(struct acct_ct *ct);

#endif /* _CLOISON_ACCT_PRIVATE_H */
