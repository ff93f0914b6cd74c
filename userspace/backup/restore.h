/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container from a backup. One that is there is replaced as convert does it: PRIVATE.converting
 * is filled, and the two change places when all has been read and its sums are right.
 * What is left to do then is in PRIVATE/restored: the configuration and the scripts.
 */
#ifndef CLOISON_BACKUP_RESTORE_H
#define CLOISON_BACKUP_RESTORE_H

#include <stdbool.h>

#include "../lib/container.h"
#include "format.h"

struct restore_wish {
	const char *layout;	/* or NULL: as it was */
	bool trusted;		/* scripts, and what is the host's, too */
};

/*
 * @chain: the full one first; a stream is alone. The lock is held; what is there is not
 * mounted. Else all is as it was: EXIT_RESTORE, EXIT_NO_SPACE, ...
 */
int backup_restore(struct container *ct, struct backup *chain, size_t count,
		   const struct restore_wish *wish);

/* All sums are right, of files. */
int backup_verify(struct backup *chain, size_t count);

/* Its files are those of a backup, and its configuration perhaps not yet: bring that to its end. */
bool restore_unfinished(const struct container *ct);
int restore_settle(struct container *ct);

#endif
