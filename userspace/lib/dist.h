/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the host writes into a container's own files: host name, resolver, addresses,
 * passwords.
 * How, depends on its distribution: for OSTEMPLATE debian-13 the first that is there
 * of dists/debian-13.conf, debian.conf and default.conf names a script for each
 * action (Documentation/scripts.rst). Scripts run inside, with the container's own
 * programs, and are killed when they take too long. The caller holds the lock.
 */
#ifndef CLOISON_DIST_H
#define CLOISON_DIST_H

#include "container.h"

/*
 * For set: in the running container. One that is down gets host name and resolver
 * from its configuration when it starts; for the others of these it is 0 at once.
 * @nameserver and @searchdomain are lists with blanks, or "inherit": as the host's
 * /etc/resolv.conf has it; NULL is left as it is. EXIT_DIST_CONF, EXIT_DIST_SCRIPT.
 */
int dist_set_hostname(struct container *ct, const char *name);
int dist_set_dns(struct container *ct, const char *nameserver, const char *searchdomain);
/*
 * Those that it has, of venet and of interfaces to which the host gives some: so that the
 * container's own programs do not undo them.
 */
int dist_set_addresses(struct container *ct);

/* "user:password"; else EXIT_BAD_VALUE. */
int dist_check_password(const char *user_password);
/*
 * A checked one, running or not: one that is down is visited. A user that is not there is
 * made. EXIT_USERPASSWD.
 */
int dist_set_password(struct container *ct, const char *user_password);

/*
 * For start: while its process 1 waits, before init. Costs nothing when the
 * configuration has nothing to set. At the first start of all, that too which must
 * not be as the template has it. A container that cannot do it starts all the
 * same, with a warning.
 */
void dist_start(const struct container *ct, pid_t first);

#endif
