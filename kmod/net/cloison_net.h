/* SPDX-License-Identifier: GPL-2.0-only */
/* The addresses of containers, for the other modules. */
#ifndef _CLOISON_NET_EXPORTS_H
#define _CLOISON_NET_EXPORTS_H

#include <linux/in6.h>
#include <linux/types.h>

/*
 * Calls @show for every address of container @id, in the order in which they were
 * added, IPv4 as IPv4-mapped; for none if there is no such container. Under RCU:
 * @show must not sleep. By symbol_get(), which may sleep: the module need not be
 * loaded.
 */
void cloison_net_addresses(u32 id, void (*show)(const struct in6_addr *addr,
						unsigned int plen, void *arg),
			   void *arg);

#endif /* _CLOISON_NET_EXPORTS_H */
