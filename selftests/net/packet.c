// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets as a container's root may make them, and what a device really carries.
 *
 *	packet spoof SOURCE DESTINATION [COUNT]
 *		UDP to port 9, from a raw socket, with a source of one's own choice.
 *
 *	packet send DEVICE PROTOCOL HEX [COUNT]
 *		These bytes, from a packet socket, as PROTOCOL (0x0800).
 *
 *	packet sniff DEVICE COUNT SECONDS [cooked]
 *		Prints "ready", then one line a packet: "in|out PROTOCOL LENGTH
 *		SOURCE DESTINATION", as seen in the first bytes that a packet socket
 *		(SOCK_RAW; cooked: SOCK_DGRAM) gets. Exits with 1 if they do not come.
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static int spoof4(const char *source, const char *destination, int count)
{
	struct {
		struct iphdr ip;
		struct udphdr udp;
		char data[8];
	} __attribute__((packed)) p = {
		.ip = {
			.version = 4, .ihl = 5, .ttl = 64,
			.protocol = IPPROTO_UDP,
			.tot_len = htons(sizeof(p)),
		},
		.udp = { .dest = htons(9), .len = htons(16) },
	};
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);

	if (fd < 0)
		err(3, "socket");
	if (inet_pton(AF_INET, source, &p.ip.saddr) != 1 ||
	    inet_pton(AF_INET, destination, &to.sin_addr) != 1)
		errx(3, "no address");
	p.ip.daddr = to.sin_addr.s_addr;
	while (count--)
		if (sendto(fd, &p, sizeof(p), 0, (void *)&to, sizeof(to)) < 0)
			err(1, "sendto");
	return 0;
}

static int spoof6(const char *source, const char *destination, int count)
{
	struct {
		struct ip6_hdr ip;
		struct udphdr udp;
		char data[8];
	} __attribute__((packed)) p = {
		.ip.ip6_flow = htonl(6 << 28),
		.ip.ip6_plen = htons(16),
		.ip.ip6_nxt = IPPROTO_UDP,
		.ip.ip6_hlim = 64,
		.udp = { .dest = htons(9), .len = htons(16), .check = 1 },
	};
	struct sockaddr_in6 to = { .sin6_family = AF_INET6 };
	int fd = socket(AF_INET6, SOCK_RAW, IPPROTO_RAW);

	if (fd < 0)
		err(3, "socket");
	if (inet_pton(AF_INET6, source, &p.ip.ip6_src) != 1 ||
	    inet_pton(AF_INET6, destination, &to.sin6_addr) != 1)
		errx(3, "no address");
	p.ip.ip6_dst = to.sin6_addr;
	while (count--)
		if (sendto(fd, &p, sizeof(p), 0, (void *)&to, sizeof(to)) < 0)
			err(1, "sendto");
	return 0;
}

static unsigned int device(const char *name)
{
	unsigned int index = if_nametoindex(name);

	if (!index)
		err(3, "%s", name);
	return index;
}

static int send_bytes(const char *name, const char *protocol, const char *hex,
		      int count)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_ifindex = device(name),
		.sll_protocol = htons(strtoul(protocol, NULL, 0)),
	};
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	unsigned char data[2048];
	unsigned int len, byte;

	if (fd < 0)
		err(3, "socket");
	for (len = 0; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		data[len++] = byte;
	while (count--)
		if (sendto(fd, data, len, 0, (void *)&to, sizeof(to)) < 0)
			err(1, "sendto");
	return 0;
}

static void print_packet(const struct sockaddr_ll *from,
			 const unsigned char *data, ssize_t len)
{
	char source[INET6_ADDRSTRLEN] = "?", destination[INET6_ADDRSTRLEN] = "?";

	if (len >= 20 && data[0] >> 4 == 4) {
		inet_ntop(AF_INET, data + 12, source, sizeof(source));
		inet_ntop(AF_INET, data + 16, destination, sizeof(destination));
	} else if (len >= 40 && data[0] >> 4 == 6) {
		inet_ntop(AF_INET6, data + 8, source, sizeof(source));
		inet_ntop(AF_INET6, data + 24, destination,
			  sizeof(destination));
	}
	printf("%s %04x %zd %s %s\n",
	       from->sll_pkttype == PACKET_OUTGOING ? "out" : "in",
	       ntohs(from->sll_protocol), len, source, destination);
	fflush(stdout);
}

static int sniff(const char *name, int count, int seconds, int type)
{
	struct sockaddr_ll on = {
		.sll_family = AF_PACKET,
		.sll_ifindex = device(name),
		.sll_protocol = htons(0x0003),
	};
	int fd = socket(AF_PACKET, type, htons(0x0003));
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	struct timespec now, end;
	unsigned char data[128];

	if (fd < 0 || bind(fd, (void *)&on, sizeof(on)))
		err(3, "socket");
	puts("ready");
	fflush(stdout);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	while (count > 0) {
		struct sockaddr_ll from;
		socklen_t size = sizeof(from);
		ssize_t len;

		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > end.tv_sec)
			return 1;
		if (poll(&pollfd, 1, 200) <= 0)
			continue;
		/* MSG_TRUNC: the length it has, not what fits. */
		len = recvfrom(fd, data, sizeof(data), MSG_TRUNC, (void *)&from,
			       &size);
		if (len < 0)
			err(1, "recvfrom");
		print_packet(&from, data, len);
		count--;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 4 && !strcmp(argv[1], "spoof")) {
		int count = argc > 4 ? atoi(argv[4]) : 1;

		return strchr(argv[2], ':') ? spoof6(argv[2], argv[3], count) :
					      spoof4(argv[2], argv[3], count);
	}
	if (argc >= 5 && !strcmp(argv[1], "send"))
		return send_bytes(argv[2], argv[3], argv[4],
				  argc > 5 ? atoi(argv[5]) : 1);
	if (argc >= 5 && !strcmp(argv[1], "sniff"))
		return sniff(argv[2], atoi(argv[3]), atoi(argv[4]),
			     argc > 5 ? SOCK_DGRAM : SOCK_RAW);
	errx(3, "usage: packet spoof SOURCE DESTINATION [COUNT]\n"
		"       packet send DEVICE PROTOCOL HEX [COUNT]\n"
		"       packet sniff DEVICE COUNT SECONDS [cooked]");
}
