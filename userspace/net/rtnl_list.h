/* SPDX-License-Identifier: GPL-2.0-only */
/* What the host has of one kind, asked once and then looked for in it. */
#ifndef CLOISON_RTNL_LIST_H
#define CLOISON_RTNL_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "address.h"
#include "cleanup.h"

struct rtnl_list {
	struct rtnl_entry *list;	/* in order */
	size_t count;
};

/* Routes of protocol RTPROT_CLOISON; those whom the host answers for. EXIT_ADD_IP. */
int rtnl_list_routes(struct rtnl_list *out);
int rtnl_list_proxies(struct rtnl_list *out);
bool rtnl_list_has(const struct rtnl_list *all, int ifindex, const struct address *a);
/* Is it there on another link? */
bool rtnl_list_elsewhere(const struct rtnl_list *all, int ifindex, const struct address *a);
/* A link, none of @but, where some or all of @a is; 0: none. */
int rtnl_list_overlap(const struct rtnl_list *all, const struct address *a, const int *but,
		      size_t count);
void rtnl_list_free(struct rtnl_list *all);

#define cleanup_rtnl_list	cleanup(rtnl_list_free)

#endif
