/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses of containers, as IP_ADDRESS has them: words such as
 *
 *	10.0.101.2 fd00::101		single addresses
 *	10.0.101.2/24 fd00::101/64	the same; the container sees this netmask
 *	10.0.102.0/28 2001:db8:1::/64	all bits beyond the prefix are 0: the prefix as
 *					a whole is the container's
 */
#ifndef CLOISON_ADDRESS_H
#define CLOISON_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

struct address {
	int family;		/* AF_INET or AF_INET6 */
	unsigned char bytes[16];
	unsigned int bits;	/* of them: 32 or 128 */
	unsigned int owned;	/* prefix length of what is the container's */
	unsigned int mask;	/* of what it takes for its link */
};

/* A list of them. */
struct addresses {
	struct address *list;
	size_t count;
};

/* A unicast address that can be routed. */
bool address_parse(const char *s, struct address *out);
/* As parsed; to be freed. address_owned() leaves out what the container sees. */
char *address_text(const struct address *a);
char *address_owned(const struct address *a);

static inline bool address_is_single(const struct address *a)
{
	return a->owned == a->bits;
}

/* Do both stand for the same addresses? */
bool address_same(const struct address *a, const struct address *b);

/* Is all of @a of @prefix, which may be a single one? */
bool address_within(const struct address *a, const struct address *prefix);
bool address_overlap(const struct address *a, const struct address *b);

/*
 * Words of @text, which may be NULL. EXIT_BAD_IP names the first that is none; @out has the
 * others all the same.
 */
int addresses_parse(const char *text, struct addresses *out);
/* The words again; to be freed. */
char *addresses_text(const struct addresses *all);
bool addresses_have(const struct addresses *all, const struct address *a);
bool addresses_have_family(const struct addresses *all, int family);
/* Is one of them that is not @a itself all of it, and maybe more? */
bool addresses_cover(const struct addresses *all, const struct address *a);
/* Some or all of it? */
bool addresses_touch(const struct addresses *all, const struct address *a);
void addresses_add(struct addresses *all, const struct address *a);
void addresses_free(struct addresses *all);

#define cleanup_addresses	cleanup(addresses_free)

#endif
