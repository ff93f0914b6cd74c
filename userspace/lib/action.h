/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Action scripts, as vzctl had them: the administrator's own steps in a container's
 * life. On the host, beside the configuration files: vps.WHEN for all containers,
 * then CTID.WHEN; WHEN is premount, mount, umount or postumount. In the container,
 * fed to its shell: CTID.start and CTID.stop.
 */
#ifndef CLOISON_ACTION_H
#define CLOISON_ACTION_H

#include <jansson.h>
#include <stdbool.h>

#include "container.h"

/*
 * Run the host's scripts for @when with a clean environment and no input. EXIT_ACTION
 * if one fails, or is not one that root may run. No script is success.
 */
int action_host(const struct container *ct, const char *when);

/* Is there any of these scripts for this container? */
bool action_any(const struct container *ct);

/*
 * Run CTID.@when, if there is one, in the running container, for at most @seconds.
 * EXIT_ACTION if it fails, or that time is over: it is killed then.
 */
int action_inside(const struct container *ct, const char *when, unsigned int seconds);

/* The path of one of its own, of any kind, to be freed; or NULL. */
char *action_find(const struct container *ct);

/* The container goes away: its scripts, with @suffix then, are not the next one's of that
 * number. EXIT_DESTROY if they cannot be renamed.
 */
int action_put_aside(const struct container *ct, const char *suffix);

/*
 * The texts of its own scripts, by WHEN, into the object @to; the way back, where those that
 * @scripts has not stay; and away with them. EXIT_ACTION.
 */
int action_collect(const struct container *ct, json_t *to);
int action_write(const struct container *ct, const json_t *scripts);
void action_remove(const struct container *ct);

#endif
