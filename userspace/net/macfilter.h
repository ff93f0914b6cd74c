/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Netfilter rules that keep a container to its own MAC addresses, on the host's ends of
 * its interfaces: a table of family netdev for each container, cloison_CTID.
 */
#ifndef CLOISON_MACFILTER_H
#define CLOISON_MACFILTER_H

#include <stdint.h>

#include "netif.h"

/* The rules for all of @all that are filtered; replaces what there was. EXIT_NETIF. */
int macfilter_set(uint32_t id, const struct netifs *all);
/* Are they there? */
bool macfilter_whole(uint32_t id, const struct netifs *all);
int macfilter_clear(uint32_t id);

#endif
