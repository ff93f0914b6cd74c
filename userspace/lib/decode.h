/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel's messages say. @nlh is a whole message, as netlink(7) delivers
 * it; attributes of another length or type than linux/cloison.h says are refused.
 */
#ifndef CLOISON_DECODE_H
#define CLOISON_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel.h"

struct nlmsghdr;

/* False if the message has no container with an id. */
bool decode_container(struct nlmsghdr *nlh, struct kernel_container *out);

/* The id of an answer to CLOISON_CMD_RESOLVE. */
bool decode_id(struct nlmsghdr *nlh, uint32_t *id);

/* Which event it tells of, enum cloison_event. */
bool decode_event(struct nlmsghdr *nlh, uint32_t *event);

/* NLMSG_ERROR: the extended ack's text, "" without one. */
void decode_refusal(struct nlmsghdr *nlh, char *text, size_t size);

#endif
