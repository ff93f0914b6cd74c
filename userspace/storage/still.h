/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container whose files stand still while they are copied: its programs are frozen, and so
 * is its file system, if it has one of its own. A note in /run says so; who finds it, of a
 * command that was killed, lets them go on. Callers hold the lock.
 */
#ifndef CLOISON_STILL_H
#define CLOISON_STILL_H

#include "container.h"
#include "copy.h"

/*
 * Copy the files of @source, which stand still meanwhile. With @programs false its programs are
 * stopped by somebody else. Also EXIT_PAUSE, EXIT_SYSTEM; all goes on afterwards.
 */
int still_copy(const struct container *source, bool programs, const struct copy *copy);

bool still_unsettled(const struct container *ct);
int still_settle(const struct container *ct);

#endif
