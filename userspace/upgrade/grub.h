/* SPDX-License-Identifier: GPL-2.0-only */
/* GRUB as Debian sets it up: another kernel for the next boot only. */
#ifndef CLOISON_GRUB_H
#define CLOISON_GRUB_H

#include <stdbool.h>

/* Is it there? */
bool grub_there(void);
/* The entry of Linux @version, in *@entry, to be freed. EXIT_KERNEL. */
int grub_find(const char *version, char **entry);
/* The next boot takes it; NULL: the usual one again. EXIT_KERNEL. */
int grub_once(const char *entry);

#endif
