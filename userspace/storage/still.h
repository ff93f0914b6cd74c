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

struct still {
	int line;	/* to who lets them go on, -1: nobody */
	bool frozen;	/* the programs, by us: not those that were paused already */
};

/* With @programs false its programs are stopped by somebody else. EXIT_PAUSE, EXIT_SYSTEM. */
int still_begin(const struct container *ct, bool programs, struct still *still);
/* Also of one that was never begun, STILL_INIT. EXIT_UNPAUSE, EXIT_SYSTEM. */
int still_end(const struct container *ct, struct still *still);

#define STILL_INIT	{ .line = -1 }

/*
 * Copy the files of @source, which stand still meanwhile. With @programs false its programs are
 * stopped by somebody else. Also EXIT_PAUSE, EXIT_SYSTEM; all goes on afterwards.
 */
int still_copy(const struct container *source, bool programs, const struct copy *copy);

bool still_unsettled(const struct container *ct);
int still_settle(const struct container *ct);

#endif
