/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where backups lie. In BACKUP_DIR/CTID, or a directory somebody named:
 *
 *	ID.tar.zst	a backup, whole
 *	.ID.tmp		one that is being made, or removed; who is at it has flock(2)
 *
 * An incremental one names its parent, and the parent's sum; all of a chain lie together.
 * Who needs one has it locked in common with others; it is removed under a lock of one's own.
 */
#ifndef CLOISON_BACKUP_STORE_H
#define CLOISON_BACKUP_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

/* To be freed. @dir: what somebody named, or NULL. */
char *store_dir(const char *dir, uint32_t ctid);
char *store_file(const char *dir, const char *id);
char *store_unfinished(const char *dir, const char *id);
/* The name that its file gives it, whether or not its head can be read. To be freed. */
char *store_name(const struct backup *b);

/*
 * Add the backups in @dir, which need not be there, to the list, closed; what only looks like
 * one has no head. Those of container @ctid, or all for 0. To be freed. By date, parents first.
 */
int store_list(const char *dir, uint32_t ctid, struct backup **list, size_t *count);
/* The same for all of BACKUP_DIR. */
int store_list_all(struct backup **list, size_t *count);
void store_free(struct backup *list, size_t count);

/* The directory of one, given as in store_open(); to be freed. EXIT_NO_BACKUP. */
int store_find(const char *dir, const char *id, char **where);

/* Locked in common; EXIT_NO_BACKUP. By name, in @dir or where it usually is; by its file. */
int store_open(struct backup *b, const char *dir, const char *id);
int store_open_file(struct backup *b, const char *path);

/*
 * All that @newest needs, the full one first and itself last; to be freed, and @newest is the
 * list's. EXIT_RESTORE if one is missing, or another of that name.
 */
int store_chain(struct backup *newest, struct backup **chain, size_t *count);

/* Was @child made after backup @id? */
bool store_is_child(const struct backup *child, const char *id);
/* And is @parent that very one, and whole as far as it says? */
bool store_is_parent(const struct backup *parent, const struct backup *child);

/* Remove it, and no other. EXIT_LOCKED if it is in use. */
int store_remove(const char *dir, const char *id);

/* Backups that were half made or half removed, in @dir or all of BACKUP_DIR. */
void store_each_unfinished(void (*found)(const char *path, void *arg), void *arg);
int store_clear(const char *path);
void store_sweep(const char *dir);

#endif
