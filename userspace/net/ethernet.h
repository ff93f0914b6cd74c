/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container's Ethernet interfaces in the kernel. What there is, is noted as NETIF would
 * have it in /run/cloison/net/CTID.netif before it is made and until it is gone. All
 * return 0 or EXIT_NETIF, EXIT_BAD_VALUE.
 */
#ifndef CLOISON_ETHERNET_H
#define CLOISON_ETHERNET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "netif.h"

/*
 * Make container @id have the interfaces of @netif (NETIF's text, or NULL) in the network
 * namespace of process @pid: those that differ are made anew, the others are not touched.
 * All or nothing.
 */
int ethernet_change(uint32_t id, pid_t pid, const char *netif);

/*
 * For a restore: note the interfaces of @netif, as they were noted, and make their pairs,
 * the container's ends on the host still and called ethernet_waiting(). CRIU moves them.
 * ethernet_change() after it.
 */
int ethernet_expect(uint32_t id, const char *netif);
/* The same in a network namespace that goes away, beside those that the container has. */
int ethernet_stand_in(uint32_t id, const char *netif);
/* To be freed. */
char *ethernet_waiting(uint32_t id, size_t index);

/* All of them go. Does nothing where nothing is noted. */
int ethernet_remove(uint32_t id);

/* None of them leads to it for now; ethernet_mend() undoes that. */
int ethernet_pause(uint32_t id);

/* What is noted. */
int ethernet_noted(uint32_t id, struct netifs *out);

/* Is all that is noted there, if it @runs, and nothing noted else? See network_whole(). */
bool ethernet_whole(uint32_t id, bool runs);
int ethernet_mend(uint32_t id, pid_t pid);

#endif
