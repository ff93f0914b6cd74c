/* SPDX-License-Identifier: GPL-2.0-only */
/* The source's side of moving a container while it runs. */
#ifndef CLOISON_MIGRATE_LIVE_H
#define CLOISON_MIGRATE_LIVE_H

#include "../lib/container.h"
#include "channel.h"
#include "report.h"

/* Memory, while it runs on, in rounds; *@parent is what the dump builds on, to be freed. */
int live_rounds(struct container *ct, struct channel *ch, struct report *report, char **parent);

/*
 * Freeze and dump it, and send the images; memory goes in rounds again if CRIU refuses that for
 * what passes. Then @taken is called. Its 0 kills what is here, or
 * leaves it frozen if it says *@leave; else it runs on. @files is called while it is dumped; once
 * more if that gave files names; and in each try, @again if the container has run since it was.
 * MIGRATE_STOP, or the status of @files or @taken.
 */
int live_dump(struct container *ct, struct channel *ch, struct report *report, const char *parent,
	      int (*files)(void *arg, bool again), int (*taken)(void *arg, bool *leave), void *arg);

/*
 * If the tool dies from here on while the container is frozen, somebody sees to it that it
 * runs on: a process that waits for that. live_unguard() lets it go.
 */
int live_guard(uint32_t ctid);
void live_unguard(int guard);

#endif
