// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>

#include "../lib/error.h"
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
	struct kernel_container kc;
	struct start_options o = {};
	int ret = cmd_container(argc, argv, NEED_CONF, &ct);

	if (!ret)
		ret = start_parse(argc - 1, argv + 1, options, &o);
	if (!ret)
		ret = container_lock(&ct);
	if (!ret)
		ret = kernel_get(ct.id, &kc);
	if (ret)
		return ret;
	say("Restarting container");
	if (kernel_runs(&kc)) {
		ret = do_stop(&ct, o.fast, true);
		/* it was allowed to run */
		o.force = true;
	}
	return ret ? ret : do_start(&ct, &o);
}
