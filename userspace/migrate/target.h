/* SPDX-License-Identifier: GPL-2.0-only */
/* The target's side: what a container is received by, and its journal (journal.h). */
#ifndef CLOISON_MIGRATE_TARGET_H
#define CLOISON_MIGRATE_TARGET_H

#include "../lib/container.h"
#include "journal.h"

/* Serve one source, on these descriptors, until it hangs up. */
int target_serve(int in, int out);

/* The steps that others take too. The caller holds the lock (container_lock_as_is()). */

/* All of it away: from RECEIVING and READY. */
int target_undo(struct container *ct, struct journal *j);
/* In READY with nobody there to say what comes next: until then nothing leads to it. */
int target_wait(struct container *ct, struct journal *j);
/* From READY: from now on it is ours. And what then is to be done, once or again. */
int target_own(struct container *ct, struct journal *j);
/* In READY: what was restored of it is there no more, and never ran. */
bool target_lost(const struct container *ct, const struct journal *j);
/* After an error it may be here all the same, and have changed what it has. */
int target_activate(struct container *ct, struct journal *j, bool *may_have_run);
/*
 * From OWNED, before it has run: theirs again, and all away. Or what is left of that. After an
 * error the state says whose it is; JOURNAL_NONE: nobody knows what is on disk.
 */
int target_return(struct container *ct, struct journal *j);

#endif
