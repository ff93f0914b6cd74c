/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Cloison: the protocol between cloison_net.ko and the tool. For the model see
 * Documentation/net.rst.
 *
 * A generic netlink family of its own, CLOISON_NET_GENL_NAME, under the rules of
 * the family "cloison" (cloison.h): initial network namespace, CAP_SYS_ADMIN in
 * the initial user namespace, extended acks, strict checks. It is there if and
 * only if the module is loaded. Containers are named by the ids that were
 * registered with the core; where nothing else is said, ID of a container that
 * is not registered is -ENOENT.
 *
 * An address is ADDR (4 bytes IPv4, 16 bytes IPv6, network order) and PREFIXLEN
 * (8..32, 16..128; the longest without it): a single address or a prefix
 * that is delegated as a whole. It belongs to one container at most, and
 * nothing within it to another one. It lives as long as its container is
 * registered, whether that runs or not.
 *
 * CLOISON_NET_CMD_BIND		{ID, NETNS_FD}
 *	The network namespace (a descriptor of the caller's, as of
 *	/proc/PID/ns/net) is the one of the container, until the namespace dies or
 *	the container is deleted. A venet device there, now or later, is the
 *	container's. Before, such a device carries nothing. While a container is
 *	bound the module cannot be unloaded. Binding again what is bound: 0.
 *	-EBADF, -EINVAL	not a network namespace, or the host's
 *	-EBUSY    the container has another one, or another container has it
 *	-ESHUTDOWN the module is being unloaded
 *
 * CLOISON_NET_CMD_ADDR_ADD	{ID, ADDR [, PREFIXLEN]}
 *	-EEXIST     the container has exactly that already
 *	-EADDRINUSE it belongs, or a part of it, to another container; the extended
 *		    ack ends with "container ID"
 *	-EINVAL     not a unicast address, bits set beyond the prefix
 *	-ERANGE     the length of the prefix
 *
 * CLOISON_NET_CMD_ADDR_DEL	{ID, ADDR [, PREFIXLEN]}
 *	-EADDRNOTAVAIL the container does not have exactly that
 *
 * CLOISON_NET_CMD_ADDR_GET	{ADDR}, answer {ID, ADDR, PREFIXLEN}
 *	To whom a packet for ADDR goes, and by virtue of what.
 *	-EADDRNOTAVAIL it is nobody's
 *	As a dump, {[ID]}: of all containers by id, or of one; in the order added.
 *
 * CLOISON_NET_CMD_GET		{ID}, answer {CONTAINER}; as a dump: all, by id
 *
 *	Dumps in which addresses, containers or bindings changed meanwhile have
 *	NLM_F_DUMP_INTR.
 *
 * CLOISON_NET_CMD_HOLD		{ID [, MAX_PACKETS] [, MAX_BYTES] [, NEW]}
 *	Packets to and from the container are queued from now on, in each
 *	direction at most so many; what comes then is dropped. Nothing is
 *	answered in its place. When the command returns nothing passes by the
 *	queues any more. A packet that was let through just before may still be
 *	in the backlog of a processor; if it gets to the container, what that
 *	says to it is queued, so that nobody takes it for received. On a
 *	container on hold it changes the bounds. Without bounds:
 *	CLOISON_NET_HOLD_PACKETS, CLOISON_NET_HOLD_BYTES.
 *	With NEW only packets to the container that open a TCP connection are
 *	queued: those that are being opened come about or fail, and then there
 *	are none. Another HOLD, without it, follows. It does nothing to one on
 *	hold that has come to that already.
 *
 * CLOISON_NET_CMD_RELEASE	{ID}
 *	What is queued flows on, in order and before all that comes later; what
 *	was for an address that is no container's any more, to the host, as if
 *	the container had sent it: its routes may lead to where it is now.
 *	-EALREADY  it is not on hold
 *
 * CLOISON_NET_CMD_DISCARD	{ID}
 *	What is queued is dropped. The container stays on hold.
 *	-EALREADY  it is not on hold
 *
 * CLOISON_NET_CMD_HOST_SET	{SHORTCUT}
 * CLOISON_NET_CMD_HOST_GET	{}, answer {SHORTCUT, DROPS}
 *	What concerns the whole host.
 *
 * CLOISON_NET_CMD_SET		{ID, SHORTCUT}
 *	0: packets to and from the container never take the short cut, whatever the
 *	host's switch says: the host's tc is to see them. 1, as at first: they do
 *	as the host's switch says.
 */
#ifndef _UAPI_LINUX_CLOISON_NET_H
#define _UAPI_LINUX_CLOISON_NET_H

#define CLOISON_NET_GENL_NAME		"cloison_net"
#define CLOISON_NET_GENL_VERSION	1

/* The kind of the link, as in `ip link add type venet`. */
#define CLOISON_NET_LINK_KIND		"venet"

#define CLOISON_NET_HOLD_PACKETS	4096
#define CLOISON_NET_HOLD_BYTES		(16 << 20)

enum cloison_net_cmd {
	CLOISON_NET_CMD_UNSPEC,
	CLOISON_NET_CMD_BIND,
	CLOISON_NET_CMD_ADDR_ADD,
	CLOISON_NET_CMD_ADDR_DEL,
	CLOISON_NET_CMD_ADDR_GET,
	CLOISON_NET_CMD_GET,
	CLOISON_NET_CMD_HOLD,
	CLOISON_NET_CMD_RELEASE,
	CLOISON_NET_CMD_DISCARD,
	CLOISON_NET_CMD_HOST_SET,
	CLOISON_NET_CMD_HOST_GET,
	CLOISON_NET_CMD_SET,

	__CLOISON_NET_CMD_MAX,
	CLOISON_NET_CMD_MAX = __CLOISON_NET_CMD_MAX - 1,
};

/* Top level attributes. */
enum cloison_net_attr {
	CLOISON_NET_A_UNSPEC,
	CLOISON_NET_A_ID,		/* u32, 1..CLOISON_ID_MAX */
	CLOISON_NET_A_NETNS_FD,		/* s32 */
	CLOISON_NET_A_ADDR,		/* 4 or 16 bytes */
	CLOISON_NET_A_PREFIXLEN,	/* u8 */
	CLOISON_NET_A_MAX_PACKETS,	/* u32, per direction; a GSO packet is one */
	CLOISON_NET_A_MAX_BYTES,	/* u32, per direction, of kernel memory */
	CLOISON_NET_A_SHORTCUT,		/* u8, 0 or 1: packets between containers pass
					 * by the host's routing, netfilter and tc;
					 * of one container: they may
					 */
	CLOISON_NET_A_CONTAINER,	/* nested, enum cloison_net_container_attr */
	CLOISON_NET_A_DROPS,		/* nested, enum cloison_net_drop: of packets that
					 * concern no container
					 */
	CLOISON_NET_A_NEW,		/* flag: new TCP connections only */

	__CLOISON_NET_A_MAX,
	CLOISON_NET_A_MAX = __CLOISON_NET_A_MAX - 1,
};

/* Inside CLOISON_NET_A_CONTAINER. */
enum cloison_net_container_attr {
	CLOISON_NET_CONTAINER_A_UNSPEC,
	CLOISON_NET_CONTAINER_A_ID,		/* u32 */
	CLOISON_NET_CONTAINER_A_NETNS,		/* u32, inode number of the network
						 * namespace; absent when not bound
						 */
	CLOISON_NET_CONTAINER_A_IFINDEX,	/* u32, of its venet device, in there;
						 * absent without one
						 */
	CLOISON_NET_CONTAINER_A_MAX_PACKETS,	/* u32, these two while on hold */
	CLOISON_NET_CONTAINER_A_MAX_BYTES,	/* u32 */
	CLOISON_NET_CONTAINER_A_FROM,		/* nested, enum cloison_net_flow_attr: */
	CLOISON_NET_CONTAINER_A_TO,		/* what it sent, what was sent to it */
	CLOISON_NET_CONTAINER_A_SHORTCUT,	/* u8, by SET */

	__CLOISON_NET_CONTAINER_A_MAX,
	CLOISON_NET_CONTAINER_A_MAX = __CLOISON_NET_CONTAINER_A_MAX - 1,
};

/* One direction. Packets are counted once, as they pass or are dropped. */
enum cloison_net_flow_attr {
	CLOISON_NET_FLOW_A_UNSPEC,
	CLOISON_NET_FLOW_A_PAD,
	CLOISON_NET_FLOW_A_PACKETS,		/* u64, passed */
	CLOISON_NET_FLOW_A_BYTES,		/* u64, of IP, passed */
	CLOISON_NET_FLOW_A_HELD,		/* u64, packets that ever were queued */
	CLOISON_NET_FLOW_A_QUEUED_PACKETS,	/* u32, now */
	CLOISON_NET_FLOW_A_QUEUED_BYTES,	/* u32, now, of kernel memory */
	CLOISON_NET_FLOW_A_DROPS,		/* nested, enum cloison_net_drop */

	__CLOISON_NET_FLOW_A_MAX,
	CLOISON_NET_FLOW_A_MAX = __CLOISON_NET_FLOW_A_MAX - 1,
};

/* Why packets were dropped: attributes of type u64, those that are 0 left out. */
enum cloison_net_drop {
	CLOISON_NET_DROP_UNSPEC,
	CLOISON_NET_DROP_PAD,
	CLOISON_NET_DROP_INVALID,	/* no IPv4 or IPv6 packet, IPv4-mapped addresses */
	CLOISON_NET_DROP_SCOPE,		/* multicast, broadcast, IPv6 link-local */
	CLOISON_NET_DROP_SPOOFED,	/* the source is not the container's own */
	CLOISON_NET_DROP_NO_OWNER,	/* the destination is no container's */
	CLOISON_NET_DROP_NO_DEVICE,	/* no device there, or not up */
	CLOISON_NET_DROP_BACKLOG,	/* the receiver does not keep up, or has no memory */
	CLOISON_NET_DROP_HOLD_FULL,	/* more than the hold queue takes */
	CLOISON_NET_DROP_DISCARDED,	/* by DISCARD */
	CLOISON_NET_DROP_LOOPED,	/* the host turned back what it had from there itself */

	__CLOISON_NET_DROP_MAX,
	CLOISON_NET_DROP_MAX = __CLOISON_NET_DROP_MAX - 1,
};

#endif /* _UAPI_LINUX_CLOISON_NET_H */
