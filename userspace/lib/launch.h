/* SPDX-License-Identifier: GPL-2.0-only */
/* Starting a container. */
#ifndef CLOISON_LAUNCH_H
#define CLOISON_LAUNCH_H

#include <stdbool.h>

#include "attach.h"
#include "container.h"

/*
 * The caller holds its lock. Bring it up, until its init runs; with @wait until
 * init says that the system is up (EXIT_WAIT if it dies or the time is over; it
 * is left as it is then). After any other failure nothing is left of it; *@ran,
 * unless @ran is NULL, says whether its programs may have run, and changed its files.
 */
int launch(struct container *ct, bool wait, bool *ran);

/*
 * The same surroundings for one program in a container that does not run, instead
 * of its init; the kernel and other commands do not take it for running. *@pid is a
 * child of the caller's, who waits for it and sweeps. Signals that it does not catch
 * do nothing to it, SIGKILL ends it and all it has started.
 */
int launch_program(struct container *ct, struct attach_program *prog, pid_t *pid);

#endif
