/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The links on which other machines look for our containers, and what is said there:
 * is an address free, and that it is here now. IPv4: RFC 5227 over ARP; IPv6: RFC 4861, and
 * RFC 4862 for the question.
 */
#ifndef CLOISON_NEIGHBOUR_H
#define CLOISON_NEIGHBOUR_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netlink/socket.h>

#include "address.h"

struct neighbour {
	int ifindex;
	char name[IFNAMSIZ];
	unsigned char mac[6];
	struct addresses own;	/* the host's addresses there, as prefixes */
};

struct neighbours {
	struct neighbour *list;
	size_t count;
	struct addresses own;	/* the host's, on all its links */
	bool detect;		/* only where the address fits to one of the host's own */
};

/*
 * Those that NEIGHBOUR_DEVS of the global configuration names; by default all Ethernet
 * links that are up and neither part of a bridge or bond nor the end of a veth pair.
 */
int neighbours_find(struct nl_sock *sock, struct neighbours *out);
void neighbours_free(struct neighbours *all);

#define cleanup_neighbours	cleanup(neighbours_free)

/* Is @a, a single address, looked for on @n? */
bool neighbour_wants(const struct neighbours *all, const struct neighbour *n,
		     const struct address *a);

/* Looking whether addresses are in use there. */
struct probe {
	const struct neighbours *on;
	const struct addresses *of;
	int64_t begun;		/* now_ms() */
	int *sockets;		/* two for each of @on: ARP, ICMPv6; -1 without */
	bool ended;
};

/* Both must outlive the probe. The first question is asked at once. */
void probe_begin(struct probe *p, const struct neighbours *on, const struct addresses *of);
/* Wait for answers, a second in all: EXIT_IP_IN_USE says who has which. */
int probe_end(struct probe *p);
/*
 * Once more after that, without waiting, as soon as the host answers for them: who asked in
 * between was told nothing, and takes them for his.
 */
int probe_late(struct probe *p);
/* Let go of it. Not begun, or gone already: does nothing. */
void probe_cancel(struct probe *p);

/* Tell the machines there that those of @all that they look for are behind @n now. */
void neighbour_announce(const struct neighbours *on, const struct neighbour *n,
			const struct addresses *all);

#endif
