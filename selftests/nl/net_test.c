// SPDX-License-Identifier: GPL-2.0-only
/*
 * Speaks the protocol of cloison_net, well or badly, for the shell tests.
 *
 *	net_test [-d] COMMAND [ATTRIBUTE[:TYPE]=VALUE]...
 *		COMMAND: bind add del addr get hold release discard host-set
 *			host-get set, or a number; -d: as a dump
 *		ATTRIBUTE: id netns ip plen packets bytes shortcut, or a number
 *		TYPE: see words.h
 *	Prints the answer and exits with 0, or prints "ERRNO: message" and
 *	exits with 1. 3: nothing could be asked.
 *
 *	net_test batch
 *		Reads such commands from standard input, one a line, until one fails.
 */
#include <arpa/inet.h>
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <netlink/genl/genl.h>
#include <linux/cloison_net.h>

#include "nl.h"
#include "words.h"

static const char * const commands[] = {
	[CLOISON_NET_CMD_BIND]		= "bind",
	[CLOISON_NET_CMD_ADDR_ADD]	= "add",
	[CLOISON_NET_CMD_ADDR_DEL]	= "del",
	[CLOISON_NET_CMD_ADDR_GET]	= "addr",
	[CLOISON_NET_CMD_GET]		= "get",
	[CLOISON_NET_CMD_HOLD]		= "hold",
	[CLOISON_NET_CMD_RELEASE]	= "release",
	[CLOISON_NET_CMD_DISCARD]	= "discard",
	[CLOISON_NET_CMD_HOST_SET]	= "host-set",
	[CLOISON_NET_CMD_HOST_GET]	= "host-get",
	[CLOISON_NET_CMD_SET]		= "set",
};

static const struct word attributes[] = {
	[CLOISON_NET_A_ID]		= { "id", "u32" },
	[CLOISON_NET_A_NETNS_FD]	= { "netns", "file" },
	[CLOISON_NET_A_ADDR]		= { "ip", "ip" },
	[CLOISON_NET_A_PREFIXLEN]	= { "plen", "u8" },
	[CLOISON_NET_A_MAX_PACKETS]	= { "packets", "u32" },
	[CLOISON_NET_A_MAX_BYTES]	= { "bytes", "u32" },
	[CLOISON_NET_A_SHORTCUT]	= { "shortcut", "u8" },
	[CLOISON_NET_A_NEW]		= { "new", "flag" },
};

static const char * const drops[] = {
	[CLOISON_NET_DROP_INVALID]	= "invalid",
	[CLOISON_NET_DROP_SCOPE]	= "scope",
	[CLOISON_NET_DROP_SPOOFED]	= "spoofed",
	[CLOISON_NET_DROP_NO_OWNER]	= "no-owner",
	[CLOISON_NET_DROP_NO_DEVICE]	= "no-device",
	[CLOISON_NET_DROP_BACKLOG]	= "backlog",
	[CLOISON_NET_DROP_HOLD_FULL]	= "hold-full",
	[CLOISON_NET_DROP_DISCARDED]	= "discarded",
	[CLOISON_NET_DROP_LOOPED]	= "looped",
};

static void print_drops(const char *prefix, struct nlattr *nest)
{
	struct nlattr *attr;
	int left;

	nla_for_each_nested(attr, nest, left)
		if (nla_type(attr) != CLOISON_NET_DROP_PAD)
			printf(" %s%s %" PRIu64, prefix, drops[nla_type(attr)],
			       nla_get_u64(attr));
}

/* "from.packets 5 from.bytes 420 ... from.spoofed 1" */
static void print_flow(const char *name, struct nlattr *nest)
{
	static const char * const fields[] = {
		[CLOISON_NET_FLOW_A_PACKETS]		= "packets",
		[CLOISON_NET_FLOW_A_BYTES]		= "bytes",
		[CLOISON_NET_FLOW_A_HELD]		= "held",
		[CLOISON_NET_FLOW_A_QUEUED_PACKETS]	= "queued",
		[CLOISON_NET_FLOW_A_QUEUED_BYTES]	= "queued-bytes",
	};
	struct nlattr *tb[CLOISON_NET_FLOW_A_MAX + 1];
	char prefix[16];
	unsigned int i;

	if (nla_parse_nested(tb, CLOISON_NET_FLOW_A_MAX, nest, NULL))
		errx(3, "the kernel sent what cannot be parsed");
	snprintf(prefix, sizeof(prefix), "%s.", name);
	for (i = CLOISON_NET_FLOW_A_PACKETS; i < sizeof(fields) / sizeof(*fields);
	     i++)
		printf(" %s%s %" PRIu64, prefix, fields[i],
		       nla_len(tb[i]) == 8 ? nla_get_u64(tb[i]) :
					     nla_get_u32(tb[i]));
	print_drops(prefix, tb[CLOISON_NET_FLOW_A_DROPS]);
}

static void print_container(struct nlattr *nest)
{
	static const char * const fields[] = {
		[CLOISON_NET_CONTAINER_A_NETNS]		= "netns",
		[CLOISON_NET_CONTAINER_A_IFINDEX]	= "ifindex",
		[CLOISON_NET_CONTAINER_A_MAX_PACKETS]	= "max-packets",
		[CLOISON_NET_CONTAINER_A_MAX_BYTES]	= "max-bytes",
	};
	struct nlattr *tb[CLOISON_NET_CONTAINER_A_MAX + 1];
	unsigned int i;

	if (nla_parse_nested(tb, CLOISON_NET_CONTAINER_A_MAX, nest, NULL))
		errx(3, "the kernel sent what cannot be parsed");
	printf("id %u", nla_get_u32(tb[CLOISON_NET_CONTAINER_A_ID]));
	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (fields[i] && tb[i])
			printf(" %s %u", fields[i], nla_get_u32(tb[i]));
	printf(" shortcut %u", nla_get_u8(tb[CLOISON_NET_CONTAINER_A_SHORTCUT]));
	print_flow("from", tb[CLOISON_NET_CONTAINER_A_FROM]);
	print_flow("to", tb[CLOISON_NET_CONTAINER_A_TO]);
	printf("\n");
}

static void print_answer(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *tb[CLOISON_NET_A_MAX + 1];
	char text[INET6_ADDRSTRLEN];
	struct nlattr *addr;

	if (genlmsg_parse(hdr, 0, tb, CLOISON_NET_A_MAX, NULL))
		errx(3, "the kernel sent what cannot be parsed");
	addr = tb[CLOISON_NET_A_ADDR];
	if (tb[CLOISON_NET_A_CONTAINER]) {
		print_container(tb[CLOISON_NET_A_CONTAINER]);
	} else if (addr) {
		inet_ntop(nla_len(addr) == 4 ? AF_INET : AF_INET6,
			  nla_data(addr), text, sizeof(text));
		printf("%u %s/%u\n", nla_get_u32(tb[CLOISON_NET_A_ID]), text,
		       nla_get_u8(tb[CLOISON_NET_A_PREFIXLEN]));
	} else if (tb[CLOISON_NET_A_SHORTCUT]) {
		printf("shortcut %u", nla_get_u8(tb[CLOISON_NET_A_SHORTCUT]));
		print_drops("", tb[CLOISON_NET_A_DROPS]);
		printf("\n");
	}
	fflush(stdout);
}

static const struct words words = {
	commands, sizeof(commands) / sizeof(*commands),
	attributes, sizeof(attributes) / sizeof(*attributes),
	print_answer,
};

int main(int argc, char **argv)
{
	struct nl_sock *sk = nl_open_family(CLOISON_NET_GENL_NAME);

	if (argc == 2 && !strcmp(argv[1], "batch"))
		return words_batch(sk, &words);
	if (argc > 1)
		return words_ask(sk, &words, argv + 1);
	errx(3, "usage: net_test [-d] COMMAND [ATTR[:TYPE]=VALUE]...\n"
		"       net_test batch");
}
