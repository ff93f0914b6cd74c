/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests to the generic netlink families of our modules, and what they answer. */
#ifndef CLOISON_GENL_H
#define CLOISON_GENL_H

#include <stdbool.h>

#include <netlink/attr.h>
#include <netlink/handlers.h>
#include <netlink/msg.h>

#include "error.h"

/* It has the name of its module. */
struct genl_family {
	const char *name;
	int version;
	int id;
	unsigned int socket;	/* with which the id was looked up; 0: not yet */
};

/* What the kernel said of the last request. */
struct genl_answer {
	int error;		/* errno, 0: none */
	char message[256];	/* extended ack */
	bool interrupted;	/* a dump was overtaken by a change */
};

extern struct genl_answer genl_answer;

/* Is the module there? It may still be out of reach: in another network namespace. */
bool genl_loaded(const struct genl_family *family);
/* Says why it cannot be spoken to: EXIT_KERNEL. */
int genl_not_there(const struct genl_family *family);

/* A request for @command, to be given to genl_transact(); 0 or an exit status. */
int genl_request(struct genl_family *family, int command, int flags, struct nl_msg **msg);

/* The message is ours and small: a put can only fail without memory, and then
 * the kernel refuses the request for what is missing in it.
 */
#define put_u8(msg, attr, value)	((void)nla_put_u8(msg, attr, value))
#define put_u32(msg, attr, value)	((void)nla_put_u32(msg, attr, value))
#define put_u64(msg, attr, value)	((void)nla_put_u64(msg, attr, value))
#define put_string(msg, attr, value)	((void)nla_put_string(msg, attr, value))

/*
 * Send @msg and take the answers; @valid, if given, is called for each message with
 * data. Consumes @msg. What the kernel refused is left in genl_answer for the caller,
 * who calls genl_refused() where it is an error.
 */
int genl_transact(struct nl_msg *msg, nl_recvmsg_msg_cb_t valid, void *arg);

/* Turn what the kernel said into an error for people. */
int genl_refused(const char *fmt, ...) __printf(1, 2);

/* For a child: the socket stays the parent's. */
void genl_close(void);

#endif
