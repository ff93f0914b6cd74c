/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of nftables' language about addresses. */
#ifndef CLOISON_RULES_H
#define CLOISON_RULES_H

#include <stdio.h>

#include "address.h"

/* Accepted is what has after @match one of those of @family; no line if there are none. */
void rule_any(FILE *f, const struct addresses *all, int family, const char *match);

/*
 * Accepted is what fits to @match and has one of them at @where, as "@ll,208": for fields that
 * nftables has no name for, or where it is not to be believed. A line for each.
 */
void rule_each(FILE *f, const struct addresses *all, int family, const char *match,
	       const char *where);

#endif
