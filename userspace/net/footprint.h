/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the host has set up for a container's addresses: its routes, and the links on
 * which it answers for them. Noted in /run/cloison/net/CTID before it is done and until
 * it is undone, so that nothing is left when a command is cut off, and nothing that
 * somebody else has set up is taken for ours. A line is an address and names of links.
 */
#ifndef CLOISON_FOOTPRINT_H
#define CLOISON_FOOTPRINT_H

#include <stdint.h>

#include "address.h"

/* 0 or EXIT_SYSTEM. @links are names with blanks between. */
int footprint_note(uint32_t id, const struct address *a, const char *links);
int footprint_forget(uint32_t id, const struct address *a);
/* The addresses with their masks; none if there is no file. */
void footprint_addresses(uint32_t id, struct addresses *out);
/* The links noted for @a, to be freed; NULL if it is not noted. */
char *footprint_links(uint32_t id, const struct address *a);

#endif
