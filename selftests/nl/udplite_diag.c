// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asks for all UDP-Lite sockets of IPv4 and IPv6 as CRIU does. Prints how many
 * there are, or the errno of the refusal.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static int dump(int sk, int family)
{
	struct {
		struct nlmsghdr hdr;
		struct inet_diag_req_v2 req;
	} ask = {
		.hdr = {
			.nlmsg_len = sizeof(ask),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.req = {
			.sdiag_family = family,
			.sdiag_protocol = IPPROTO_UDPLITE,
			.idiag_states = -1,
		},
	};
	char answer[16384] __attribute__((aligned(8)));
	struct nlmsghdr *hdr;
	int sockets = 0;
	ssize_t left;

	if (send(sk, &ask, sizeof(ask), 0) < 0)
		err(3, "send");
	for (;;) {
		left = recv(sk, answer, sizeof(answer), 0);
		if (left < 0)
			err(3, "recv");
		for (hdr = (void *)answer; NLMSG_OK(hdr, left);
		     hdr = NLMSG_NEXT(hdr, left)) {
			if (hdr->nlmsg_type == NLMSG_ERROR ||
			    (hdr->nlmsg_type == NLMSG_DONE &&
			     *(int *)NLMSG_DATA(hdr) < 0))
				return *(int *)NLMSG_DATA(hdr);
			if (hdr->nlmsg_type == NLMSG_DONE)
				return sockets;
			sockets++;
		}
	}
}

int main(void)
{
	static const int families[] = { AF_INET, AF_INET6 };
	int sk = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
	int i, ret;

	if (sk < 0)
		err(3, "socket");
	for (i = 0; i < 2; i++) {
		ret = dump(sk, families[i]);
		if (ret < 0)
			puts(strerrorname_np(-ret));
		else
			printf("%d\n", ret);
	}
	return 0;
}
