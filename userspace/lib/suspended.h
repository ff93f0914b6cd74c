/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mark of a suspended container: the file "suspended" in its private area, with a token
 * that is in the file of its state too, and where that is. As long as the mark is there
 * nothing has run in the container since, so its files are those its processes knew: the
 * mark goes before anything runs.
 */
#ifndef CLOISON_SUSPENDED_H
#define CLOISON_SUSPENDED_H

#include <stdbool.h>

#include "address.h"
#include "container.h"

/* There is a mark, and the file. It counts while the container does not run. */
bool suspended(const struct container *ct);
/* Both to be freed; false without a mark. */
bool suspended_find(const struct container *ct, char **token, char **path);
/* The same of another file that says so; and to write one, EXIT_PAUSE. */
bool suspended_read(const char *file, char **token, char **path);
int suspended_write(const char *file, const char *token, const char *path);

/*
 * On disk when they return 0, else EXIT_PAUSE, EXIT_UNPAUSE. If the state is not where it
 * usually is there is a link to it there.
 */
int suspended_mark(const struct container *ct, const char *token, const char *path);
int suspended_unmark(const struct container *ct);
/* The mark alone, into what is to be the private area. */
int suspended_mark_in(const char *private, const char *token, const char *path);

/*
 * Of what this process marks, the mark says that it was suspended for the host to be upgraded:
 * the next boot resumes it. Does one say so? The state may be out of sight.
 */
extern bool suspended_marks_upgrade;
bool suspended_for_upgrade(const struct container *ct);

/*
 * Does a suspended container other than @id have one of the addresses @wanted? It will want
 * it again: EXIT_IP_IN_USE.
 */
int suspended_hold(uint32_t id, const struct addresses *wanted);

/* Where the state is unless somebody says; to be freed. */
char *suspended_default(const struct container *ct);

/*
 * For commands that cannot be then: @status, and what to do. The mark alone counts: with the
 * state out of sight, on what is not mounted, its files are still those it knew. Else 0.
 */
int suspended_refuse(const struct container *ct, int status);

#endif
