// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/if_ether.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "error.h"
#include "ethernet.h"
#include "kernel.h"
#include "learn.h"
#include "netns.h"

/* As hypervisors do: a question in RARP, which nobody answers; its sender is all that counts. */
static void announce(int fd, const struct netif *n)
{
	struct ifreq ifr = {};
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_halen = ETH_ALEN };
	struct {
		struct ether_header eth;
		struct ether_arp arp;
	} frame = {
		.eth.ether_type = htons(ETHERTYPE_REVARP),
		.arp.arp_hrd = htons(ARPHRD_ETHER), .arp.arp_pro = htons(ETHERTYPE_IP),
		.arp.arp_hln = ETH_ALEN, .arp.arp_pln = 4, .arp.arp_op = htons(ARPOP_RREQUEST),
	};

	memcpy(ifr.ifr_name, n->ifname, IFNAMSIZ);
	/* its root may have given it another name */
	if (ioctl(fd, SIOCGIFINDEX, &ifr))
		return;
	to.sll_ifindex = ifr.ifr_ifindex;
	memset(frame.eth.ether_dhost, 0xff, ETH_ALEN);
	memcpy(frame.eth.ether_shost, n->mac, ETH_ALEN);
	memcpy(frame.arp.arp_sha, n->mac, ETH_ALEN);
	memcpy(frame.arp.arp_tha, n->mac, ETH_ALEN);
	/* one may get lost */
	for (int i = 0; i < 3; i++)
		sendto(fd, &frame, sizeof(frame), MSG_DONTWAIT, (struct sockaddr *)&to,
		       sizeof(to));
}

void learn_announce(uint32_t id)
{
	cleanup_netifs struct netifs all = {};
	cleanup_close int netns = -1, fd = -1;
	struct kernel_container kc = {};
	int ret = ethernet_noted(id, &all);

	if (!ret && !all.count)
		return;
	if (!ret)
		ret = kernel_get(id, &kc);
	if (!ret)
		ret = netns_open(id, kc.init, &netns);
	/* from inside: so it comes by its port, with that one's VLAN */
	if (!ret)
		ret = netns_socket(netns, AF_PACKET, SOCK_RAW, &fd);
	if (ret) {
		detail("Switches are not told where container %u is: %s", id, error_text());
		error_clear();
		return;
	}
	for (size_t i = 0; i < all.count; i++)
		if (all.list[i].bridge[0])
			announce(fd, &all.list[i]);
}
