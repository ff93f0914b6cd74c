// SPDX-License-Identifier: GPL-2.0-only
/*
 * Speaks the protocol of cloison_acct, well or badly, for the shell tests.
 *
 *	acct_test [-d] COMMAND [ATTRIBUTE[:TYPE]=VALUE]...
 *		COMMAND: get set enforce visit carry. A number may stand for either name;
 *		-d: as a dump; TYPE: see words.h. Prints "resource R held H maxheld M
 *		failcnt F" for each that is known, and exits with 0, or prints
 *		"ERRNO: message" and exits with 1. 3: nothing could be asked.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <netlink/genl/genl.h>
#include <linux/cloison_acct.h>

#include "nl.h"
#include "words.h"

static const char * const commands[] = {
	[CLOISON_ACCT_CMD_GET]		= "get",
	[CLOISON_ACCT_CMD_SET]		= "set",
	[CLOISON_ACCT_CMD_ENFORCE]	= "enforce",
	[CLOISON_ACCT_CMD_VISIT]	= "visit",
	[CLOISON_ACCT_CMD_CARRY]	= "carry",
};

static const struct word attributes[] = {
	[CLOISON_ACCT_A_ID]		= { "id", "u32" },
	[CLOISON_ACCT_A_RESOURCE]	= { "resource", "u32" },
	[CLOISON_ACCT_A_BARRIER]	= { "barrier", "u64" },
	[CLOISON_ACCT_A_LIMIT]		= { "limit", "u64" },
	[CLOISON_ACCT_A_BASE]		= { "base", "u32" },
	[CLOISON_ACCT_A_TOKEN]		= { "token", "u32" },
	[CLOISON_ACCT_A_LINK]		= { "link", "file" },
	[CLOISON_ACCT_A_PID]		= { "pid", "u32" },
	[CLOISON_ACCT_A_MAXHELD]	= { "maxheld", "u64" },
	[CLOISON_ACCT_A_FAILCNT]	= { "failcnt", "u64" },
};

static void print_resource(struct nlattr *attr)
{
	struct nlattr *tb[CLOISON_ACCT_RESOURCE_A_MAX + 1];

	if (nla_parse_nested(tb, CLOISON_ACCT_RESOURCE_A_MAX, attr, NULL))
		errx(3, "the kernel sent what cannot be parsed");
	if (tb[CLOISON_ACCT_RESOURCE_A_HELD])
		printf("resource %u held %" PRIu64 " maxheld %" PRIu64 " failcnt %" PRIu64 "\n",
		       nla_get_u32(tb[CLOISON_ACCT_RESOURCE_A_ID]),
		       nla_get_u64(tb[CLOISON_ACCT_RESOURCE_A_HELD]),
		       nla_get_u64(tb[CLOISON_ACCT_RESOURCE_A_MAXHELD]),
		       nla_get_u64(tb[CLOISON_ACCT_RESOURCE_A_FAILCNT]));
}

static void print_answer(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *top[CLOISON_ACCT_A_MAX + 1], *attr;
	int left;

	if (genlmsg_parse(hdr, 0, top, CLOISON_ACCT_A_MAX, NULL) || !top[CLOISON_ACCT_A_CONTAINER])
		errx(3, "the kernel sent what cannot be parsed");
	nla_for_each_nested(attr, top[CLOISON_ACCT_A_CONTAINER], left)
		if (nla_type(attr) == CLOISON_ACCT_CONTAINER_A_RESOURCE)
			print_resource(attr);
	fflush(stdout);
}

static const struct words words = {
	commands, sizeof(commands) / sizeof(*commands),
	attributes, sizeof(attributes) / sizeof(*attributes),
	print_answer,
};

int main(int argc, char **argv)
{
	if (argc > 1)
		return words_ask(nl_open_family(CLOISON_ACCT_GENL_NAME), &words, argv + 1);
	errx(3, "usage: acct_test [-d] COMMAND [ATTRIBUTE[:TYPE]=VALUE]...");
}
