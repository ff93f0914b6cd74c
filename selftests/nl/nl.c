// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>

#include "nl.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

char nl_message[256];
bool nl_interrupted;

static int family;
static int group;

struct reply {
	void (*answer)(struct nlmsghdr *hdr, void *arg);
	void *arg;
	bool done;
	int err;
};

struct nl_sock *nl_open_family(const char *name)
{
	struct nl_sock *sk = nl_socket_alloc();
	int one = 1, ret;

	if (!sk)
		errx(3, "out of memory");
	ret = genl_connect(sk);
	if (ret)
		errx(3, "connect: %s", nl_geterror(ret));
	nl_socket_disable_auto_ack(sk);
	if (setsockopt(nl_socket_get_fd(sk), SOL_NETLINK, NETLINK_EXT_ACK, &one,
		       sizeof(one)))
		err(3, "NETLINK_EXT_ACK");

	if (getenv("NL_FAMILY")) {
		family = atoi(getenv("NL_FAMILY"));
		return sk;
	}
	family = genl_ctrl_resolve(sk, name);
	if (family < 0) {
		printf("no family: %s\n", nl_geterror(family));
		exit(3);
	}
	return sk;
}

struct nl_sock *nl_open(void)
{
	struct nl_sock *sk = nl_open_family(CLOISON_GENL_NAME);

	if (!getenv("NL_FAMILY"))
		group = genl_ctrl_resolve_grp(sk, CLOISON_GENL_NAME,
					      CLOISON_GENL_MCGRP_EVENTS);
	return sk;
}

int nl_family(void)
{
	return family;
}

int nl_events_group(void)
{
	return group;
}

struct nl_msg *nl_request(int cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0,
				 NLM_F_REQUEST | NLM_F_ACK | flags, cmd,
				 CLOISON_GENL_VERSION))
		errx(3, "out of memory");
	return msg;
}

/* The extended ack follows the header of the request, or the whole of it. */
static void read_message(struct nlmsghdr *hdr, size_t payload)
{
	struct nlattr *attr;
	int left;

	if (!(hdr->nlmsg_flags & NLM_F_ACK_TLVS) || hdr->nlmsg_len < payload)
		return;
	attr = (struct nlattr *)((char *)hdr + payload);
	left = hdr->nlmsg_len - payload;
	nla_for_each_attr(attr, attr, left, left)
		if (nla_type(attr) == NLMSGERR_ATTR_MSG)
			snprintf(nl_message, sizeof(nl_message), "%s",
				 nla_get_string(attr));
	attr = (struct nlattr *)((char *)hdr + payload);
	left = hdr->nlmsg_len - payload;
	nla_for_each_attr(attr, attr, left, left)
		if (nla_type(attr) == NLMSGERR_ATTR_MISS_TYPE && !*nl_message)
			snprintf(nl_message, sizeof(nl_message),
				 "attribute %u is missing", nla_get_u32(attr));
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *arg)
{
	struct nlmsghdr *hdr =
		(struct nlmsghdr *)((char *)error - NLMSG_HDRLEN);
	struct reply *reply = arg;
	size_t payload = NLMSG_HDRLEN + sizeof(*error);

	if (!(hdr->nlmsg_flags & NLM_F_CAPPED))
		payload += NLMSG_ALIGN(error->msg.nlmsg_len) -
			   sizeof(error->msg);
	read_message(hdr, payload);
	reply->err = error->error;
	reply->done = true;
	return NL_STOP;
}

static int on_message(struct nl_msg *msg, void *arg)
{
	struct reply *reply = arg;

	if (nlmsg_hdr(msg)->nlmsg_flags & NLM_F_DUMP_INTR)
		nl_interrupted = true;
	if (reply->answer)
		reply->answer(nlmsg_hdr(msg), reply->arg);
	return NL_OK;
}

static int on_done(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct reply *reply = arg;

	if (hdr->nlmsg_flags & NLM_F_DUMP_INTR)
		nl_interrupted = true;
	if (nlmsg_datalen(hdr) >= (int)sizeof(int))
		reply->err = *(int *)nlmsg_data(hdr);
	read_message(hdr, NLMSG_HDRLEN + sizeof(int));
	reply->done = true;
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct reply *reply = arg;

	reply->done = true;
	return NL_STOP;
}

static int any_seq(struct nl_msg *msg, void *arg)
{
	return NL_OK;
}

int nl_ask(struct nl_sock *sk, struct nl_msg *msg,
	   void (*answer)(struct nlmsghdr *hdr, void *arg), void *arg)
{
	struct reply reply = { .answer = answer, .arg = arg };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int ret;

	if (!cb)
		errx(3, "out of memory");
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, &reply);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_message, &reply);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_done, &reply);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, &reply);
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, any_seq, NULL);

	*nl_message = '\0';
	nl_interrupted = false;
	ret = nl_send_auto(sk, msg);
	if (ret < 0)
		errx(3, "send: %s", nl_geterror(ret));
	while (!reply.done) {
		ret = nl_recvmsgs(sk, cb);
		if (ret < 0 && ret != -NLE_DUMP_INTR && !reply.done)
			errx(3, "receive: %s", nl_geterror(ret));
	}
	nl_cb_put(cb);
	nlmsg_free(msg);
	return reply.err;
}

void nl_parse_container(struct nlattr *attr, struct container *c)
{
	struct nlattr *tb[CLOISON_CONTAINER_A_MAX + 1];
	int i;

	memset(c, 0, sizeof(*c));
	if (nla_parse_nested(tb, CLOISON_CONTAINER_A_MAX, attr, NULL))
		errx(3, "the kernel sent a container that cannot be parsed");
	for (i = 0; i <= CLOISON_CONTAINER_A_MAX; i++)
		if (tb[i])
			c->has |= 1u << i;
	if (tb[CLOISON_CONTAINER_A_ID])
		c->id = nla_get_u32(tb[CLOISON_CONTAINER_A_ID]);
	if (tb[CLOISON_CONTAINER_A_NAME])
		snprintf(c->name, sizeof(c->name), "%s",
			 nla_get_string(tb[CLOISON_CONTAINER_A_NAME]));
	if (tb[CLOISON_CONTAINER_A_CGROUP_ID])
		c->cgroup_id = nla_get_u64(tb[CLOISON_CONTAINER_A_CGROUP_ID]);
	if (tb[CLOISON_CONTAINER_A_STATE])
		c->state = nla_get_u32(tb[CLOISON_CONTAINER_A_STATE]);
	if (tb[CLOISON_CONTAINER_A_INIT_PID])
		c->init = nla_get_u32(tb[CLOISON_CONTAINER_A_INIT_PID]);
	if (tb[CLOISON_CONTAINER_A_STARTED])
		c->started = nla_get_u64(tb[CLOISON_CONTAINER_A_STARTED]);
	if (tb[CLOISON_CONTAINER_A_EXIT_STATUS])
		c->exit_status = nla_get_u32(tb[CLOISON_CONTAINER_A_EXIT_STATUS]);
}

void nl_print_container(const struct container *c)
{
	static const char * const states[] = { "created", "running", "dead" };

	printf("id %u", c->id);
	if (c->has & 1u << CLOISON_CONTAINER_A_NAME)
		printf(" name %s", c->name);
	printf(" cgroup %" PRIu64, c->cgroup_id);
	printf(" state %s", c->state < 3 ? states[c->state] : "?");
	if (c->has & 1u << CLOISON_CONTAINER_A_INIT_PID)
		printf(" init %u", c->init);
	if (c->has & 1u << CLOISON_CONTAINER_A_STARTED)
		printf(" started %" PRIu64, c->started);
	if (c->has & 1u << CLOISON_CONTAINER_A_EXIT_STATUS)
		printf(" exit %u", c->exit_status);
	printf("\n");
}
