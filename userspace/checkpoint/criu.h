/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running CRIU, through its library, as a container needs it: see
 * Documentation/checkpoint.rst.
 */
#ifndef CLOISON_CRIU_H
#define CLOISON_CRIU_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "apart.h"

enum criu_work { CRIU_DUMP, CRIU_PRE_DUMP, CRIU_RESTORE };

/* What CRIU tells of on its way, and waits for. */
enum criu_step {
	CRIU_SEIZING,		/* dump: it runs, and will be frozen next */
	CRIU_FROZEN,		/* dump: nothing runs, nothing is written yet */
	CRIU_DUMPED,		/* dump: all is written; 0: kill it, else let it run on */
	CRIU_NAMESPACES,	/* restore: tasks are in their groups, files are not open */
	CRIU_RESTORED,		/* restore: all is there, and can still be given up */
	CRIU_RESUMING,		/* restore: will run next, or be frozen */
	/*
	 * Pre-dump, restore, trial: still at it after so long, again and again. If a restore is
	 * given up then CRIU is killed; a dump never is, it has code in the processes.
	 */
	CRIU_LATE,
};

/*
 * A detached mount that CRIU finds at CRIU_MOUNTS/@name, where the container's root may look
 * into.
 */
#define CRIU_MOUNTS	"/run/cloison"

struct criu_mount {
	int mount;
	char *name;
};

struct criu_job {
	enum criu_work work;
	const char *images;	/* a directory */
	const char *parent;	/* of images, below that; or NULL */
	pid_t init;		/* dump */
	int root;		/* restore: a detached mount of the files */
	const struct apart *apart;	/* restore: for a trial; or NULL */
	unsigned int seize;	/* dump: seconds in which all tasks are to be seized */
	/* dump: to be frozen while tasks are seized; restore: killed if the tool is, no trial's */
	const char *cgroup;
	bool track;		/* another dump will follow, with this for its parent */
	bool lock_network;	/* it has links that cannot be put on hold */
	const char *const *external;	/* as --external has it; NULL ends the list */
	const struct criu_mount *mounts;
	size_t mounts_count;
	int keep, heir;		/* held until CRIU has ended, whatever becomes of us; -1, 0: none */
	/* 0, or an exit status: CRIU gives up then */
	int (*step)(enum criu_step step, void *arg);
	/*
	 * Dump: after CRIU_FROZEN, while CRIU goes on; its exit status is that of the next step. If
	 * CRIU comes to none, its own reason counts.
	 */
	int (*meanwhile)(void *arg);
	/* while CRIU starts; an exit status stands for that of the first step; may be NULL */
	int (*begun)(void *arg);
	void *arg;
};

/* Is it there, and can it be used with this kernel? EXIT_KERNEL with advice. */
int criu_ready(void);
/* "4.1.1"; after criu_ready(). */
const char *criu_version(void);

/*
 * 0, with the pid of what was restored in *@restored; the status of a step that failed;
 * or EXIT_PAUSE, EXIT_UNPAUSE, with what CRIU says of the reason.
 */
int criu_run(const struct criu_job *job, pid_t *restored);

/* What CRIU refused may work the next time. */
bool criu_refusal_passes(void);

#endif
