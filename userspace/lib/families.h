/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kinds of sockets that a container may have. The rest is code that is seldom
 * looked at, cannot be checkpointed, or is not divided by network namespaces. Two
 * walls keep to it: confine.c answers at the door of the 64 bit calls, guard.c
 * catches those who come by another one.
 */
#ifndef CLOISON_FAMILIES_H
#define CLOISON_FAMILIES_H

#include <netinet/in.h>
#include <sys/socket.h>

/* ascending */
static const int allowed_families[] = {
	AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET,
};

/* Of AF_INET and AF_INET6, not: DCCP, L2TP, SCTP, SMC, MPTCP. */
static const int refused_protocols[] = { IPPROTO_DCCP, 115, IPPROTO_SCTP, 256, 262 };

#endif
