// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>

#include "../lib/error.h"
#include "../lib/global.h"
#include "../lib/params.h"
#include "../lib/suspended.h"
#include "../storage/convert.h"
#include "../storage/device.h"
#include "../storage/layout.h"
#include "cmd.h"

struct options {
	const char *layout, *device;
};

/* OpenVZ made images of what it converted. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "layout", required_argument, NULL, 'l' },
		{ "velayout", required_argument, NULL, 'l' },
		{ "ve_layout", required_argument, NULL, 'l' },
		{ "device", required_argument, NULL, 'd' },
		{ "force", no_argument, NULL, 'f' },
		{}
	};
	int opt, ret;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'l')
			o->layout = optarg;
		else if (opt == 'd')
			o->device = optarg;
		else if (opt == 'f')
			global.overwrite_device = true;
		else
			return cmd_bad_option(argv);
	}
	if (o->device && !o->layout)
		o->layout = "block";
	ret = o->layout ? cmd_layout(o->layout) : 0;
	if (!ret && (o->device || global.overwrite_device) &&
	    (!o->layout || layout_named(o->layout) != &layout_block))
		ret = fail(EXIT_BAD_OPTION, "--device and --force go with --layout block");
	return ret ? ret : cmd_no_more(argc, argv);
}

int cmd_convert(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	cleanup_free char *own = NULL, *plain = NULL;
	struct options o = {};
	int ret = cmd_container(argc, argv, NEED_CONF, &ct);

	if (!ret)
		ret = parse(argc - 1, argv + 1, &o);
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
	/* one of its own file system is made anew with that */
	own = layout_label(ct.private);
	if (!o.layout)
		o.layout = ct.layout == &layout_image ? own : "image";
	if (o.device) {
		cleanup_free char *name = device_lasting_name(o.device);

		conf_set(ct.conf, "VE_DEVICE", name);
	}
	plain = layout_plain(o.layout);
	say("Converting the private area from %s to %s", own, plain);
	ret = convert(&ct, o.layout);
	if (!ret)
		say("Container was converted");
	return ret;
}
