// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>

#include "../lib/error.h"
#include "../lib/global.h"
#include "cmd.h"

int cmd_restart(int argc, char **argv)
{
	static const struct option options[] = {
		{ "wait", no_argument, NULL, 'w' },
		{ "force", no_argument, NULL, 'f' },
		{ "fast", no_argument, NULL, 'F' },
		{ "skip_arpdetect", no_argument, NULL, 'k' },
		{ "skip-fsck", no_argument, NULL, 'i' },
		{ "skip-remount", no_argument, NULL, 'i' },
		{}
	};
	cleanup_container struct container ct = CONTAINER_INIT;
	bool wait = false, force = false, fast = false;
	struct kernel_container kc;
	int opt, ret;

	ret = cmd_container(argc, argv, NEED_CONF, &ct);
	if (ret)
		return ret;
	while ((opt = getopt_long(argc - 1, argv + 1, "", options, NULL)) != -1) {
		switch (opt) {
		case 'w':
			wait = true;
			break;
		case 'f':
			force = true;
			break;
		case 'F':
			fast = true;
			break;
		case 'k':
			global.skip_arpdetect = true;
			break;
		case 'i':
			warn("--skip-fsck and --skip-remount have no effect");
			break;
		default:
			return cmd_bad_option(argv);
		}
	}
	ret = cmd_no_more(argc - 1, argv + 1);
	if (!ret)
		ret = container_lock(&ct);
	if (!ret)
		ret = kernel_get(ct.id, &kc);
	if (ret)
		return ret;
	say("Restarting container");
	if (kernel_runs(&kc)) {
		ret = do_stop(&ct, fast, true);
		/* it was allowed to run */
		force = true;
	}
	return ret ? ret : do_start(&ct, wait, force);
}
