/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ethernet interfaces of containers, as NETIF has them: as a rule pairs of veth links, one
 * end inside, the other on the host and in a bridge.
 *
 *	ifname=eth0,mac=02:00:00:00:00:01,host_ifname=veth101.0,bridge=br0;ifname=...
 *
 * Only ifname must be there. More keys: host_mac; vlan, the VLAN of a bridge that filters
 * by them (802.1Q), without tags for the container; and mac_filter=off, which lets the
 * container send from and receive for MAC addresses that are not its own.
 *
 * ip, addresses with blanks between, is what it is kept to in the bridge: it gets none by that.
 *
 *	ifname=eth0,type=routed,ip=10.0.101.2 fd00::101
 *	ifname=eth0,type=macvlan,link=eth0,vlan=7
 *
 * type: routed, a pair of veth links without a bridge, to which the host routes those
 * addresses; macvlan, ipvlan, ipvlan-l3, which have no end on the host: link is the host's
 * link that they share, with vlan a VLAN of it.
 */
#ifndef CLOISON_NETIF_H
#define CLOISON_NETIF_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "cleanup.h"

enum netif_type { NETIF_VETH, NETIF_ROUTED, NETIF_MACVLAN, NETIF_IPVLAN, NETIF_IPVLAN_L3 };

struct netif {
	enum netif_type type;
	char ifname[IFNAMSIZ];
	char host_ifname[IFNAMSIZ];	/* "": veth101.0, or the next that is free */
	char bridge[IFNAMSIZ];		/* "": none */
	char link[IFNAMSIZ];		/* "": none */
	struct addresses ip;
	unsigned char mac[6], host_mac[6];	/* zeroes: to be made up */
	unsigned int vlan;		/* 1..4094; 0: none */
	bool unfiltered;
};

/* One without an end on the host. */
static inline bool netif_is_upper(const struct netif *n)
{
	return n->type >= NETIF_MACVLAN;
}

struct netifs {
	struct netif *list;
	size_t count;
};

/* EXIT_BAD_VALUE. @text may be NULL. */
int netifs_parse(const char *text, struct netifs *out);
/* To be freed. */
char *netifs_text(const struct netifs *all);
void netifs_free(struct netifs *all);
void netifs_copy(const struct netifs *all, struct netifs *out);

#define cleanup_netifs	cleanup(netifs_free)

/*
 * Give names on the host and MAC addresses, for container @id, to those that have none:
 * those of the same interface in @has, or new ones.
 */
void netifs_complete(struct netifs *all, const struct netifs *has, uint32_t id);

/* As the key type has it. */
const char *netif_type_text(const struct netif *n);

/* The index of @ifname; all->count if there is none. */
size_t netifs_find(const struct netifs *all, const char *ifname);

/* The one with this end on the host, or NULL. */
const struct netif *netifs_on_host(const struct netifs *all, const char *host_ifname);

/* Do the keys of each fit together? EXIT_NETIF. */
int netifs_check(const struct netifs *all);

/*
 * The options of set, put to the text that NETIF is: the new text, to be freed, or NULL
 * if @arg is bad. netif_select() chooses the interface that netif_change() is about,
 * @key being one of those above.
 */
/* IFNAME[,MAC,HOST_IFNAME,HOST_MAC,BRIDGE,VLAN][,KEY=VALUE...] */
char *netif_add(const char *arg, const char *old);
char *netif_del(const char *arg, const char *old);	/* IFNAME, or all */
char *netif_select(const char *arg, const char *old);
char *netif_change(const char *key, const char *arg, const char *old);
char *netif_set(const char *arg, const char *old);	/* KEY=VALUE */

#endif
