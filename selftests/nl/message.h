/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests to the family, good and bad, made by chance. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESSAGE_MAX	16384
#define SLOTS		8

/* What a good request may be about: the cgroup and the init of container n + 1.
 * Another process changes it all the time.
 */
struct slot {
	_Atomic uint64_t cgroup_id;
	_Atomic uint32_t init;
};

struct chance {
	uint64_t state;
};

void chance_seed(struct chance *c, uint64_t seed, unsigned int who);
/* 0..@below - 1 */
uint32_t chance(struct chance *c, uint32_t below);

/*
 * One send()'s worth at @out (MESSAGE_MAX bytes), of one or several messages to
 * @family; returns its length. A fourth of them is good throughout.
 */
size_t message_make(struct chance *c, const struct slot *slots, int family,
		    unsigned char *out);

#endif
