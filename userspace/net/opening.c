// SPDX-License-Identifier: GPL-2.0-only
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "cleanup.h"
#include "error.h"
#include "netns.h"
#include "opening.h"
#include "rtnl.h"
#include "util.h"

#define LOOK_MS	10

/* What waits to be accepted a listening socket counts as its receive queue. */
static int on_socket(struct nl_msg *msg, void *arg)
{
	const struct inet_diag_msg *m = nlmsg_data(nlmsg_hdr(msg));
	size_t *count = arg;

	if (nlmsg_datalen(nlmsg_hdr(msg)) >= (int)sizeof(*m) &&
	    (m->idiag_state != TCP_LISTEN || m->idiag_rqueue))
		(*count)++;
	return NL_OK;
}

static bool add(struct nl_sock *sock, int family, size_t *count)
{
	struct inet_diag_req_v2 req = {
		.sdiag_family = family, .sdiag_protocol = IPPROTO_TCP,
		.idiag_states = 1 << TCP_LISTEN | 1 << TCP_SYN_RECV,
	};

	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_socket, count);
	return nl_send_simple(sock, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &req, sizeof(req)) >= 0 &&
	       nl_recvmsgs_default(sock) >= 0;
}

bool opening_wait(uint32_t id, pid_t init, int ms)
{
	cleanup_rtnl struct nl_sock *sock = nl_socket_alloc();
	int64_t end = now_ms() + ms;
	cleanup_close int netns = -1;

	if (!sock || netns_open(id, init, &netns) ||
	    netns_connect(netns, sock, NETLINK_SOCK_DIAG)) {
		error_clear();
		return false;
	}
	for (;;) {
		size_t count = 0;

		if (!add(sock, AF_INET, &count) || !add(sock, AF_INET6, &count))
			return false;
		if (!count)
			return true;
		if (now_ms() >= end)
			return false;
		sleep_ms(LOOK_MS);
	}
}
