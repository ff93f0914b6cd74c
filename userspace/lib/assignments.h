/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values that are lists of NAME:VALUE words, as OpenVZ's CAPABILITY, FEATURES,
 * DEVICES and DEVNODES are: "NET_ADMIN:on SYS_TIME:off", "b:8:1:rw c:10:200:rw".
 * The last colon separates; names are compared without regard to case.
 */
#ifndef CLOISON_ASSIGNMENTS_H
#define CLOISON_ASSIGNMENTS_H

#include <stdbool.h>

/*
 * The next word of the list at *@at (blanks or commas between). *@name and
 * *@value are to be freed; *@value is "" if there is no colon. False at the end.
 */
bool assignment_next(const char **at, char **name, char **value);

/*
 * @list (NULL: empty) with @name set to @value, or without it if @value is NULL;
 * to be freed.
 */
char *assignment_put(const char *list, const char *name, const char *value);

/* Is NAME:VALUE good? May put what is to be written into *@value, NULL to remove it. */
typedef bool (*assignment_accept)(const char *name, const char **value);

/*
 * @old (NULL: empty) after each of the words in @arg was put into it; to be freed.
 * NULL if @arg is empty or @accept refuses one of them.
 */
char *assignments_merge(const char *arg, const char *old, assignment_accept accept);

#endif
