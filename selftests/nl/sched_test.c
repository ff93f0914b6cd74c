// SPDX-License-Identifier: GPL-2.0-only
/*
 * Speaks the protocol of cloison_sched, well or badly, for the shell tests.
 *
 *	sched_test [-d] get [id[:TYPE]=VALUE]...
 *		A number may stand for either name; -d: as a dump; TYPE: see words.h
 *	Prints the answer and exits with 0, or prints "ERRNO: message" and
 *	exits with 1. 3: nothing could be asked.
 *
 *	sched_test batch
 *		Reads such commands from standard input, one a line, until one fails.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <netlink/genl/genl.h>
#include <linux/cloison_sched.h>

#include "nl.h"
#include "words.h"

static const char * const commands[] = {
	[CLOISON_SCHED_CMD_GET]	= "get",
};

static const struct word attributes[] = {
	[CLOISON_SCHED_A_ID]	= { "id", "u32" },
};

static const char * const figures[CLOISON_SCHED_CONTAINER_A_MAX + 1] = {
	[CLOISON_SCHED_CONTAINER_A_ID]		= "id",
	[CLOISON_SCHED_CONTAINER_A_RUN]		= "run",
	[CLOISON_SCHED_CONTAINER_A_WAIT]	= "wait",
	[CLOISON_SCHED_CONTAINER_A_WAIT_MAX]	= "wait-max",
	[CLOISON_SCHED_CONTAINER_A_STEAL]	= "steal",
	[CLOISON_SCHED_CONTAINER_A_VOLUNTARY]	= "voluntary",
	[CLOISON_SCHED_CONTAINER_A_INVOLUNTARY]	= "involuntary",
	[CLOISON_SCHED_CONTAINER_A_RUNNING]	= "running",
	[CLOISON_SCHED_CONTAINER_A_PEAK]	= "peak",
	[CLOISON_SCHED_CONTAINER_A_LATENCY_SUM]	= "latency-sum",
};

/* "id 5 run 1000 ... wakeups 3", the last one being of all buckets. */
static void print_answer(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *tb[CLOISON_SCHED_CONTAINER_A_MAX + 1], *top[CLOISON_SCHED_A_MAX + 1];
	uint64_t latency[CLOISON_SCHED_BUCKETS], wakeups = 0;
	int i;

	if (genlmsg_parse(hdr, 0, top, CLOISON_SCHED_A_MAX, NULL) ||
	    !top[CLOISON_SCHED_A_CONTAINER] ||
	    nla_parse_nested(tb, CLOISON_SCHED_CONTAINER_A_MAX, top[CLOISON_SCHED_A_CONTAINER],
			     NULL) ||
	    nla_len(tb[CLOISON_SCHED_CONTAINER_A_LATENCY]) != sizeof(latency))
		errx(3, "the kernel sent what cannot be parsed");
	for (i = 0; i <= CLOISON_SCHED_CONTAINER_A_MAX; i++)
		if (figures[i] && tb[i])
			printf("%s %" PRIu64 " ", figures[i],
			       nla_len(tb[i]) == 8 ? nla_get_u64(tb[i]) : nla_get_u32(tb[i]));
	nla_memcpy(latency, tb[CLOISON_SCHED_CONTAINER_A_LATENCY], sizeof(latency));
	for (i = 0; i < CLOISON_SCHED_BUCKETS; i++)
		wakeups += latency[i];
	printf("wakeups %" PRIu64 "\n", wakeups);
	fflush(stdout);
}

static const struct words words = {
	commands, sizeof(commands) / sizeof(*commands),
	attributes, sizeof(attributes) / sizeof(*attributes),
	print_answer,
};

int main(int argc, char **argv)
{
	struct nl_sock *sk = nl_open_family(CLOISON_SCHED_GENL_NAME);

	if (argc == 2 && !strcmp(argv[1], "batch"))
		return words_batch(sk, &words);
	if (argc > 1)
		return words_ask(sk, &words, argv + 1);
	errx(3, "usage: sched_test [-d] get [id[:TYPE]=VALUE]...\n"
		"       sched_test batch");
}
