/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests in words, good ones and bad ones, as the shell tests write them. */
#ifndef WORDS_H
#define WORDS_H

#include <netlink/netlink.h>

/*
 * TYPE is u8 u16 u32 u64, str (with NUL), raw (without), flag, ip (an address of
 * IPv4 or IPv6) or file (a descriptor of the one that is named).
 */
struct word {
	const char *name, *type;
};

/* What a family knows, by number, and what prints its answers. */
struct words {
	const char * const *commands;
	unsigned int n_commands;
	const struct word *attributes;
	unsigned int n_attributes;
	void (*answer)(struct nlmsghdr *hdr, void *arg);
};

/*
 * Asks [-d] COMMAND [ATTRIBUTE[:TYPE]=VALUE]..., where numbers may stand for
 * names and -d means a dump. Prints the answer and returns 0, or prints
 * "ERRNO: message" and returns 1. A request that makes no sense ends the program
 * with 3.
 */
int words_ask(struct nl_sock *sk, const struct words *words, char **argv);

/* The same for each line of standard input, until one fails. */
int words_batch(struct nl_sock *sk, const struct words *words);

#endif /* WORDS_H */
