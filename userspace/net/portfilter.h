/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What no container may say by a filtered veth link, whatever its MAC address: to a bridge,
 * what tells others whom to send to (router advertisements, redirects; questions for multicast
 * groups), what is the switches' own, and frames with tags or of 802.3; to a host that has a
 * link with it alone, what has a source that the host would not answer by that link.
 *
 * Two tables of nftables, cloison_ports, of the families bridge and inet, for all containers:
 * a set of the links is looked up, however many there are. They are behind tc, which a
 * container with a limit is led by past the filter of family netdev, see steer.c. They are
 * there as long as there are such links.
 */
#ifndef CLOISON_PORTFILTER_H
#define CLOISON_PORTFILTER_H

#include <stdbool.h>

#include "netif.h"

/* Reserved by IEEE 802.1D, and Cisco's: a port that hears that from a server may be shut. */
#define PORTFILTER_NO_BPDU \
	"ether daddr & ff:ff:ff:ff:ff:f0 == 01:80:c2:00:00:00 drop\n" \
	"ether daddr 01:00:0c:cc:cc:cd drop\n"

/* For those of @all that need it, instead of @had, and not for links that have gone. EXIT_NETIF. */
int portfilter_set(const struct netifs *had, const struct netifs *all);
bool portfilter_whole(const struct netifs *all);

#endif
