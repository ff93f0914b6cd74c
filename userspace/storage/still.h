/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container whose files stand still while they are read: its programs are frozen, and so is
 * its file system, if it has one of its own. A process apart lets them go on when the command
 * is dead; if that was killed too, who finds the note in /run does. Callers hold the lock.
 */
#ifndef CLOISON_STILL_H
#define CLOISON_STILL_H

#include "container.h"
#include "copy.h"

/*
 * Do @work while it stands still; all goes on afterwards. With @programs false its programs are
 * stopped by somebody else. Also EXIT_PAUSE, EXIT_UNPAUSE, EXIT_SYSTEM.
 */
int still_during(const struct container *ct, bool programs, int (*work)(void *arg), void *arg);
/* The same for a copy of the files of @source. */
int still_copy(const struct container *source, bool programs, const struct copy *copy);

/*
 * What its own file system has not written yet is written, while all goes on: then it stands still
 * for less long. still_during() begins with that; who stops the programs himself does it before.
 */
void still_sync(const struct container *ct);

bool still_unsettled(const struct container *ct);
int still_settle(const struct container *ct);

#endif
