// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "error.h"
#include "kernel.h"
#include "util.h"

static struct nl_sock *sock;
static int family;

/* What the kernel said of the last request. */
static struct {
	int error;		/* errno, 0: none */
	char message[256];	/* extended ack */
	bool interrupted;	/* a dump was overtaken by a change */
} answer;

bool kernel_loaded(void)
{
	return access("/sys/module/cloison", F_OK) == 0;
}

static int not_there(void)
{
	if (kernel_loaded())
		return fail(EXIT_KERNEL,
			    "The kernel module cloison cannot be reached from this network namespace; "
			    "use the host's");
	return fail(EXIT_KERNEL,
		    "The kernel module cloison is not loaded; load it with: modprobe cloison");
}

/* The family is looked up once; it is gone only if the module is. */
static int kernel_open(void)
{
	int on = 1, ret;

	if (sock)
		return 0;
	sock = nl_socket_alloc();
	if (!sock || genl_connect(sock) < 0) {
		nl_socket_free(sock);
		sock = NULL;
		return fail_errno(EXIT_SYSTEM, "Cannot open a netlink socket");
	}
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	ret = genl_ctrl_resolve(sock, CLOISON_GENL_NAME);
	if (ret < 0) {
		nl_socket_free(sock);
		sock = NULL;
		return not_there();
	}
	family = ret;
	return 0;
}

static int on_error(struct sockaddr_nl *nla, struct nlmsgerr *err, void *arg)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)((char *)err - NLMSG_HDRLEN);
	size_t skip = sizeof(*err);
	struct nlattr *attr;

	(void)nla;
	(void)arg;
	answer.error = -err->error;
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return NL_STOP;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += nlmsg_datalen(&err->msg);
	if ((size_t)nlmsg_datalen(nlh) < NLMSG_ALIGN(skip))
		return NL_STOP;
	attr = nla_find((struct nlattr *)((char *)err + NLMSG_ALIGN(skip)),
			nlmsg_datalen(nlh) - NLMSG_ALIGN(skip), NLMSGERR_ATTR_MSG);
	if (attr)
		snprintf(answer.message, sizeof(answer.message), "%.*s", nla_len(attr),
			 (char *)nla_data(attr));
	return NL_STOP;
}

static int on_end(struct nl_msg *msg, void *arg)
{
	(void)msg;
	*(bool *)arg = true;
	return NL_STOP;
}

static struct nl_msg *request(int command, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags, command,
				 CLOISON_GENL_VERSION)) {
		fputs("Out of memory\n", stderr);
		_exit(EXIT_SYSTEM);
	}
	return msg;
}

/* The message is ours and small: a put can only fail without memory, and then
 * the kernel refuses the request for what is missing in it.
 */
#define put_u32(msg, attr, value)	((void)nla_put_u32(msg, attr, value))
#define put_u64(msg, attr, value)	((void)nla_put_u64(msg, attr, value))

/*
 * Send @msg and take the answers; @valid is called for each message with data.
 * Consumes @msg. What the kernel refused is left in answer for the caller.
 */
static int transact(struct nl_msg *msg, nl_recvmsg_msg_cb_t valid, void *arg)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	bool done = false;
	int ret;

	memset(&answer, 0, sizeof(answer));
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, NULL);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_end, &done);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_end, &done);
	if (valid)
		nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, valid, arg);

	ret = nl_send_auto(sock, msg);
	while (ret >= 0 && !done && !answer.error)
		ret = nl_recvmsgs(sock, cb);
	nl_cb_put(cb);
	nlmsg_free(msg);
	if (answer.error)
		return EXIT_SYSTEM;
	answer.interrupted = ret == -NLE_DUMP_INTR;
	if (ret < 0)
		return fail(EXIT_SYSTEM, "Netlink: %s", nl_geterror(ret));
	return 0;
}

/* Turn what the kernel said into an error for people. */
static int refused(const char *fmt, ...) __printf(1, 2);

static int refused(const char *fmt, ...)
{
	const char *why = answer.message[0] ? answer.message : strerror(answer.error);
	char what[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (!answer.error)	/* not the kernel's, but noted */
		return fail_wrap(EXIT_SYSTEM, "%s", what);
	if (answer.error == EPERM)
		return fail(EXIT_PERM, "%s: only root of the host may", what);
	return fail(EXIT_SYSTEM, "%s: the kernel says: %s", what, why);
}

int kernel_new(uint32_t id, uint64_t cgroup_id)
{
	struct nl_msg *msg;
	int ret = kernel_open();

	if (ret)
		return ret;
	msg = request(CLOISON_CMD_NEW, NLM_F_ACK);
	put_u32(msg, CLOISON_A_ID, id);
	put_u64(msg, CLOISON_A_CGROUP_ID, cgroup_id);
	return transact(msg, NULL, NULL) ? refused("Cannot register container %u", id) : 0;
}

int kernel_set_init(uint32_t id, pid_t init)
{
	struct nl_msg *msg;
	int ret = kernel_open();

	if (ret)
		return ret;
	msg = request(CLOISON_CMD_SET, NLM_F_ACK);
	put_u32(msg, CLOISON_A_ID, id);
	put_u32(msg, CLOISON_A_INIT_PID, init);
	return transact(msg, NULL, NULL) ? refused("Cannot give its init to container %u", id) : 0;
}

int kernel_del(uint32_t id)
{
	struct nl_msg *msg;
	int ret = kernel_open();

	if (ret)
		return ret;
	msg = request(CLOISON_CMD_DEL, NLM_F_ACK);
	put_u32(msg, CLOISON_A_ID, id);
	if (transact(msg, NULL, NULL) && answer.error != ENOENT)
		return refused("Cannot delete container %u", id);
	return 0;
}

static void parse_container(struct nlattr *nest, struct kernel_container *out)
{
	struct nlattr *tb[CLOISON_CONTAINER_A_MAX + 1];

	memset(out, 0, sizeof(*out));
	if (nla_parse_nested(tb, CLOISON_CONTAINER_A_MAX, nest, NULL) < 0 ||
	    !tb[CLOISON_CONTAINER_A_ID])
		return;
	out->id = nla_get_u32(tb[CLOISON_CONTAINER_A_ID]);
	if (tb[CLOISON_CONTAINER_A_NAME])
		nla_strlcpy(out->name, tb[CLOISON_CONTAINER_A_NAME], sizeof(out->name));
	if (tb[CLOISON_CONTAINER_A_CGROUP_ID])
		out->cgroup_id = nla_get_u64(tb[CLOISON_CONTAINER_A_CGROUP_ID]);
	if (tb[CLOISON_CONTAINER_A_STATE])
		out->state = nla_get_u32(tb[CLOISON_CONTAINER_A_STATE]);
	if (tb[CLOISON_CONTAINER_A_INIT_PID])
		out->init = nla_get_u32(tb[CLOISON_CONTAINER_A_INIT_PID]);
	if (tb[CLOISON_CONTAINER_A_STARTED])
		out->started = nla_get_u64(tb[CLOISON_CONTAINER_A_STARTED]);
	if (tb[CLOISON_CONTAINER_A_EXIT_STATUS])
		out->exit_status = nla_get_u32(tb[CLOISON_CONTAINER_A_EXIT_STATUS]);
}

struct collection {
	struct kernel_container *list;
	size_t count;
};

static int on_container(struct nl_msg *msg, void *arg)
{
	struct nlattr *tb[CLOISON_A_MAX + 1];
	struct collection *all = arg;

	if (genlmsg_parse(nlmsg_hdr(msg), 0, tb, CLOISON_A_MAX, NULL) < 0 ||
	    !tb[CLOISON_A_CONTAINER])
		return NL_SKIP;
	all->list = xrealloc(all->list, (all->count + 1) * sizeof(*all->list));
	parse_container(tb[CLOISON_A_CONTAINER], &all->list[all->count++]);
	return NL_OK;
}

int kernel_get(uint32_t id, struct kernel_container *out)
{
	struct collection one = {};
	struct nl_msg *msg;
	int ret = kernel_open();

	memset(out, 0, sizeof(*out));
	if (ret)
		return ret;
	msg = request(CLOISON_CMD_GET, NLM_F_ACK);
	put_u32(msg, CLOISON_A_ID, id);
	if (transact(msg, on_container, &one) && answer.error != ENOENT)
		ret = refused("Cannot look up container %u", id);
	else if (one.count)
		*out = one.list[0];
	free(one.list);
	return ret;
}

int kernel_list(struct kernel_container **list, size_t *count)
{
	struct collection all = {};
	int ret = kernel_open(), tries = 100;

	if (ret)
		return ret;
	do {
		all.count = 0;
		ret = transact(request(CLOISON_CMD_GET, NLM_F_DUMP), on_container, &all);
	} while (ret && answer.interrupted && tries--);
	if (ret) {
		free(all.list);
		return refused("Cannot list containers");
	}
	error_clear();
	*list = all.list;
	*count = all.count;
	return 0;
}

static int on_id(struct nl_msg *msg, void *arg)
{
	struct nlattr *tb[CLOISON_A_MAX + 1];

	if (genlmsg_parse(nlmsg_hdr(msg), 0, tb, CLOISON_A_MAX, NULL) < 0 || !tb[CLOISON_A_ID])
		return NL_SKIP;
	*(uint32_t *)arg = nla_get_u32(tb[CLOISON_A_ID]);
	return NL_OK;
}

int kernel_resolve(pid_t pid, uint32_t *id)
{
	struct nl_msg *msg;
	int ret = kernel_open();

	if (ret)
		return ret;
	msg = request(CLOISON_CMD_RESOLVE, NLM_F_ACK);
	put_u32(msg, CLOISON_A_PID, pid);
	if (!transact(msg, on_id, id))
		return 0;
	if (answer.error == ESRCH)
		return fail(EXIT_SYSTEM, "There is no process %d", (int)pid);
	return refused("Cannot resolve process %d", (int)pid);
}
