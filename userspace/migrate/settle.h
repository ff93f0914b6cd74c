/* SPDX-License-Identifier: GPL-2.0-only */
/* What becomes of migrations that were cut off. */
#ifndef CLOISON_MIGRATE_SETTLE_H
#define CLOISON_MIGRATE_SETTLE_H

#include <stdbool.h>

#include "../lib/container.h"

/* Is there something to settle, or in doubt? */
bool settle_needed(uint32_t ctid);
/*
 * Finish it, or undo it, with the other host if need be. The caller holds the lock
 * (container_lock_as_is()). A MIGRATE_ status; nothing to do is success.
 */
int settle_one(struct container *ct);
/*
 * The same, but nobody is kept from deciding by a host that does not answer: in GIVEN it is asked
 * without the lock, which may be held no more after that. @ct is to be closed.
 */
int settle_yielding(struct container *ct);
/* The same before a new attempt to @host: what only concerns that one can wait. */
int settle_before(struct container *ct, const char *host);
/* All there are. */
int settle_all(void);

/* Is there something that can be done, again and again, from here? */
bool settle_presses(uint32_t ctid);
/*
 * Is it settled now? In silence. What runs here, or is not to, is not locked for a host that does
 * not answer.
 */
bool settle_again(uint32_t ctid);

/* An operator decides what nobody can be asked about: it is @here, or on the other host. */
int settle_resolve(struct container *ct, bool here);

#endif
