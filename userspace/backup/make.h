/* SPDX-License-Identifier: GPL-2.0-only */
/* Making backups: see format.h and store.h for what they are and where they lie. */
#ifndef CLOISON_BACKUP_MAKE_H
#define CLOISON_BACKUP_MAKE_H

#include <stdbool.h>

#include "../lib/container.h"

struct backup_wish {
	const char *dir;		/* or NULL, see store_dir() */
	const char *description;
	bool incremental;		/* a full one where there is nothing to begin with */
	bool freeze;
	bool stream;			/* to the standard output, and nothing is kept */
};

/*
 * The lock is held. *@id: its name, to be freed; *@parent likewise, NULL for a full one. Whole
 * and on disk when this returns 0, else there is nothing: EXIT_BACKUP, EXIT_NO_SPACE,
 * EXIT_PAUSE.
 */
int backup_make(const struct container *ct, bool runs, const struct backup_wish *wish, char **id,
		char **parent);

#endif
