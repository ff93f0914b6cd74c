/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Netfilter rules that keep an interface in a bridge to its addresses, if it has any (ip=): with
 * the MAC filter, and not without. Of IPv4, ARP and IPv6 only what has one of them as source
 * leaves it, and nobody is told of another one's by ARP or neighbour discovery, nor what his
 * address is by DHCP. To get one itself it may ask: DHCP, the question whether an address is
 * free, the link-local address that goes with its MAC address.
 *
 * One table of family bridge, cloison_addresses, for all containers, in which the link is looked
 * up: it is behind tc, see portfilter.h. It is there as long as there are such interfaces.
 */
#ifndef CLOISON_ADDRESSFILTER_H
#define CLOISON_ADDRESSFILTER_H

#include <stdbool.h>

#include "netif.h"

/* As portfilter_set(), whose lock it wants. */
int addressfilter_set(const struct netifs *had, const struct netifs *all);
bool addressfilter_whole(const struct netifs *all);

#endif
