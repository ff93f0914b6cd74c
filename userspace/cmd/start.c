// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <string.h>

#include "../checkpoint/state.h"
#include "../lib/error.h"
#include "../lib/global.h"
#include "../lib/launch.h"
#include "../lib/suspended.h"
#include "cmd.h"

int do_start(struct container *ct, const struct start_options *o)
{
	const char *disabled = conf_get(ct->conf, "DISABLED");
	struct kernel_container kc;
	int ret = kernel_get(ct->id, &kc);

	if (ret)
		return ret;
	if (kernel_runs(&kc))
		return fail(EXIT_RUNNING, "Container is already running");
	if (disabled && strcmp(disabled, "yes") == 0 && !o->force)
		return fail(EXIT_DISABLED, "Container start disabled; start it with --force");
	/* not sooner: it may be refused as it is now, and would have lost its memory for nothing */
	if (o->discard)
		ret = state_discard(ct);
	else if (suspended(ct))
		return do_resume(ct, NULL, false, false);
	if (ret)
		return ret;
	say("Starting container...");
	ret = launch(ct, o->wait, NULL);
	if (ret)
		return ret;
	say(o->wait ? "Container started successfully" : "Container start in progress...");
	return 0;
}

int start_parse(int argc, char **argv, const struct option *known, struct start_options *o)
{
	int opt;

	while ((opt = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (opt) {
		case 'w':
			o->wait = true;
			break;
		case 'f':
			o->force = true;
			break;
		case 'd':
			o->discard = true;
			break;
		case 'F':
			o->fast = true;
			break;
		case 'k':
			global.skip_arpdetect = true;
			break;
		case 'i':
			warn("--skip-fsck, --skip-remount and --skip_ve_setup have no effect");
			break;
		default:
			return cmd_bad_option(argv);
		}
	}
	return cmd_no_more(argc, argv);
}

int cmd_start(int argc, char **argv)
{
	static const struct option options[] = {
		{ "wait", no_argument, NULL, 'w' },
		{ "force", no_argument, NULL, 'f' },
		{ "discard", no_argument, NULL, 'd' },
		{ "skip_arpdetect", no_argument, NULL, 'k' },
		{ "skip-fsck", no_argument, NULL, 'i' },
		{ "skip-remount", no_argument, NULL, 'i' },
		{ "skip_ve_setup", no_argument, NULL, 'i' },
		{}
	};
	cleanup_container struct container ct = CONTAINER_INIT;
	struct start_options o = {};
	int ret = cmd_container(argc, argv, NEED_CONF, &ct);

	if (!ret)
		ret = start_parse(argc - 1, argv + 1, options, &o);
	if (!ret)
		ret = container_lock(&ct);
	return ret ? ret : do_start(&ct, &o);
}
