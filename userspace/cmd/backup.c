// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <signal.h>
#include <unistd.h>

#include "../backup/make.h"
#include "../backup/store.h"
#include "../lib/error.h"
#include "../lib/json.h"
#include "../lib/suspended.h"
#include "cmd.h"

static int parse(int argc, char **argv, struct backup_wish *wish, bool *json)
{
	static const struct option options[] = {
		{ "full", no_argument, NULL, 'f' },
		{ "incremental", no_argument, NULL, 'i' },
		{ "freeze", no_argument, NULL, 'F' },
		{ "to", required_argument, NULL, 't' },
		{ "stdout", no_argument, NULL, 's' },
		{ "description", required_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{}
	};
	bool full = false;
	int opt;

	*wish = (struct backup_wish){};
	while ((opt = getopt_long(argc, argv, "fij", options, NULL)) != -1) {
		switch (opt) {
		case 'f':
			full = true;
			break;
		case 'i':
			wish->incremental = true;
			break;
		case 'F':
			wish->freeze = true;
			break;
		case 't':
			wish->dir = optarg;
			break;
		case 's':
			wish->stream = true;
			break;
		case 'd':
			wish->description = optarg;
			break;
		case 'j':
			*json = true;
			break;
		default:
			return cmd_bad_option(argv);
		}
	}
	if (full && wish->incremental)
		return fail(EXIT_BAD_OPTION, "Either --full or --incremental");
	if (wish->stream && (wish->dir || wish->incremental))
		return fail(EXIT_BAD_OPTION,
			    "What goes to --stdout is a full backup, of which nothing is kept here: neither --to nor --incremental");
	if (wish->stream && *json)
		return fail(EXIT_BAD_OPTION, "Either --stdout or --json, which goes there too");
	if (wish->stream && isatty(STDOUT_FILENO))
		return fail(EXIT_BAD_OPTION, "A backup is not for a terminal: send it somewhere");
	return cmd_no_more(argc, argv);
}

static int print_json(const char *dir, const char *id)
{
	cleanup_backup struct backup b = BACKUP_INIT;
	int ret = store_open(&b, dir, id);

	return ret ? ret : json_print(backup_json(&b, "whole"));
}

int cmd_backup(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	cleanup_free char *id = NULL, *parent = NULL;
	struct kernel_container kc;
	struct backup_wish wish;
	bool json = false;
	int ret = cmd_container(argc, argv, NEED_CONF, &ct);

	if (!ret)
		ret = parse(argc - 1, argv + 1, &wish, &json);
	if (!ret)
		ret = container_lock(&ct);
	if (!ret)
		ret = kernel_look(ct.id, &kc);
	if (!ret && !container_exists(&ct))
		ret = fail(EXIT_NO_PRIVATE, "There is no private area %s", ct.private);
	if (ret)
		return ret;
	/* who takes no more of it is told by an error */
	signal(SIGPIPE, SIG_IGN);
	quiet |= wish.stream || json;
	if (!kernel_runs(&kc) && suspended(&ct))
		warn("Container is suspended: the backup has its files, and not its processes");
	say("Backing up container %u", ct.id);
	ret = backup_make(&ct, kernel_runs(&kc), &wish, &id, &parent);
	if (ret)
		return ret;
	if (json)
		return print_json(wish.dir, id);
	if (parent)
		say("Backup %s was made, after %s", id, parent);
	else
		say("Backup %s was made", id);
	return 0;
}
