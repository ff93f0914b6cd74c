/* SPDX-License-Identifier: GPL-2.0-only */
/* Network namespaces that come and go, and packets by chance. */
#ifndef SPACES_H
#define SPACES_H

#include "message.h"

/*
 * A process in a network namespace of its own, with a venet device that comes and
 * goes, which sends until it is killed.
 */
pid_t space_start(uint64_t seed, unsigned int who);

/* Sends some packets out of the device: IPv4 and IPv6, from and to chance_address(). */
void packets_send(struct chance *c, const char *device);

#endif
