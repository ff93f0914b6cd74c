// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>

#include "../lib/cgroup.h"
#include "../lib/error.h"
#include "../lib/mount.h"
#include "../lib/params.h"
#include "../lib/suspended.h"
#include "../storage/convert.h"
#include "../storage/layout.h"
#include "cmd.h"

/* OpenVZ made images of what it converted. */
static int parse(int argc, char **argv, const char **name)
{
	static const struct option options[] = {
		{ "layout", required_argument, NULL, 'l' },
		{ "velayout", required_argument, NULL, 'l' },
		{}
	};
	int opt;

	*name = "image";
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 'l')
			return cmd_bad_option(argv);
		*name = optarg;
	}
	if (!layout_named(*name))
		return fail(EXIT_BAD_VALUE,
			    "Bad value for --layout: %s; it takes dir (or simfs), overlay or image (or ploop)",
			    *name);
	return cmd_no_more(argc, argv);
}

int cmd_convert(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	struct kernel_container kc;
	const char *name;
	int ret = cmd_container(argc, argv, NEED_CONF, &ct);

	if (!ret)
		ret = parse(argc - 1, argv + 1, &name);
	if (!ret)
		ret = container_lock(&ct);
	if (!ret)
		ret = kernel_look(ct.id, &kc);
	if (!ret && (kernel_runs(&kc) || cgroup_exists(ct.id) || container_mounted(&ct) ||
		     mount_unfinished(&ct)))
		ret = fail(EXIT_MOUNTED, "Container is running or mounted: stop it first");
	if (!ret)
		ret = suspended_refuse(&ct, EXIT_MOUNTED);
	if (!ret && !container_exists(&ct))
		ret = fail(EXIT_NO_PRIVATE, "There is no private area %s", ct.private);
	if (ret)
		return ret;
	say("Converting the private area from %s to %s", ct.layout->name, layout_named(name)->name);
	ret = convert(&ct, name);
	if (!ret)
		say("Container was converted");
	return ret;
}
