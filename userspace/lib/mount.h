/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container's files at VE_ROOT on the host, as scripts expect, with the action
 * scripts around it. What such scripts mount below VE_ROOT is there in the container
 * too. Callers hold the container's lock.
 */
#ifndef CLOISON_MOUNT_H
#define CLOISON_MOUNT_H

#include <stdbool.h>

#include "container.h"

/*
 * Does nothing if it is mounted already. EXIT_NO_PRIVATE, EXIT_MOUNT, EXIT_ACTION;
 * it is not mounted then.
 */
int mount_container(const struct container *ct);

/* Does nothing if it is not mounted. EXIT_UMOUNT, EXIT_ACTION. */
int umount_container(const struct container *ct);

/* The tool was killed between the first script of one of these and the last. */
bool mount_unfinished(const struct container *ct);

#endif
