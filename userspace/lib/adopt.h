/* SPDX-License-Identifier: GPL-2.0-only */
/* Containers that run, but that the kernel's registry has lost. */
#ifndef CLOISON_ADOPT_H
#define CLOISON_ADOPT_H

#include "container.h"

/*
 * Find the init of a container by what nothing inside can make so: process 1 of a
 * pid namespace right below ours, in the container's cgroup, with the container's
 * ids. *@pidfd holds it. EXIT_NOT_RUNNING if there is none, or more than one.
 */
int adopt_find(const struct container *ct, pid_t *init, int *pidfd);

/*
 * Before what is left of one that does not run is swept: EXIT_RUNNING if it runs, and the
 * registry has lost it. One that was being started by a tool that was killed ends by itself,
 * and is waited for.
 */
int adopt_refuse(const struct container *ct);

/*
 * Register a running container again. The caller holds its lock. *@init is who was
 * found. 0, EXIT_NOT_RUNNING, or EXIT_SYSTEM if the kernel refuses.
 */
int adopt(const struct container *ct, pid_t *init);

#endif
