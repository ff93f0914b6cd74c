/* SPDX-License-Identifier: GPL-2.0-only */
/* Starting a container. */
#ifndef CLOISON_LAUNCH_H
#define CLOISON_LAUNCH_H

#include <stdbool.h>

#include "container.h"

/*
 * The caller holds its lock. Bring it up, until its init runs; with @wait until
 * init says that the system is up (EXIT_WAIT if it dies or the time is over; it
 * is left as it is then). After any other failure nothing is left of it.
 */
int launch(struct container *ct, bool wait);

#endif
