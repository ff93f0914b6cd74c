// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/msg.h>

#include "error.h"
#include "rtnl.h"
#include "rtnl_list.h"
#include "util.h"

#define TRIES	10

struct rtnl_entry {
	int ifindex;
	struct address a;
};

static void add(struct rtnl_list *all, int ifindex, int family, unsigned int owned,
		const struct nlattr *address)
{
	struct rtnl_entry *e;
	unsigned int bytes = family == AF_INET ? 4 : 16;

	if ((family != AF_INET && family != AF_INET6) ||
	    (address && nla_len(address) != (int)bytes))
		return;
	/* in powers of two: there are many */
	if (!(all->count & (all->count - 1)))
		all->list = xrealloc(all->list, (2 * all->count + 1) * sizeof(*all->list));
	e = &all->list[all->count++];
	*e = (struct rtnl_entry){
		ifindex, { .family = family, .bits = bytes * 8, .owned = owned },
	};
	if (address)
		memcpy(e->a.bytes, nla_data(address), bytes);
}

static int on_route(struct nl_msg *msg, void *arg)
{
	const struct rtmsg *rtm = nlmsg_data(nlmsg_hdr(msg));
	struct nlattr *tb[RTA_MAX + 1];

	/* older kernels do not choose */
	if (nlmsg_hdr(msg)->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse(nlmsg_hdr(msg), sizeof(*rtm), tb, RTA_MAX, NULL) < 0 ||
	    rtm->rtm_protocol != RTPROT_CLOISON || rtm->rtm_table != RT_TABLE_MAIN ||
	    !tb[RTA_OIF])
		return NL_SKIP;
	add(arg, nla_get_u32(tb[RTA_OIF]), rtm->rtm_family, rtm->rtm_dst_len, tb[RTA_DST]);
	return NL_OK;
}

static int on_proxy(struct nl_msg *msg, void *arg)
{
	const struct ndmsg *ndm = nlmsg_data(nlmsg_hdr(msg));
	struct nlattr *tb[NDA_MAX + 1];

	if (nlmsg_hdr(msg)->nlmsg_type != RTM_NEWNEIGH ||
	    nlmsg_parse(nlmsg_hdr(msg), sizeof(*ndm), tb, NDA_MAX, NULL) < 0 ||
	    !(ndm->ndm_flags & NTF_PROXY) || !tb[NDA_DST])
		return NL_SKIP;
	add(arg, ndm->ndm_ifindex, ndm->ndm_family, nla_len(tb[NDA_DST]) * 8, tb[NDA_DST]);
	return NL_OK;
}

static int compare(const void *p, const void *q)
{
	const struct rtnl_entry *x = p, *y = q;

	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	if (x->a.family != y->a.family)
		return x->a.family < y->a.family ? -1 : 1;
	if (x->a.owned != y->a.owned)
		return x->a.owned < y->a.owned ? -1 : 1;
	return memcmp(x->a.bytes, y->a.bytes, sizeof(x->a.bytes));
}

/* Adds to @out. The kernel leaves out what @header, being strict, does not name. */
static int dump(int type, void *header, size_t size, int (*each)(struct nl_msg *, void *),
		struct rtnl_list *out)
{
	cleanup_rtnl struct nl_sock *sock = NULL;
	size_t before = out->count;
	int strict = 1, err = -NLE_DUMP_INTR;

	if (rtnl_open(-1, &sock))
		return EXIT_ADD_IP;
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &strict,
		   sizeof(strict));
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, each, out);
	for (int i = 0; i < TRIES && err == -NLE_DUMP_INTR; i++) {
		out->count = before;
		err = nl_send_simple(sock, type, NLM_F_DUMP, header, size);
		if (err >= 0)
			err = nl_recvmsgs_default(sock);
	}
	if (out->count)
		qsort(out->list, out->count, sizeof(*out->list), compare);
	return err < 0 ? fail(EXIT_ADD_IP, "Cannot list what the host has: %s",
			      nl_geterror(err)) : 0;
}

int rtnl_list_routes(struct rtnl_list *out)
{
	struct rtmsg rtm = {
		.rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_CLOISON,
	};
	int ret;

	*out = (struct rtnl_list){};
	ret = dump(RTM_GETROUTE, &rtm, sizeof(rtm), on_route, out);
	rtm.rtm_family = AF_INET6;
	return ret ? ret : dump(RTM_GETROUTE, &rtm, sizeof(rtm), on_route, out);
}

int rtnl_list_proxies(struct rtnl_list *out)
{
	struct ndmsg ndm = { .ndm_family = AF_UNSPEC, .ndm_flags = NTF_PROXY };

	*out = (struct rtnl_list){};
	return dump(RTM_GETNEIGH, &ndm, sizeof(ndm), on_proxy, out);
}

bool rtnl_list_has(const struct rtnl_list *all, int ifindex, const struct address *a)
{
	struct rtnl_entry e = { ifindex, *a };

	return all->count && bsearch(&e, all->list, all->count, sizeof(e), compare);
}

bool rtnl_list_elsewhere(const struct rtnl_list *all, int ifindex, const struct address *a)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->list[i].ifindex != ifindex && address_same(&all->list[i].a, a))
			return true;
	return false;
}

static bool among(const int *list, size_t count, int ifindex)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == ifindex)
			return true;
	return false;
}

int rtnl_list_overlap(const struct rtnl_list *all, const struct address *a, const int *but,
		      size_t count)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct rtnl_entry *e = &all->list[i];

		if (address_overlap(&e->a, a) && !among(but, count, e->ifindex))
			return e->ifindex;
	}
	return 0;
}

void rtnl_list_free(struct rtnl_list *all)
{
	free(all->list);
	*all = (struct rtnl_list){};
}
