// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "cleanup.h"
#include "decode.h"
#include "genl.h"
#include "util.h"

static struct nl_sock *sock;
static unsigned int sockets;	/* how many there were */

struct genl_answer genl_answer;

static int open_socket(void)
{
	int on = 1;

	if (sock)
		return 0;
	sock = nl_socket_alloc();
	if (!sock || genl_connect(sock) < 0) {
		genl_close();
		return fail_errno(EXIT_SYSTEM, "Cannot open a netlink socket");
	}
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	sockets++;
	return 0;
}

void genl_close(void)
{
	nl_socket_free(sock);
	sock = NULL;
}

bool genl_loaded(const struct genl_family *family)
{
	cleanup_free char *path = xasprintf("/sys/module/%s", family->name);

	return access(path, F_OK) == 0;
}

int genl_not_there(const struct genl_family *family)
{
	if (genl_loaded(family))
		return fail(EXIT_KERNEL,
			    "The kernel module %s cannot be reached from this network namespace; "
			    "use the host's", family->name);
	return fail(EXIT_KERNEL,
		    "The kernel module %s is not loaded; load it with: modprobe %s", family->name,
		    family->name);
}

int genl_request(struct genl_family *family, int command, int flags, struct nl_msg **msg)
{
	int ret = open_socket();

	if (ret)
		return ret;
	/* looked up once; a module that is loaded again has another one */
	if (family->socket != sockets) {
		ret = genl_ctrl_resolve(sock, family->name);
		if (ret < 0)
			return genl_not_there(family);
		family->id = ret;
		family->socket = sockets;
	}
	*msg = nlmsg_alloc();
	if (!*msg || !genlmsg_put(*msg, NL_AUTO_PORT, NL_AUTO_SEQ, family->id, 0, flags, command,
				  family->version)) {
		fputs("Out of memory\n", stderr);
		_exit(EXIT_SYSTEM);
	}
	return 0;
}

static int on_error(struct sockaddr_nl *nla, struct nlmsgerr *err, void *arg)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)((char *)err - NLMSG_HDRLEN);

	(void)nla;
	(void)arg;
	genl_answer.error = -err->error;
	decode_refusal(nlh, genl_answer.message, sizeof(genl_answer.message));
	return NL_STOP;
}

static int on_end(struct nl_msg *msg, void *arg)
{
	(void)msg;
	*(bool *)arg = true;
	return NL_STOP;
}

int genl_transact(struct nl_msg *msg, nl_recvmsg_msg_cb_t valid, void *arg)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	bool done = false;
	int ret;

	memset(&genl_answer, 0, sizeof(genl_answer));
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, NULL);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_end, &done);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_end, &done);
	if (valid)
		nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, valid, arg);

	ret = nl_send_auto(sock, msg);
	while (ret >= 0 && !done && !genl_answer.error)
		ret = nl_recvmsgs(sock, cb);
	nl_cb_put(cb);
	nlmsg_free(msg);
	if (genl_answer.error)
		return EXIT_SYSTEM;
	genl_answer.interrupted = ret == -NLE_DUMP_INTR;
	if (ret >= 0)
		return 0;
	/* answers to it may still come, or never: they are none to the next request */
	genl_close();
	return fail(EXIT_SYSTEM, "Netlink: %s", nl_geterror(ret));
}

int genl_refused(const char *fmt, ...)
{
	const char *why = genl_answer.message[0] ? genl_answer.message :
						   strerror(genl_answer.error);
	char what[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (!genl_answer.error)	/* not the kernel's, but noted */
		return fail_wrap(EXIT_SYSTEM, "%s", what);
	if (genl_answer.error == EPERM)
		return fail(EXIT_PERM, "%s: only root of the host may", what);
	return fail(EXIT_SYSTEM, "%s: the kernel says: %s", what, why);
}
