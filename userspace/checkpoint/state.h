/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Suspended containers: state in one file (archive.h), and a mark beside the container's
 * files (suspended.h). Callers hold the lock. 0 or an exit status.
 */
#ifndef CLOISON_STATE_H
#define CLOISON_STATE_H

#include <stdbool.h>

#include "archive.h"
#include "container.h"

/* @path may be NULL everywhere: the place that is usual, or the one in the mark. */

/* The running container goes into the file, and is down. On error it runs on. */
int state_suspend(const struct container *ct, const char *path);
/* Into the file only; it stays frozen, for the next one or checkpoint_resume(). */
int state_dump(const struct container *ct, const char *path);
/* Into the file, and it runs on; while it stood still, @also was called. */
int state_copy(const struct container *ct, const char *path, int (*also)(void *arg), void *arg);
/* The token of one that is whole. */
int state_token(const struct container *ct, const char *path, char token[TOKEN_SIZE]);
/* What is frozen goes; it is suspended if state_dump() was before. */
int state_kill(const struct container *ct);

/*
 * What the file has, frozen. Without @force only the last state of a container that has
 * not run since. On error all is as it was. checkpoint_resume() lets it run.
 */
int state_undump(struct container *ct, const char *path, bool force);
/* The same, and it runs; the file goes then, unless it is to be kept. */
int state_resume(struct container *ct, const char *path, bool force, bool keep);
/* The state is given up: mark and file. */
int state_discard(const struct container *ct);
/* One that it was resumed from and that was kept, where it usually is; EXIT_SYSTEM. */
int state_forget(const struct container *ct);

/* What a killed command left: checkpoint_settle(), and images that are half written. */
int state_settle(const struct container *ct);
bool state_unsettled(const struct container *ct);

#endif
