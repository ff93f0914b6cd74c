/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The note of an upgrade of the host, STATEDIR/host-upgrade: from before the first container
 * is suspended until all are back, or were tried. Which are suspended for it their marks say
 * (suspended.h); the note says the rest.
 */
#ifndef CLOISON_UPGRADE_H
#define CLOISON_UPGRADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cleanup.h"

/* One command at a time. */
#define UPGRADE_LOCK	"host-upgrade"

struct upgrade {
	char *kernel;		/* that was wanted; NULL: there is no note */
	char *boot;		/* the boot that it began in, see upgrade_same_boot() */
	char *time;
	char *modules;		/* that were loaded, with blanks between */
	bool kexec;
	bool leaving;		/* the host was told to go down */
	uint32_t *stopped;	/* to be started again */
	size_t stopped_count;
};

/* EXIT_BAD_VALUE if it cannot be understood. */
int upgrade_read(struct upgrade *u);
void upgrade_free(struct upgrade *u);
/* On disk when they return 0: EXIT_SYSTEM, EXIT_CONF_SAVE. */
int upgrade_write(const struct upgrade *u);
int upgrade_remove(void);

/* For a new one; to be freed. */
char *upgrade_boot_id(void);
char *upgrade_now(void);
/* Has the host not booted since? */
bool upgrade_same_boot(const struct upgrade *u);

bool upgrade_stopped(const struct upgrade *u, uint32_t id);

#define cleanup_upgrade	cleanup(upgrade_free)

#endif
