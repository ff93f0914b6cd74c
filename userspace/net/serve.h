/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the host does for addresses of a container behind one of its links: routes to
 * them, answers to neighbours who look for them, and says where they are. Noted, see
 * footprint.h. EXIT_ADD_IP, EXIT_SYSTEM.
 */
#ifndef CLOISON_SERVE_H
#define CLOISON_SERVE_H

#include <stdbool.h>
#include <stdint.h>

#include <netlink/socket.h>

#include "address.h"
#include "neighbour.h"

/* Kinds of notes: of venet, and of interfaces that are routed to. */
#define SERVE_VENET	""
#define SERVE_ROUTED	".routed"

struct serve {
	uint32_t id;
	const char *kind;
	int ifindex;		/* of the link; 0: it is gone, and its routes with it */
	const struct address *gateway;	/* by which addresses of its family are routed */
	struct probe *probe;	/* by which they were asked for; NULL: they were not */
};

/*
 * Before: no container must have some of them behind another link than @own, by the routes
 * that there are; equal ones the kernel refuses. EXIT_IP_IN_USE.
 */
int serve_free(const struct addresses *all, const int *own, size_t count);
/*
 * Also before: the host itself must not have them, and neighbours are asked, unless that is
 * not wanted; serve_settle() waits for what they say, and once the host answers for them
 * serve_settle_late() has the last word. EXIT_IP_IN_USE.
 */
int serve_ask(const struct neighbours *on, const struct addresses *all, struct probe *probe);
int serve_settle(struct probe *probe);
int serve_settle_late(struct probe *probe);

/* @on: where neighbours look for them. What was done already is no error. */
int serve_begin(struct nl_sock *host, const struct serve *s, const struct neighbours *on,
		const struct addresses *all);
/* Tell the neighbours of all that are noted, as best as can be. */
void serve_announce(uint32_t id, const char *kind);
/* Of each what can be undone, and then forgotten; what is not noted is not touched. */
int serve_end(struct nl_sock *host, const struct serve *s, const struct addresses *all);
/* For now only: it stays noted, and serve_begin() does it again. */
int serve_pause(struct nl_sock *host, const struct serve *s);
bool serve_whole(const struct serve *s, const struct neighbours *on,
		 const struct addresses *all);

#endif
