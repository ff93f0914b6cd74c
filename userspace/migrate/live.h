/* SPDX-License-Identifier: GPL-2.0-only */
/* The source's side of moving a container while it runs. */
#ifndef CLOISON_MIGRATE_LIVE_H
#define CLOISON_MIGRATE_LIVE_H

#include "../lib/container.h"
#include "channel.h"
#include "report.h"

/* Memory, while it runs on, in rounds; *@parent is what the dump builds on, to be freed. */
int live_rounds(struct container *ct, struct channel *ch, struct report *report, char **parent);

struct live_work {
	/* its files, while it is dumped; @again: in another try, and it has run since */
	int (*files)(void *arg, bool again);
	/* a try was refused: what may have been prepared for that is no more needed, it runs on */
	void (*refused)(void *arg);
	/* all is there; 0 kills what is here, or leaves it frozen if it says *@leave */
	int (*taken)(void *arg, bool *leave);
	void *arg;
	bool plain;	/* the target takes images that are not compressed */
};

/*
 * Freeze and dump it, and send the images; memory goes in rounds again if CRIU refuses that for
 * what passes. It runs on if something fails. Files are asked for once more if the dump gave
 * some of them names. MIGRATE_STOP, or the status of @work's.
 */
int live_dump(struct container *ct, struct channel *ch, struct report *report, const char *parent,
	      const struct live_work *work);

/*
 * If the tool dies from here on while the container is frozen, somebody sees to it that it
 * runs on: a process that waits for that. live_unguard() lets it go.
 */
int live_guard(uint32_t ctid);
void live_unguard(int guard);

#endif
