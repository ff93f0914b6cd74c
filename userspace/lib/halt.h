/* SPDX-License-Identifier: GPL-2.0-only */
/* Stopping a container. */
#ifndef CLOISON_HALT_H
#define CLOISON_HALT_H

#include <stdbool.h>

#include "container.h"

/*
 * The caller holds its lock. Ask the running container's init to shut down and
 * kill what is left when its time is over; with @fast kill at once. What it
 * leaves behind is swept away, with @unmount its mount at VE_ROOT too. 0,
 * EXIT_NOT_RUNNING or EXIT_STOP.
 */
int halt_container(struct container *ct, bool fast, bool unmount);

#endif
