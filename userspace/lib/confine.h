/* SPDX-License-Identifier: GPL-2.0-only */
/* What every process in a container gives up before it runs foreign code. */
#ifndef CLOISON_CONFINE_H
#define CLOISON_CONFINE_H

#include <sys/types.h>

/*
 * Inside, as root of the user namespace: bound the capabilities, load the
 * system call filter, forget what was inherited (signals, keyring, limits).
 * 0 or EXIT_START.
 */
int confine(void);

/* The host's part of it, which the process itself may not do any more. */
void confine_from_outside(pid_t pid);

/* Close everything above stderr when the next program is run. */
int confine_descriptors(void);

#endif
