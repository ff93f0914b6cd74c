/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Netfilter rules that keep a container to its own MAC addresses, or for routed and ipvlan
 * to its own addresses, on the host's ends of its interfaces: a table of family netdev for
 * each container, cloison_CTID; and for a link that several share, cloison_LINK.
 */
#ifndef CLOISON_MACFILTER_H
#define CLOISON_MACFILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "netif.h"

/* The rules for all of @all that are filtered, instead of those for @had. EXIT_NETIF. */
int macfilter_set(uint32_t id, const struct netifs *had, const struct netifs *all);
/* Are they there, and as they should be? */
bool macfilter_whole(uint32_t id, const struct netifs *all);
/* Do any of @all need them? */
bool macfilter_wanted(const struct netifs *all);

/* For what @users send through the link @name, all of them of one type. */
int macfilter_shared(const char *name, const struct netifs *users);
bool macfilter_shared_whole(const char *name, const struct netifs *users);

#endif
