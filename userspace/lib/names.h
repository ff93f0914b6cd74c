/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of containers: NAME in the configuration file, and a symbolic link
 * SYSCONFDIR/names/NAME to it, by which it is found. A name counts if both say
 * so: whatever is interrupted, no link leads to the wrong container.
 */
#ifndef CLOISON_NAMES_H
#define CLOISON_NAMES_H

#include <stdbool.h>
#include <stdint.h>

/* The container that has @name; false if there is none. */
bool names_find(const char *name, uint32_t *id);

/* EXIT_NAME if a container other than @id has it, now. */
int names_check(const char *name, uint32_t id);

/*
 * Make @name lead to container @id, before the file that has it is saved: it
 * counts from then on. EXIT_NAME if another container has it, or it is none. *@lock is to be
 * closed when the file is saved.
 */
int names_claim(const char *name, uint32_t id, int *lock);

/* Take the link away, if it is container @id's. The lock of names_claim() is not held. */
void names_release(const char *name, uint32_t id);

/*
 * Call @found for each link that leads to no container of that name, and what a
 * killed claim left; and take one of them away. 0 or EXIT_SYSTEM.
 */
void names_stale(void (*found)(const char *name, void *arg), void *arg);
int names_clear(const char *name);

#endif
