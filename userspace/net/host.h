/* SPDX-License-Identifier: GPL-2.0-only */
/* What the host needs before it carries packets of containers; it stays so. */
#ifndef CLOISON_NET_HOST_H
#define CLOISON_NET_HOST_H

#include <stdbool.h>

#include "address.h"
#include "neighbour.h"

/* The module, if it can be loaded. */
void host_module(void);

/* Forwarding for the families of @of. 0 or EXIT_ADD_IP. */
int host_forward(const struct addresses *of);

/* @n answers for others at once: in IPv6 it would not otherwise, in IPv4 after a while. */
void host_answer(const struct neighbour *n);

/* @link leads to a container: what comes from there does not set up the host. One that
 * is @bridged is not for the host at all.
 */
void host_distrust(const char *link, bool bridged);

#endif
