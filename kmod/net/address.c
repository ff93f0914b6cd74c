// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose an address is.
 *
 * One hash table holds single addresses and delegated prefixes. A single
 * address is found in one step, a prefix by trying the lengths that are in
 * use. No part of what one container has is ever another's, so it does not
 * matter in which order they are tried.
 */
#include <linux/random.h>
#include <linux/slab.h>

#include "../compat/compat.h"
#include "net.h"

/* Written under venet_mutex, read under RCU. */
static DEFINE_HASHTABLE(venet_addresses, 13);

/* How many prefixes of each length there are, and which lengths are in use. */
static unsigned int venet_plen_count[129];
static DECLARE_BITMAP(venet_plens, 129);

static u32 venet_seed __ro_after_init;

void __init venet_address_init(void)
{
	get_random_bytes(&venet_seed, sizeof(venet_seed));
}

/*
 * Customers choose addresses, or who delegates them does so by a pattern:
 * nobody must be able to say which ones are in one chain.
 */
static u32 venet_hash(const struct in6_addr *addr)
{
	return __ipv6_addr_jhash(addr, venet_seed);
}

static __always_inline struct venet_address *
venet_lookup(const struct in6_addr *addr, unsigned int plen)
{
	struct venet_address *a;

	hash_for_each_possible_rcu(venet_addresses, a, node, venet_hash(addr),
				   lockdep_is_held(&venet_mutex))
		if (a->plen == plen && ipv6_addr_equal(&a->addr, addr))
			return a;
	return NULL;
}

/* Of the prefixes from @first bits on that are shorter than @end. */
static struct venet_address *venet_find_prefix(const struct in6_addr *addr,
					       unsigned int first,
					       unsigned int end)
{
	struct venet_address *a;
	struct in6_addr prefix;
	unsigned int plen;

	for_each_set_bit_from(first, venet_plens, end) {
		plen = first;
		ipv6_addr_prefix(&prefix, addr, plen);
		a = venet_lookup(&prefix, plen);
		if (a)
			return a;
	}
	return NULL;
}

struct venet_address *venet_address_find(const struct in6_addr *addr)
{
	struct venet_address *a = venet_lookup(addr, 128);

	return a ?: venet_find_prefix(addr, venet_is_v4(addr) ? 96 : 0, 128);
}

/* What of the table shares an address with this prefix, of another container. */
static struct venet_address *venet_overlap(const struct venet_ct *ct,
					   const struct in6_addr *addr,
					   unsigned int plen)
{
	struct venet_address *a;
	int bucket;

	/* One that contains it. There is no other if it is a single address. */
	a = venet_lookup(addr, plen) ?: venet_find_prefix(addr, 0, plen);
	if (a && a->ct != ct)
		return a;
	if (plen == 128)
		return NULL;

	hash_for_each(venet_addresses, bucket, a, node)
		if (a->ct != ct && a->plen > plen &&
		    ipv6_prefix_equal(&a->addr, addr, plen))
			return a;
	return NULL;
}

int venet_address_add(struct venet_ct *ct, const struct in6_addr *addr,
		      unsigned int plen, struct netlink_ext_ack *extack)
{
	struct venet_address *a;

	lockdep_assert_held(&venet_mutex);

	a = venet_overlap(ct, addr, plen);
	if (a) {
		NL_SET_ERR_MSG_FMT(extack, "%s container %u",
				   a->plen == plen ? "it belongs to" :
				   "it overlaps with an address of", a->ct->id);
		return -EADDRINUSE;
	}
	if (venet_lookup(addr, plen)) {
		NL_SET_ERR_MSG(extack, "the container has it already");
		return -EEXIST;
	}

	a = kzalloc_obj(*a);
	if (!a)
		return -ENOMEM;
	a->addr = *addr;
	a->plen = plen;
	a->ct = ct;
	list_add_tail_rcu(&a->list, &ct->addresses);
	hash_add_rcu(venet_addresses, &a->node, venet_hash(addr));
	if (plen < 128 && !venet_plen_count[plen]++)
		set_bit(plen, venet_plens);
	venet_generation++;
	return 0;
}

static void venet_address_remove(struct venet_address *a)
{
	if (a->plen < 128 && !--venet_plen_count[a->plen])
		clear_bit(a->plen, venet_plens);
	hash_del_rcu(&a->node);
	list_del_rcu(&a->list);
	kfree_rcu(a, rcu);
	venet_generation++;
}

int venet_address_del(struct venet_ct *ct, const struct in6_addr *addr,
		      unsigned int plen)
{
	struct venet_address *a;

	lockdep_assert_held(&venet_mutex);

	a = venet_lookup(addr, plen);
	if (!a || a->ct != ct)
		return -EADDRNOTAVAIL;
	venet_address_remove(a);
	return 0;
}

void venet_address_del_all(struct venet_ct *ct)
{
	struct venet_address *a, *next;

	lockdep_assert_held(&venet_mutex);
	list_for_each_entry_safe(a, next, &ct->addresses, list)
		venet_address_remove(a);
}
