// SPDX-License-Identifier: GPL-2.0-only
/*
 * Speaks the netlink protocol as asked, well or badly, for the shell tests.
 *
 *	nl_test [-d] COMMAND [ATTRIBUTE[:TYPE]=VALUE]...
 *		COMMAND: new set del get resolve, or a number; -d: as a dump
 *		ATTRIBUTE: id name cgroup init pid, or a number
 *		TYPE: see words.h
 *	Prints the answer and exits with 0, or prints "ERRNO: message" and
 *	exits with 1. 3: nothing could be asked.
 *
 *	nl_test batch
 *		Reads such commands from standard input, one a line, until one fails.
 *
 *	nl_test listen COUNT SECONDS
 *		Prints "ready" once it will miss nothing, then COUNT events;
 *		exits with 1 when they do not come in time.
 *
 *	nl_test family
 *		Prints the number of the family.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <netlink/genl/genl.h>

#include "nl.h"
#include "words.h"

static void print_answer(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *tb[CLOISON_A_MAX + 1];
	struct container c;

	if (genlmsg_parse(hdr, 0, tb, CLOISON_A_MAX, NULL))
		errx(3, "the kernel sent what cannot be parsed");
	if (tb[CLOISON_A_EVENT]) {
		static const char * const events[] = {
			"?", "created", "started", "exited", "deleted"
		};
		unsigned int event = nla_get_u32(tb[CLOISON_A_EVENT]);

		printf("%s ", event < 5 ? events[event] : "?");
	}
	if (tb[CLOISON_A_CONTAINER]) {
		nl_parse_container(tb[CLOISON_A_CONTAINER], &c);
		nl_print_container(&c);
	} else if (tb[CLOISON_A_ID]) {
		printf("id %u", nla_get_u32(tb[CLOISON_A_ID]));
		if (tb[CLOISON_A_NAME])
			printf(" name %s", nla_get_string(tb[CLOISON_A_NAME]));
		printf("\n");
	}
	fflush(stdout);
}

static const char * const commands[] = {
	[CLOISON_CMD_NEW]	= "new",
	[CLOISON_CMD_SET]	= "set",
	[CLOISON_CMD_DEL]	= "del",
	[CLOISON_CMD_GET]	= "get",
	[CLOISON_CMD_RESOLVE]	= "resolve",
};

static const struct word attributes[] = {
	[CLOISON_A_ID]		= { "id", "u32" },
	[CLOISON_A_NAME]	= { "name", "str" },
	[CLOISON_A_CGROUP_ID]	= { "cgroup", "u64" },
	[CLOISON_A_INIT_PID]	= { "init", "u32" },
	[CLOISON_A_PID]		= { "pid", "u32" },
};

static const struct words words = {
	commands, sizeof(commands) / sizeof(*commands),
	attributes, sizeof(attributes) / sizeof(*attributes),
	print_answer,
};

static int count;

static int on_event(struct nl_msg *msg, void *arg)
{
	print_answer(nlmsg_hdr(msg), NULL);
	count--;
	return NL_OK;
}

static int listen_events(char **argv)
{
	struct timespec now, end;
	struct pollfd pollfd;
	struct nl_sock *sk = nl_open();
	int ret;

	count = atoi(argv[0]);
	ret = nl_socket_add_membership(sk, nl_events_group());
	if (ret) {
		printf("%s\n", errno == EPERM ? "EPERM" : nl_geterror(ret));
		return 1;
	}
	nl_socket_disable_seq_check(sk);
	nl_socket_set_nonblocking(sk);
	nl_socket_modify_cb(sk, NL_CB_VALID, NL_CB_CUSTOM, on_event, NULL);
	puts("ready");
	fflush(stdout);

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += atoi(argv[1]);
	pollfd = (struct pollfd){ .fd = nl_socket_get_fd(sk), .events = POLLIN };
	while (count > 0) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > end.tv_sec) {
			puts("timeout");
			return 1;
		}
		if (poll(&pollfd, 1, 1000) > 0)
			nl_recvmsgs_default(sk);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "listen"))
		return listen_events(argv + 2);
	if (argc == 2 && !strcmp(argv[1], "family")) {
		nl_open();
		printf("%d\n", nl_family());
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "batch"))
		return words_batch(nl_open(), &words);
	if (argc > 1)
		return words_ask(nl_open(), &words, argv + 1);
	errx(3, "usage: nl_test [-d] COMMAND [ATTR[:TYPE]=VALUE]...\n"
		"       nl_test batch\n"
		"       nl_test listen COUNT SECONDS\n"
		"       nl_test family");
}
