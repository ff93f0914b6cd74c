/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who shares out the CPU: the kernel's group scheduling, or our scheduler on top of
 * sched_ext (../sched/). Ours is held by what is pinned in bpffs, by no process.
 */
#ifndef CLOISON_SCX_H
#define CLOISON_SCX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum scx_state {
	SCX_MISSING,	/* this kernel has no sched_ext */
	SCX_OFF,	/* the kernel's own is in charge, as it should be */
	SCX_FOREIGN,	/* another scheduler of sched_ext is */
	SCX_ON,		/* ours is */
	SCX_EJECTED,	/* the kernel ended ours, and its own is in charge */
};

struct scx_status {
	enum scx_state state;
	char name[128];		/* FOREIGN: of the other one */
	bool other;		/* ON: another version's, of which only that is known */
	unsigned int host_weight;	/* of ON, unless other */
	uint64_t since;		/* CLOCK_BOOTTIME in ns: of ON; 0: not known */
	uint64_t ended;		/* of EJECTED */
	unsigned int ejections;	/* in a row */
	char reason[128], message[512];	/* of EJECTED */
};

/* What to do about another version's. */
#define SCX_REPLACE	"cloisonctl sched enable"

void scx_look(struct scx_status *status);
/* Why ours is not in charge, and what to do about it; NULL if it is. */
const char *scx_why_not(void);

/* A container, as our scheduler sees it. */
struct scx_container {
	uint32_t id;		/* 0: the host */
	uint32_t weight;	/* cpu.weight */
	uint32_t running, waiting;	/* tasks, at this moment */
	uint32_t cpus;		/* that it may have at once, 0: all */
	uint32_t most;		/* that it had at once */
	uint32_t policy;	/* enum sched_policy */
	uint64_t throttled_us;	/* that it waited for its limit */
	uint64_t throttles;	/* how often */
};

/* By slot; free() *list. EXIT_KERNEL. */
int scx_containers(struct scx_container **list, size_t *count);

/* Put ours in charge, for all containers, in the place of another version's. EXIT_KERNEL. */
int scx_enable(void);
/* The kernel's own: no setting changes. */
int scx_disable(void);

/* After an ejection: when it is tried again, in ms of now_ms(); INT64_MAX: never. */
int64_t scx_retry_at(const struct scx_status *status);
/* Do that, if it is time. */
void scx_retry(void);

/* If ours is in charge, tell it what is noted at a container's cgroup. */
int scx_tell(uint32_t id);

/* How a container orders its tasks: enum sched_policy. Numbers from elsewhere have a name, too. */
const char *scx_policy_name(uint32_t policy);
bool scx_policy_parse(const char *name, uint32_t *policy);

/* A socket on which the kernel tells that a scheduler came or went, or -1; what it told
 * is thrown away by scx_drain(): look at the state.
 */
int scx_listen(void);
bool scx_drain(int fd);

#endif
