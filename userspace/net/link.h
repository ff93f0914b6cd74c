/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Links by their names. @sock says in which network namespace. What is not there cannot
 * be changed, EXIT_NETIF, but is no error to remove.
 */
#ifndef CLOISON_LINK_H
#define CLOISON_LINK_H

#include <stdbool.h>

#include <netlink/addr.h>
#include <netlink/route/link.h>
#include <netlink/socket.h>

#include "cleanup.h"

/* What the kernel's own links of ours are marked with: their group. */
#define LINK_GROUP	67

static inline void cleanup_nl_addr_fn(struct nl_addr **addr)
{
	nl_addr_put(*addr);
}

#define cleanup_nl_addr	cleanup(cleanup_nl_addr_fn)

static inline void cleanup_link_fn(struct rtnl_link **link)
{
	rtnl_link_put(*link);
}

#define cleanup_link	cleanup(cleanup_link_fn)

/*
 * The host's link of that name, 0: there is none. Not if_nametoindex(3): for a name that is not
 * there the kernel runs modprobe twice (dev_load(), net/core/dev_ioctl.c).
 */
int link_index(const char *name);
/* NULL: there is none. */
struct rtnl_link *link_get(struct nl_sock *sock, const char *name);
/* Of that kind? @link may be NULL. */
bool link_is(struct rtnl_link *link, const char *kind);

int link_up(struct nl_sock *sock, const char *name);
int link_down(struct nl_sock *sock, const char *name);
/* @master 0: none. */
int link_master(struct nl_sock *sock, const char *name, int master);
/* It is down. */
int link_rename(struct nl_sock *sock, const char *name, const char *to);
int link_delete(struct nl_sock *sock, const char *name);

#endif
