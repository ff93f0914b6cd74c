/* SPDX-License-Identifier: GPL-2.0-only */
/* Beancounters as they were at the last look, or as a file has them. */
#ifndef CLOISON_UBCSTORE_H
#define CLOISON_UBCSTORE_H

#include "acct.h"

/* Where looks are kept if nobody says otherwise: they are of this boot. */
#define UBC_STORE	"/run/cloison/ubc"

/*
 * Read @path, which looks like /proc/user_beancounters or /proc/bc/resources; free() *list.
 * EXIT_SYSTEM, or EXIT_BAD_VALUE with the line.
 */
int ubc_read(const char *path, struct acct_container **list, size_t *count);

/* The last look of that @kind at @now's container, zeroes if there is none; @now becomes it. */
int ubc_look(const char *dir, const char *kind, const struct acct_container *now,
	     struct acct_container *last);

/* Forget those of that kind. */
int ubc_forget(const char *dir, const char *kind);

#endif
