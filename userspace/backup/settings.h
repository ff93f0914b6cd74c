/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration in a backup. */
#ifndef CLOISON_BACKUP_SETTINGS_H
#define CLOISON_BACKUP_SETTINGS_H

#include "../lib/container.h"
#include "format.h"

/*
 * As @ct is to have it: its places and ids are not those of the host the backup is from, and
 * without @trusted it has what this host gives it. To be freed. EXIT_RESTORE.
 */
int settings_of(const struct backup *b, const struct container *ct, bool trusted,
		struct conf **out);

#endif
