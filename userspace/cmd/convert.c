// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>

#include "../lib/error.h"
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
	int opt, ret;

	*name = "image";
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 'l')
			return cmd_bad_option(argv);
		*name = optarg;
	}
	ret = cmd_layout(*name);
	return ret ? ret : cmd_no_more(argc, argv);
}

int cmd_convert(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	const char *name;
	int ret = cmd_container(argc, argv, NEED_CONF, &ct);

	if (!ret)
		ret = parse(argc - 1, argv + 1, &name);
	if (!ret)
		ret = container_lock(&ct);
	if (!ret)
		ret = cmd_down(&ct);
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
