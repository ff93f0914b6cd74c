/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What cloison.ko tells of containers as it happens (linux/cloison.h). One listener
 * per process.
 */
#ifndef CLOISON_EVENTS_H
#define CLOISON_EVENTS_H

#include <stdbool.h>

#include "kernel.h"

enum event_kind {
	EVENT_CONTAINER,	/* what happened to one */
	EVENT_LOST,		/* there were more than could be read: look for yourself */
	EVENT_MODULE_GONE,
	EVENT_MODULE_HERE,	/* again: what happened in between is not told */
	EVENT_SCHEDULER_HERE,	/* from here on not by cloison.ko, see scx.h */
	EVENT_SCHEDULER_GONE,
	EVENT_SCHEDULER_EJECTED,
};

struct event {
	enum event_kind kind;
	enum cloison_event what;
	struct kernel_container ct;
};

/*
 * Begin to listen. Without the module: EXIT_KERNEL if it is @needed, else it is waited
 * for. EXIT_SYSTEM.
 */
int events_open(bool needed);
/* To be polled. */
int events_fd(void);
/* Take what is there, calling @take for each. */
int events_read(void (*take)(const struct event *event, void *arg), void *arg);

/* created, started, exited, deleted */
const char *event_name(enum cloison_event what);
/* How it ended: exit, signal, or, by reboot(2), reboot or halt. */
const char *event_reason(int exit_status);

#endif
