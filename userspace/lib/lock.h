/* SPDX-License-Identifier: GPL-2.0-only */
/* Locks between commands: files in LOCKDIR under flock(2), which dies with its
 * holder. The file names the holder's pid for people.
 */
#ifndef CLOISON_LOCK_H
#define CLOISON_LOCK_H

#include <stdbool.h>

/*
 * Take the lock @name, for as long as *@lock is open. EXIT_LOCKED, with no error
 * noted, if another command has it; with @wait only EXIT_SYSTEM is possible.
 */
int lock_take(const char *name, bool wait, int *lock);

/*
 * In a process that was forked, and may outlive the tool: of its locks this has no more than
 * @keep, or -1.
 */
void lock_keep_only(int keep);

/* Does another command have it? Only looks. */
bool lock_held(const char *name);

#endif
