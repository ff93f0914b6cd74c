// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../lib/error.h"
#include "../lib/json.h"
#include "../lib/util.h"
#include "cmd.h"

/* Whose options these are; clients such as libvirt's driver choose theirs by it. */
#define VZCTL_VERSION	"4.11.1"

const char *version(void)
{
	return called_vz() ? VZCTL_VERSION : VERSION;
}

int cmd_version(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{}
	};
	cleanup_free char *module = NULL;
	bool json = false;
	int opt, ret;

	while ((opt = getopt_long(argc, argv, "j", options, NULL)) != -1) {
		if (opt != 'j')
			return cmd_bad_option(argv);
		json = true;
	}
	ret = cmd_no_more(argc, argv);
	if (ret)
		return ret;
	if (!json) {
		printf("%s version %s\n", called_as, version());
		return 0;
	}
	module = kernel_module_version("cloison");
	return json_print(json_pack("{s:s, s:o}", "version", VERSION, "module",
				    json_text(module)));
}
