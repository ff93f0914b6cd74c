/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the host has set up for a container's addresses: its routes, and the links on
 * which it answers for them. Noted before it is done and until it is undone, so that
 * nothing is left when a command is cut off, and nothing that somebody else has set up is
 * taken for ours. A line of /run/cloison/net/CTID and @kind is an address and indices of
 * links, which stay when a link gets another name; with a minus where somebody else had
 * made the host answer for it already.
 */
#ifndef CLOISON_FOOTPRINT_H
#define CLOISON_FOOTPRINT_H

#include <stdint.h>

#include "address.h"
#include "cleanup.h"

struct footprint {
	uint32_t id;
	const char *kind;
	struct footprint_line {
		struct address a;
		char *links;
	} *list;
	size_t count;
};

void footprint_load(uint32_t id, const char *kind, struct footprint *out);
/* 0 or EXIT_SYSTEM */
int footprint_save(const struct footprint *f);
void footprint_free(struct footprint *f);

#define cleanup_footprint	cleanup(footprint_free)

/* The links noted for @a; NULL if it is not noted. */
const char *footprint_links(const struct footprint *f, const struct address *a);
void footprint_set(struct footprint *f, const struct address *a, const char *links);
void footprint_forget(struct footprint *f, const struct address *a);

/* The addresses with their masks; none if there is no file. */
void footprint_addresses(uint32_t id, const char *kind, struct addresses *out);

#endif
