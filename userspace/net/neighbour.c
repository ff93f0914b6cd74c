// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netlink/route/addr.h>
#include <netlink/route/link.h>

#include "cleanup.h"
#include "error.h"
#include "global.h"
#include "link.h"
#include "neighbour.h"
#include "util.h"

/* One answer may get lost; who is asked has a second (vzctl waited as long). */
#define PROBES		3
#define PROBE_GAP_MS	300
#define PROBE_MS	1000
/* Of what came while nobody listened so much is looked at: more than a socket holds. */
#define LATE_MAX	2000

#define ANNOUNCEMENTS	2

#define ND_OPT_NONCE	14

/* "list:" before the names is how OpenVZ had it. */
static bool is_named(const char *list, const char *name)
{
	cleanup_free char *copy = xstrdup(strncmp(list, "list:", 5) == 0 ? list + 5 : list);
	char *rest = copy, *word;

	while ((word = strsep(&rest, " ,")))
		if (strcmp(word, name) == 0)
			return true;
	return false;
}

static bool has_neighbours(struct rtnl_link *link)
{
	const char *kind = rtnl_link_get_type(link);
	unsigned int flags = rtnl_link_get_flags(link);

	return (flags & IFF_UP) && !(flags & (IFF_LOOPBACK | IFF_NOARP)) &&
	       rtnl_link_get_arptype(link) == ARPHRD_ETHER && !rtnl_link_get_master(link) &&
	       !(link_is(link, "vlan") && rtnl_link_get_group(link) == LINK_GROUP) &&
	       (!kind || strcmp(kind, "veth") != 0);
}

static void look_at_link(struct nl_object *object, void *arg)
{
	struct rtnl_link *link = (struct rtnl_link *)object;
	const char *wanted = global.neighbour_devs, *name = rtnl_link_get_name(link);
	struct nl_addr *mac = rtnl_link_get_addr(link);
	struct neighbours *all = arg;
	struct neighbour *n;

	if (!name || !mac || nl_addr_get_len(mac) != sizeof(n->mac))
		return;
	if (strcmp(wanted, "all") == 0 || all->detect ? !has_neighbours(link) :
							!is_named(wanted, name))
		return;
	all->list = xrealloc(all->list, (all->count + 1) * sizeof(*all->list));
	n = &all->list[all->count++];
	*n = (struct neighbour){ .ifindex = rtnl_link_get_ifindex(link) };
	snprintf(n->name, sizeof(n->name), "%s", name);
	memcpy(n->mac, nl_addr_get_binary_addr(mac), sizeof(n->mac));
}

static void look_at_address(struct nl_object *object, void *arg)
{
	struct rtnl_addr *addr = (struct rtnl_addr *)object;
	struct nl_addr *local = rtnl_addr_get_local(addr);
	struct neighbours *all = arg;
	struct address a = {};

	if (!local || nl_addr_get_len(local) > sizeof(a.bytes))
		return;
	a.family = nl_addr_get_family(local);
	a.bits = nl_addr_get_len(local) * 8;
	memcpy(a.bytes, nl_addr_get_binary_addr(local), nl_addr_get_len(local));
	a.mask = nl_addr_get_prefixlen(local);
	a.owned = a.bits;
	addresses_add(&all->own, &a);
	for (size_t i = 0; i < all->count; i++)
		if (all->list[i].ifindex == rtnl_addr_get_ifindex(addr))
			addresses_add(&all->list[i].own, &a);
}

int neighbours_find(struct nl_sock *sock, struct neighbours *out)
{
	struct nl_cache *links = NULL, *addrs = NULL;
	int err;

	*out = (struct neighbours){ .detect = strcmp(global.neighbour_devs, "detect") == 0 };
	err = rtnl_link_alloc_cache(sock, AF_UNSPEC, &links);
	if (!err)
		err = rtnl_addr_alloc_cache(sock, &addrs);
	if (!err) {
		nl_cache_foreach(links, look_at_link, out);
		nl_cache_foreach(addrs, look_at_address, out);
	}
	nl_cache_free(links);
	nl_cache_free(addrs);
	return err ? fail(EXIT_ADD_IP, "Cannot list the host's links: %s", nl_geterror(err)) : 0;
}

void neighbours_free(struct neighbours *all)
{
	for (size_t i = 0; i < all->count; i++)
		addresses_free(&all->list[i].own);
	addresses_free(&all->own);
	free(all->list);
	*all = (struct neighbours){};
}

static bool same_subnet(const struct address *own, const struct address *a)
{
	if (own->family != a->family)
		return false;
	for (unsigned int i = 0; i < own->mask; i++)
		if ((own->bytes[i / 8] ^ a->bytes[i / 8]) & (0x80 >> i % 8))
			return false;
	return true;
}

bool neighbour_wants(const struct neighbours *all, const struct neighbour *n,
		     const struct address *a)
{
	if (!address_is_single(a))
		return false;
	for (size_t i = 0; all->detect && i < n->own.count; i++)
		if (same_subnet(&n->own.list[i], a))
			return true;
	return !all->detect;
}

static int arp_socket(const struct neighbour *n)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = n->ifindex,
	};
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ARP));

	if (fd >= 0 && bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Solicitations and advertisements have one layout. */
struct nd_message {
	struct nd_neighbor_advert nd;
	struct nd_opt_hdr opt;
	unsigned char mac[6];
};

/* Who says that he has an address, or wants it, comes in. */
static int icmp6_socket(const struct neighbour *n)
{
	struct icmp6_filter filter;
	int hops = 255, off = 0, on = 1;
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6);

	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ND_NEIGHBOR_ADVERT, &filter);
	ICMP6_FILTER_SETPASS(ND_NEIGHBOR_SOLICIT, &filter);
	if (fd >= 0 &&
	    (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, n->name, strlen(n->name) + 1) ||
	     setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) ||
	     setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &off, sizeof(off)) ||
	     setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on)) ||
	     setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* @sender: all 0 in a question whether the address is free, RFC 5227 2.1.1. */
static void send_arp(int fd, const struct neighbour *n, const unsigned char *sender,
		     const unsigned char *target)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = n->ifindex, .sll_halen = ETH_ALEN,
	};
	struct ether_arp arp = {
		.arp_hrd = htons(ARPHRD_ETHER), .arp_pro = htons(ETH_P_IP),
		.arp_hln = ETH_ALEN, .arp_pln = 4, .arp_op = htons(ARPOP_REQUEST),
	};

	memset(to.sll_addr, 0xff, ETH_ALEN);
	memcpy(arp.arp_sha, n->mac, ETH_ALEN);
	memcpy(arp.arp_spa, sender, 4);
	memcpy(arp.arp_tpa, target, 4);
	sendto(fd, &arp, sizeof(arp), 0, (struct sockaddr *)&to, sizeof(to));
}

static struct nd_message nd_message(const struct neighbour *n, int type, int option,
				    const struct in6_addr *target)
{
	struct nd_message msg = {
		.nd.nd_na_hdr.icmp6_type = type,
		.nd.nd_na_target = *target,
		.opt = { .nd_opt_type = option, .nd_opt_len = 1 },
	};

	memcpy(msg.mac, n->mac, sizeof(msg.mac));
	return msg;
}

static void send_advert(int fd, const struct neighbour *n, const struct in6_addr *target)
{
	struct sockaddr_in6 to = {
		.sin6_family = AF_INET6, .sin6_scope_id = n->ifindex,
		.sin6_addr.s6_addr = { 0xff, 2, [15] = 1 },	/* all nodes */
	};
	struct nd_message msg = nd_message(n, ND_NEIGHBOR_ADVERT, ND_OPT_TARGET_LINKADDR, target);

	msg.nd.nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE;
	sendto(fd, &msg, sizeof(msg), 0, (struct sockaddr *)&to, sizeof(to));
}

/* Where those listen who may have it: RFC 4291 2.7.1. */
static struct in6_addr solicited_node(const struct in6_addr *a)
{
	struct in6_addr to = { { { 0xff, 2, [11] = 1, [12] = 0xff } } };

	memcpy(&to.s6_addr[13], &a->s6_addr[13], 3);
	return to;
}

/* RFC 1071, of 16-bit words. */
static uint32_t add_up(const void *words, size_t size, uint32_t sum)
{
	for (const uint16_t *w = words; size; size -= 2)
		sum += *w++;
	return sum;
}

/*
 * From nobody, RFC 4862 5.4.2, which the kernel does not let an ICMPv6 socket be: whoever asks
 * the same takes it for a conflict. The nonce (RFC 7527) is our MAC address: what another one of
 * our links hears is known by it.
 */
static void send_dad(int fd, const struct neighbour *n, const struct in6_addr *target)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IPV6),
		.sll_ifindex = n->ifindex, .sll_halen = ETH_ALEN,
		.sll_addr = { 0x33, 0x33, 0xff },
	};
	struct {
		struct ip6_hdr ip;
		struct nd_message msg;
	} packet = {
		.ip.ip6_flow = htonl(6 << 28),
		.ip.ip6_plen = htons(sizeof(packet.msg)),
		.ip.ip6_nxt = IPPROTO_ICMPV6,
		.ip.ip6_hlim = 255,
		.ip.ip6_dst = solicited_node(target),
		.msg = nd_message(n, ND_NEIGHBOR_SOLICIT, ND_OPT_NONCE, target),
	};
	uint32_t sum = add_up(&packet.ip.ip6_dst, sizeof(packet.ip.ip6_dst) + sizeof(packet.msg),
			      htons(sizeof(packet.msg)) + htons(IPPROTO_ICMPV6));

	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	packet.msg.nd.nd_na_hdr.icmp6_cksum = ~sum;
	memcpy(to.sll_addr + 3, &target->s6_addr[13], 3);
	sendto(fd, &packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to));
}

/* Where those are heard who ask for one of ours. */
static void join_groups(int fd, const struct probe *p, const struct neighbour *n)
{
	for (size_t i = 0; i < p->of->count; i++) {
		const struct address *a = &p->of->list[i];
		struct ipv6_mreq group = {
			.ipv6mr_multiaddr = solicited_node((const void *)a->bytes),
			.ipv6mr_interface = n->ifindex,
		};

		/* twice is once: they may have the same */
		if (a->family == AF_INET6 && neighbour_wants(p->on, n, a))
			setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &group, sizeof(group));
	}
}

/* From whom a host that has it behind itself gets an answer: nobody gets none, arp_process(). */
static const struct address *own_ipv4(const struct neighbour *n)
{
	for (size_t i = 0; i < n->own.count; i++)
		if (n->own.list[i].family == AF_INET)
			return &n->own.list[i];
	return NULL;
}

static void ask(const struct probe *p)
{
	static const unsigned char nobody[4];

	for (size_t i = 0; i < p->on->count; i++) {
		const struct neighbour *n = &p->on->list[i];
		const struct address *own = own_ipv4(n);

		for (size_t j = 0; j < p->of->count; j++) {
			const struct address *a = &p->of->list[j];

			if (!neighbour_wants(p->on, n, a))
				continue;
			if (a->family == AF_INET && own)
				send_arp(p->sockets[2 * i], n, own->bytes, a->bytes);
			if (a->family == AF_INET)
				send_arp(p->sockets[2 * i], n, nobody, a->bytes);
			else
				send_dad(p->sockets[2 * i], n, (const void *)a->bytes);
		}
	}
}

void probe_begin(struct probe *p, const struct neighbours *on, const struct addresses *of)
{
	*p = (struct probe){ .on = on, .of = of, .begun = now_ms() };
	p->sockets = xcalloc(2 * on->count + 1, sizeof(*p->sockets));
	for (size_t i = 0; i < on->count; i++) {
		p->sockets[2 * i] = arp_socket(&on->list[i]);
		p->sockets[2 * i + 1] = icmp6_socket(&on->list[i]);
		join_groups(p->sockets[2 * i + 1], p, &on->list[i]);
	}
	ask(p);
}

/* Two links of the host's may be on one network. */
static bool is_own_mac(const struct neighbours *on, const unsigned char *mac)
{
	for (size_t i = 0; i < on->count; i++)
		if (memcmp(on->list[i].mac, mac, ETH_ALEN) == 0)
			return true;
	return false;
}

/* Who says that he has one of ours, or asks as we do whether it is free? */
static const struct address *claimed(const struct probe *p, const void *packet, size_t len,
				     bool arp, const unsigned char **mac)
{
	static const unsigned char nobody[4];
	const struct nd_message *nd = packet;
	const struct ether_arp *msg = packet;

	if (len < (arp ? sizeof(*msg) : sizeof(nd->nd)) ||
	    (!arp && len >= sizeof(*nd) && is_own_mac(p->on, nd->mac)))
		return NULL;
	if (arp && (msg->arp_pro != htons(ETH_P_IP) || msg->arp_hln != ETH_ALEN ||
		    msg->arp_pln != 4 || is_own_mac(p->on, msg->arp_sha)))
		return NULL;
	*mac = arp ? msg->arp_sha : NULL;
	for (size_t i = 0; i < p->of->count; i++) {
		const struct address *a = &p->of->list[i];

		if (!arp && a->family == AF_INET6 &&
		    memcmp(&nd->nd.nd_na_target, a->bytes, 16) == 0)
			return a;
		if (arp && a->family == AF_INET &&
		    (memcmp(msg->arp_spa, a->bytes, 4) == 0 ||
		     (memcmp(msg->arp_spa, nobody, 4) == 0 &&
		      memcmp(msg->arp_tpa, a->bytes, 4) == 0)))
			return a;
	}
	return NULL;
}

/* Nothing that a router has passed on counts, RFC 4861 7.1; nor who asks to reach it. */
static ssize_t receive(int fd, void *packet, size_t size, bool arp)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { packet, size };
	struct sockaddr_in6 from = {};
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_name = &from, .msg_namelen = sizeof(from),
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(fd, &msg, 0);
	int hops = 0;

	for (struct cmsghdr *c = len < 0 ? NULL : CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT)
			memcpy(&hops, CMSG_DATA(c), sizeof(hops));
	if (arp || len < (ssize_t)sizeof(struct icmp6_hdr))
		return len;
	return hops == 255 && (((struct icmp6_hdr *)packet)->icmp6_type == ND_NEIGHBOR_ADVERT ||
			       IN6_IS_ADDR_UNSPECIFIED(&from.sin6_addr)) ? len : -1;
}

static int hear(const struct probe *p, size_t which)
{
	const struct neighbour *n = &p->on->list[which / 2];
	union {
		struct ether_arp arp;
		struct nd_message nd;
		char space[1500];
	} packet;
	const struct address *a;
	const unsigned char *mac;
	cleanup_free char *text = NULL;
	ssize_t len = receive(p->sockets[which], &packet, sizeof(packet), which % 2 == 0);

	if (len < 0)
		return 0;
	a = claimed(p, &packet, len, which % 2 == 0, &mac);
	if (!a)
		return 0;
	text = address_owned(a);
	if (!mac)
		return fail(EXIT_IP_IN_USE, "Address %s: another machine on %s has it", text,
			    n->name);
	return fail(EXIT_IP_IN_USE,
		    "Address %s: another machine on %s has it (%02x:%02x:%02x:%02x:%02x:%02x)",
		    text, n->name, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

/* What came is heard, even if all the time went by before this was called. */
static int hear_until(const struct probe *p, int64_t end)
{
	size_t count = 2 * p->on->count;
	cleanup_free struct pollfd *fds = xcalloc(count + 1, sizeof(*fds));
	int late = 0, ret = 0;

	for (size_t i = 0; i < count; i++)
		fds[i] = (struct pollfd){ .fd = p->sockets[i], .events = POLLIN };
	while (!ret && count && late < LATE_MAX) {
		int64_t left = end - now_ms();

		late += left <= 0;
		if (poll(fds, count, left > 0 ? left : 0) <= 0) {
			if (left <= 0)
				break;
			continue;
		}
		for (size_t i = 0; !ret && i < count; i++)
			if (fds[i].revents)
				ret = hear(p, i);
	}
	return ret;
}

int probe_end(struct probe *p)
{
	int ret = 0;

	for (int asked = 1; !ret && asked < PROBES; asked++) {
		ret = hear_until(p, p->begun + asked * PROBE_GAP_MS);
		if (!ret)
			ask(p);
	}
	if (!ret)
		ret = hear_until(p, p->begun + PROBE_MS);
	p->ended = true;
	return ret;
}

int probe_late(struct probe *p)
{
	return hear_until(p, 0);
}

void probe_cancel(struct probe *p)
{
	for (size_t i = 0; p->sockets && i < 2 * p->on->count; i++)
		if (p->sockets[i] >= 0)
			close(p->sockets[i]);
	free(p->sockets);
	p->sockets = NULL;
}

static void announce(int fd, const struct neighbour *n, const struct address *a)
{
	/* one may get lost, and nobody would ask again for minutes */
	for (int i = 0; i < ANNOUNCEMENTS; i++)
		if (a->family == AF_INET)
			send_arp(fd, n, a->bytes, a->bytes);
		else
			send_advert(fd, n, (const void *)a->bytes);
}

void neighbour_announce(const struct neighbours *on, const struct neighbour *n,
			const struct addresses *all)
{
	/* closing one waits for all processors */
	cleanup_close int arp = -1;
	cleanup_close int icmp6 = -1;

	for (size_t i = 0; i < all->count; i++) {
		const struct address *a = &all->list[i];
		int *fd = a->family == AF_INET ? &arp : &icmp6;

		if (!neighbour_wants(on, n, a))
			continue;
		if (*fd < 0)
			*fd = a->family == AF_INET ? arp_socket(n) : icmp6_socket(n);
		if (*fd >= 0)
			announce(*fd, n, a);
	}
}
