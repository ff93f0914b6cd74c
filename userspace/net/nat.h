/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Containers behind the host: what they send to others goes out under the host's own
 * address (NAT="yes"), and ports of the host lead to them (PORTS):
 *
 *	tcp:8080:80 udp:53:53		protocol, port of the host, port of the container
 *
 * over IPv4 at its first IPv4 address, over IPv6 at its first IPv6 address.
 *
 * Sets and maps of one table of nftables, "inet cloison"; each container has elements in
 * them. They are noted in /run/cloison/net/CTID.nat before they are there.
 */
#ifndef CLOISON_NAT_H
#define CLOISON_NAT_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "conf.h"

/* Does it want that its addresses stay unknown to the neighbours? */
bool nat_wanted(const struct conf *conf);

/*
 * As NAT and PORTS of @conf have it, for a container with the addresses @all, instead of what
 * there was, which it keeps if that fails: EXIT_ADD_IP, EXIT_BAD_VALUE, EXIT_IP_IN_USE for a
 * port of another's.
 */
int nat_set(uint32_t id, const struct conf *conf, const struct addresses *all);
/* Could it have that, as far as it is its own business? EXIT_BAD_VALUE. */
int nat_check(const struct conf *conf, const struct addresses *all);
/* NAT and PORTS of one that runs, whatever its file says by now. To be freed. */
struct conf *nat_noted(uint32_t id);
/* Is all there that a container that @runs, with the addresses @all, has, and else nothing? */
bool nat_whole(uint32_t id, const struct addresses *all, bool runs);
/* Does nothing where nothing is noted. */
int nat_clear(uint32_t id);

/* The options of set, put to the text that PORTS is; NULL if @arg is bad. */
char *nat_port_add(const char *arg, const char *old);
char *nat_port_del(const char *arg, const char *old);	/* PROTOCOL:PORT, or all */

#endif
