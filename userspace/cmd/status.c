// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>

#include "../lib/cgroup.h"
#include "../lib/error.h"
#include "../lib/json.h"
#include "../lib/suspended.h"
#include "cmd.h"

static int print_json(const struct container *ct, bool running)
{
	return json_print(json_pack("{s:i, s:b, s:b, s:b, s:b, s:b}", "ctid", (int)ct->id,
				    "exist", container_exists(ct),
				    "mounted", container_mounted(ct), "running", running,
				    "paused", running && cgroup_frozen(ct->id),
				    "suspended", !running && suspended(ct)));
}

int cmd_status(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{}
	};
	cleanup_container struct container ct = CONTAINER_INIT;
	struct kernel_container kc;
	int opt, ret = cmd_container(argc, argv, NEED_NOTHING, &ct);
	bool json = false, running;

	if (ret)
		return ret;
	while ((opt = getopt_long(argc - 1, argv + 1, "j", options, NULL)) != -1) {
		if (opt != 'j')
			return cmd_bad_option(argv);
		json = true;
	}
	ret = cmd_no_more(argc - 1, argv + 1);
	if (!ret)
		ret = kernel_look(ct.id, &kc);
	if (ret)
		return ret;
	running = kernel_runs(&kc);
	if (json)
		return print_json(&ct, running);
	printf("CTID %u %s %s %s%s%s\n", ct.id,
	       container_exists(&ct) ? "exist" : "deleted",
	       container_mounted(&ct) ? "mounted" : "unmounted",
	       running ? "running" : "down",
	       running && !called_vz() && cgroup_frozen(ct.id) ? " paused" : "",
	       !running && suspended(&ct) ? " suspended" : "");
	return 0;
}
