/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which packets pass through the links that limit a container (rate.h): those to and from
 * its addresses in the table, on venet0, and all on the host's ends of its interfaces.
 * Filters that lead to its links are the container's; so nothing is noted of them.
 */
#ifndef CLOISON_STEER_H
#define CLOISON_STEER_H

#include <stdbool.h>
#include <stdint.h>

#include <netlink/socket.h>

/* Indices of the links for what it receives and what it sends; 0: none. */
struct links {
	int in, out;
};

struct steering {
	struct nl_sock *sock;
	uint32_t id;
	struct links has;	/* all there are */
	struct links wanted;	/* those that packets are to pass */
	bool look;		/* change nothing */
	bool right;		/* stays true if there was nothing to change */
};

/* 0, EXIT_LIMITS, or what is wrong with its interfaces or the module. */
int steer(struct steering *w);

#endif
