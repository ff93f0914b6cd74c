// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <linux/genetlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "decode.h"
#include "error.h"
#include "events.h"
#include "util.h"

/* A burst of some thousand events */
#define RECEIVE_BUFFER	(1 << 20)

static struct nl_sock *sock;
static int family;	/* 0: the module is not there */

struct taker {
	void (*take)(const struct event *event, void *arg);
	void *arg;
};

/* Ask on a socket of its own: on ours the answer would come among the events. */
static int join(const char *name, const char *group, int *id)
{
	struct nl_sock *query = nl_socket_alloc();
	int grp, ret = query ? genl_connect(query) : -NLE_NOMEM;

	grp = ret < 0 ? ret : genl_ctrl_resolve_grp(query, name, group);
	if (grp >= 0 && id)
		*id = genl_ctrl_resolve(query, name);
	nl_socket_free(query);
	return grp < 0 ? grp : nl_socket_add_membership(sock, grp);
}

static void deliver(struct taker *taker, enum event_kind kind)
{
	const struct event event = { .kind = kind };

	taker->take(&event, taker->arg);
}

/* The family comes and goes with the module. */
static void on_family(struct nlmsghdr *nlh, struct taker *taker)
{
	struct genlmsghdr *genl = nlmsg_data(nlh);
	struct nlattr *tb[CTRL_ATTR_MAX + 1];

	if (!genlmsg_valid_hdr(nlh, 0) || genlmsg_parse(nlh, 0, tb, CTRL_ATTR_MAX, NULL) < 0 ||
	    !tb[CTRL_ATTR_FAMILY_NAME] ||
	    nla_strcmp(tb[CTRL_ATTR_FAMILY_NAME], CLOISON_GENL_NAME) != 0)
		return;
	if (genl->cmd == CTRL_CMD_DELFAMILY && family) {
		family = 0;
		deliver(taker, EVENT_MODULE_GONE);
	} else if (genl->cmd == CTRL_CMD_NEWFAMILY && !family &&
		   join(CLOISON_GENL_NAME, CLOISON_GENL_MCGRP_EVENTS, &family) >= 0) {
		deliver(taker, EVENT_MODULE_HERE);
	}
}

static int on_message(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct event event = {};
	struct taker *taker = arg;
	uint32_t what;

	if (nlh->nlmsg_type == GENL_ID_CTRL) {
		on_family(nlh, taker);
	} else if (family && nlh->nlmsg_type == family && decode_event(nlh, &what) &&
		   decode_container(nlh, &event.ct)) {
		event.what = what;
		taker->take(&event, taker->arg);
	}
	return NL_OK;
}

int events_open(bool needed)
{
	int ret;

	sock = nl_socket_alloc();
	if (!sock || genl_connect(sock) < 0)
		return fail_errno(EXIT_SYSTEM, "Cannot open a netlink socket");
	nl_socket_disable_seq_check(sock);
	nl_socket_set_buffer_size(sock, RECEIVE_BUFFER, 0);
	nl_socket_set_nonblocking(sock);
	/* first, so that the module cannot come unseen */
	ret = join("nlctrl", "notify", NULL);
	if (ret < 0)
		return fail(EXIT_SYSTEM, "Netlink: %s", nl_geterror(ret));
	if (join(CLOISON_GENL_NAME, CLOISON_GENL_MCGRP_EVENTS, &family) >= 0)
		return 0;
	family = 0;
	return needed ? kernel_not_there() : 0;
}

int events_fd(void)
{
	return nl_socket_get_fd(sock);
}

int events_read(void (*take)(const struct event *event, void *arg), void *arg)
{
	struct taker taker = { take, arg };
	int ret;

	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_message, &taker);
	do
		ret = nl_recvmsgs_default(sock);
	while (ret >= 0);
	if (ret == -NLE_NOMEM)	/* ENOBUFS, netlink(7) */
		deliver(&taker, EVENT_LOST);
	else if (ret != -NLE_AGAIN && ret != -NLE_INTR)
		return fail(EXIT_SYSTEM, "Netlink: %s", nl_geterror(ret));
	return 0;
}

const char *event_name(enum cloison_event what)
{
	static const char *const names[] = {
		[CLOISON_EVENT_CREATED] = "created", [CLOISON_EVENT_STARTED] = "started",
		[CLOISON_EVENT_EXITED] = "exited", [CLOISON_EVENT_DELETED] = "deleted",
	};

	return what < ARRAY_SIZE(names) && names[what] ? names[what] : "unknown";
}

const char *event_reason(int exit_status)
{
	if (!WIFSIGNALED(exit_status))
		return "exit";
	/* reboot(2), in a pid namespace */
	if (WTERMSIG(exit_status) == SIGHUP)
		return "reboot";
	return WTERMSIG(exit_status) == SIGINT ? "halt" : "signal";
}
