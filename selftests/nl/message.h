/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests to the families, good and bad, made by chance. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESSAGE_MAX	16384
#define SLOTS		8

/* What a good request may be about: the cgroup and the init of container n + 1, and
 * a process that has a network namespace of its own, or has not yet. Other
 * processes change it all the time.
 */
struct slot {
	_Atomic uint64_t cgroup_id;
	_Atomic uint32_t init;
	_Atomic uint32_t space;
};

struct chance {
	uint64_t state;
};

void chance_seed(struct chance *c, uint64_t seed, unsigned int who);
/* 0..@below - 1 */
uint32_t chance(struct chance *c, uint32_t below);

/* Who asks: @spaces are descriptors of the slots' network namespaces, -1 without. */
struct asker {
	struct chance chance;
	const struct slot *slots;
	int spaces[SLOTS];
};

/* A family. */
struct protocol {
	int family;
	int commands, attributes;	/* the highest numbers */
	int nest;			/* an attribute that has others within */
	/* Adds the attributes that the protocol asks for; returns the command. */
	int (*make_good)(struct asker *a, unsigned char *msg);
};

enum { CORE, NET, ACCT, SCHED, PROTOCOLS };
extern struct protocol protocols[PROTOCOLS];

/* message_net.c */
int message_net_good(struct asker *a, unsigned char *msg);
/* One of few, so that they meet: @addr has room for 16 bytes. Returns its length. */
int chance_address(struct chance *c, unsigned char *addr);

/* message_acct.c */
int message_acct_good(struct asker *a, unsigned char *msg);

/* message_sched.c */
int message_sched_good(struct asker *a, unsigned char *msg);

/* Adds an attribute. */
void message_put(unsigned char *msg, int type, const void *data, size_t len);
void message_put_u32(unsigned char *msg, int type, uint32_t value);
/* Makes it a dump. */
void message_dump(unsigned char *msg);

/*
 * One send()'s worth at @out (MESSAGE_MAX bytes), of one or several messages to
 * the families; returns its length. A fourth of them is good throughout.
 */
size_t message_make(struct asker *a, unsigned char *out);

#endif
