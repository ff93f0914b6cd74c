/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NETWORK_H
#define NETWORK_H

#include <sys/types.h>

/*
 * What is to be seen of the network of container @id, lines that begin with "net": notes, links,
 * routes, what the host answers for, the table of addresses, rules of nftables; and what is inside
 * with process @init, 0 if there is none. This process is in that network afterwards.
 */
void network(const char *id, pid_t init);

#endif /* NETWORK_H */
