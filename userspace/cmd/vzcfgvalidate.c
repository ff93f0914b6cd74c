// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <string.h>

#include "../lib/error.h"
#include "../lib/validate.h"
#include "cmd.h"

/* Exit statuses of OpenVZ's program of this name. */
enum { VALID = EXIT_OK, CANNOT = 1, INVALID = EXIT_INVALID };

int cmd_vzcfgvalidate(int argc, char **argv)
{
	cleanup_conf struct conf *conf = NULL;
	enum repair repair = REPAIR_NOTHING;
	bool recommend = false;
	unsigned int errors;
	int opt;

	while ((opt = getopt(argc, argv, "irv:")) != -1) {
		if (opt == 'r') {
			repair = REPAIR_ALL;
		} else if (opt == 'i') {
			repair = REPAIR_ASK;
		} else if (opt == 'v') {
			recommend = strcmp(optarg, "yes") == 0;
		} else {
			cmd_bad_option(argv);
			return CANNOT;
		}
	}
	if (optind != argc - 1)
		return fail(CANNOT, "Say which file: vzcfgvalidate [-r|-i] [-v yes|no] FILE");
	if (conf_load(argv[optind], &conf)) {
		if (!*error_text())
			fail(CANNOT, "There is no file %s", argv[optind]);
		return CANNOT;
	}
	errors = validate_conf(conf, repair, recommend);
	if (repair && conf_save(conf, argv[optind]))
		return CANNOT;
	if (errors)
		return fail(INVALID, "Validation completed: %u errors", errors);
	say("Validation completed: success");
	return VALID;
}
