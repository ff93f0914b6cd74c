// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/cloison_net.h>

#include "spaces.h"

static size_t packet_make(struct chance *c, unsigned char *data, int *protocol)
{
	unsigned char source[16], destination[16];
	struct ip6_hdr *ip6 = (void *)data;
	size_t len = 20 + chance(c, 1400);
	struct iphdr *ip = (void *)data;
	int v4;

	/* Those of two families, in the header of one, are as good as any others. */
	v4 = chance_address(c, source) == 4;
	chance_address(c, destination);
	memset(data, 0, len + 40);
	if (v4) {
		*protocol = ETH_P_IP;
		*ip = (struct iphdr){
			.version = 4, .ihl = 5, .ttl = 1 + chance(c, 8),
			.protocol = chance(c, 2) ? IPPROTO_UDP : chance(c, 256),
			.tot_len = htons(len),
		};
		memcpy(&ip->saddr, source, 4);
		memcpy(&ip->daddr, destination, 4);
		for (uint32_t i = 0, sum = 0; i < 10; i++) {
			sum += ntohs(((uint16_t *)data)[i]);
			ip->check = htons(~((sum & 0xffff) + (sum >> 16)));
		}
	} else {
		*protocol = ETH_P_IPV6;
		ip6->ip6_flow = htonl(6u << 28);
		ip6->ip6_plen = htons(len);
		ip6->ip6_nxt = chance(c, 2) ? IPPROTO_UDP : chance(c, 256);
		ip6->ip6_hlim = 1 + chance(c, 8);
		memcpy(&ip6->ip6_src, source, 16);
		memcpy(&ip6->ip6_dst, destination, 16);
		len += 40;
	}
	if (chance(c, 16) == 0)
		data[chance(c, 20)] = chance(c, 256);
	return chance(c, 16) ? len : 1 + chance(c, len);
}

void packets_send(struct chance *c, const char *device)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(device),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), protocol, i;
	unsigned char data[2048] __attribute__((aligned(8)));
	size_t len;

	for (i = 0; i < 16; i++) {
		len = packet_make(c, data, &protocol);
		to.sll_protocol = htons(protocol);
		sendto(fd, data, len, MSG_DONTWAIT, (void *)&to, sizeof(to));
	}
	close(fd);
}

/* RTM_NEWLINK, up, or RTM_DELLINK; whether it is granted is not the question. */
static void link_change(int type, const char *name)
{
	struct {
		struct nlmsghdr nlh;
		struct ifinfomsg link;
		struct rtattr attr;
		char name[IFNAMSIZ];
		struct rtattr info, kind;
		char kind_name[8];
	} msg = {
		.nlh = { sizeof(msg), type, NLM_F_REQUEST | NLM_F_CREATE, 0, 0 },
		.link = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP },
		.attr = { RTA_LENGTH(IFNAMSIZ), IFLA_IFNAME },
		.info = { RTA_LENGTH(RTA_LENGTH(8)), IFLA_LINKINFO },
		.kind = { RTA_LENGTH(8), IFLA_INFO_KIND },
		.kind_name = CLOISON_NET_LINK_KIND,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	strcpy(msg.name, name);
	send(fd, &msg, sizeof(msg), 0);
	close(fd);
}

pid_t space_start(uint64_t seed, unsigned int who)
{
	struct chance c;
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	chance_seed(&c, seed, who);
	if (unshare(CLONE_NEWNET))
		err(3, "unshare");
	for (;;) {
		link_change(RTM_NEWLINK, "venet0");
		for (int i = chance(&c, 20); i; i--) {
			packets_send(&c, "venet0");
			usleep(chance(&c, 100000));
		}
		link_change(RTM_DELLINK, "venet0");
	}
}
