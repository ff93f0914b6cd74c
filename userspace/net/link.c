// SPDX-License-Identifier: GPL-2.0-only
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "link.h"
#include "util.h"

/* A link that is going may be busy with the address that a new one is to have. */
#define BUSY_MS	20000

int link_index(const char *name)
{
	cleanup_free char *path = xasprintf("/sys/class/net/%s/ifindex", name);
	cleanup_free char *text = *name ? read_file(path, 16) : NULL;

	return text ? atoi(text) : 0;
}

struct rtnl_link *link_get(struct nl_sock *sock, const char *name)
{
	struct rtnl_link *link;

	return rtnl_link_get_kernel(sock, 0, name, &link) ? NULL : link;
}

bool link_is(struct rtnl_link *link, const char *kind)
{
	const char *has = link ? rtnl_link_get_type(link) : NULL;

	return has && strcmp(has, kind) == 0;
}

static int change(struct nl_sock *sock, const char *name, struct rtnl_link *change)
{
	struct rtnl_link *link = NULL;
	int err = change ? rtnl_link_get_kernel(sock, 0, name, &link) : -NLE_NOMEM;
	int64_t end = now_ms() + BUSY_MS;

	if (!err)
		err = rtnl_link_change(sock, link, change, 0);
	while ((err == -NLE_EXIST || err == -NLE_BUSY) && now_ms() < end) {
		sleep_ms(50);
		err = rtnl_link_change(sock, link, change, 0);
	}
	rtnl_link_put(link);
	rtnl_link_put(change);
	return err ? fail(EXIT_NETIF, "Cannot set up the link %s: %s", name, nl_geterror(err)) : 0;
}

int link_up(struct nl_sock *sock, const char *name)
{
	struct rtnl_link *up = rtnl_link_alloc();

	if (up)
		rtnl_link_set_flags(up, IFF_UP);
	return change(sock, name, up);
}

int link_down(struct nl_sock *sock, const char *name)
{
	struct rtnl_link *down = rtnl_link_alloc();

	if (down)
		rtnl_link_unset_flags(down, IFF_UP);
	return change(sock, name, down);
}

int link_master(struct nl_sock *sock, const char *name, int master)
{
	struct rtnl_link *to = rtnl_link_alloc();

	if (to)
		rtnl_link_set_master(to, master);
	return change(sock, name, to);
}

int link_rename(struct nl_sock *sock, const char *name, const char *to)
{
	struct rtnl_link *link = link_get(sock, name), *change = rtnl_link_alloc();
	int err = !change ? -NLE_NOMEM : !link ? -NLE_NODEV : 0;

	if (!err) {
		rtnl_link_set_name(change, to);
		err = rtnl_link_change(sock, link, change, 0);
	}
	rtnl_link_put(link);
	rtnl_link_put(change);
	return err ? fail(EXIT_NETIF, "Cannot name a link %s: %s", to, nl_geterror(err)) : 0;
}

int link_delete(struct nl_sock *sock, const char *name)
{
	struct rtnl_link *link = rtnl_link_alloc();
	int err = link ? 0 : -NLE_NOMEM;

	if (!err) {
		rtnl_link_set_name(link, name);
		err = rtnl_link_delete(sock, link);
	}
	rtnl_link_put(link);
	return err && err != -NLE_NODEV && err != -NLE_OBJ_NOTFOUND ?
	       fail(EXIT_NETIF, "Cannot remove the link %s: %s", name, nl_geterror(err)) : 0;
}
