/* SPDX-License-Identifier: GPL-2.0-only */
/* What the netlink test programs share. Every failure to do so ends the program. */
#ifndef NL_H
#define NL_H

#include <stdbool.h>
#include <stdint.h>
#include <netlink/netlink.h>
#include <netlink/msg.h>
#include <linux/cloison.h>

/* What is known of a container, as told by the kernel. */
struct container {
	uint32_t id;
	char name[CLOISON_NAME_MAX + 1];
	uint64_t cgroup_id;
	uint32_t state;
	uint32_t init;
	uint64_t started;
	uint32_t exit_status;
	uint32_t has;		/* bit (1 << CLOISON_CONTAINER_A_...) */
};

/* Opens a socket to a family; a number in $NL_FAMILY replaces its look-up. */
struct nl_sock *nl_open_family(const char *name);
/* The core's, and its group of events. */
struct nl_sock *nl_open(void);

/* A request, to which attributes may be added with nla_put(). */
struct nl_msg *nl_request(int cmd, int flags);

/*
 * Sends it, calls @answer for every message until the ack, frees it. Returns 0
 * or -errno of the kernel, whose explanation is in nl_message ("" without one).
 */
int nl_ask(struct nl_sock *sk, struct nl_msg *msg,
	   void (*answer)(struct nlmsghdr *hdr, void *arg), void *arg);

extern char nl_message[256];
extern bool nl_interrupted;	/* the last dump is not of one moment */

/* The numbers of the family and of its group of events. */
int nl_family(void);
int nl_events_group(void);

void nl_parse_container(struct nlattr *attr, struct container *c);
void nl_print_container(const struct container *c);

#endif /* NL_H */
