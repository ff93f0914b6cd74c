// SPDX-License-Identifier: GPL-2.0-only
/* Which container a process is in. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/error.h"
#include "../lib/json.h"
#include "../lib/process.h"
#include "../lib/terminal.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "cmd.h"

static void usage(FILE *f)
{
	fputs("Usage: vzpid [-p|--json] <pid> ...\n"
	      "       vzpid [-p|--json] -\n", f);
}

/* The container's namespace is the one below ours. */
static unsigned int own_pid(pid_t pid)
{
	pid_t ids[PROCESS_LEVELS];

	return process_ids(pid, ids) > 1 ? ids[1] : pid;
}

struct request {
	bool own;	/* its number inside too */
	json_t *out;	/* an array, or NULL for text */
};

static void print(const struct request *req, unsigned int pid, unsigned int own, uint32_t id,
		  const char *name)
{
	if (req->out)
		json_array_append_new(req->out,
				      json_pack("{s:I, s:I, s:I, s:o}", "pid", (json_int_t)pid,
						"ctid", (json_int_t)id, "ct_pid", (json_int_t)own,
						"name", json_text(name)));
	else if (req->own)
		printf("%u\t%u\t%u\t%s\n", pid, own, id, name);
	else
		printf("%u\t%u\t%s\n", pid, id, name);
}

/* A process that is not there is passed over, as vzpid does. */
static int show(const struct request *req, const char *word)
{
	cleanup_free char *name = NULL;
	uint64_t pid;
	uint32_t id;

	if (!parse_number(word, 1, INT32_MAX, &pid))
		return 0;
	name = process_status(pid, "Name:");
	if (!name)
		return 0;
	if (kernel_resolve(pid, &id)) {
		/* it has just ended, or there is no module to ask */
		if (!kernel_loaded())
			return EXIT_KERNEL;
		error_clear();
		return 0;
	}
	/* a customer's program has the name that the customer likes */
	make_printable(name);
	print(req, pid, own_pid(pid), id, name);
	return 0;
}

int cmd_vzpid(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{}
	};
	struct request req = {};
	bool json = false;
	char word[32];
	int opt, ret = 0;

	while ((opt = getopt_long(argc, argv, "pjh", options, NULL)) != -1) {
		if (opt == 'p') {
			req.own = true;
		} else if (opt == 'j') {
			json = true;
		} else {
			usage(opt == 'h' ? stdout : stderr);
			return opt == 'h' ? 0 : 1;
		}
	}
	if (optind == argc) {
		usage(stderr);
		return 1;
	}
	if (json)
		req.out = json_array();
	else
		puts(req.own ? "Pid\tCT/Pid\tCTID\tName" : "Pid\tCTID\tName");
	if (optind + 1 == argc && strcmp(argv[optind], "-") == 0)
		while (!ret && scanf("%31s", word) == 1)
			ret = show(&req, word);
	else
		for (; !ret && optind < argc; optind++)
			ret = show(&req, argv[optind]);
	if (req.out && !ret)
		return json_print(req.out);
	json_decref(req.out);
	return ret;
}
