// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <string.h>

#include "../lib/error.h"
#include "../lib/validate.h"
#include "cmd.h"

/* Exit statuses of OpenVZ's program of this name. */
enum { VALID = EXIT_OK, CANNOT = 1, INVALID = EXIT_INVALID };

static int take_kind(const char *arg, enum validate_as *as)
{
	bool vswap = strcmp(arg, "yes") == 0;

	*as = vswap ? VALIDATE_VSWAP : VALIDATE_BEANCOUNTERS;
	return vswap || strcmp(arg, "no") == 0 ? 0 :
	       fail(CANNOT, "-v takes yes or no, not %s", arg);
}

int cmd_vzcfgvalidate(int argc, char **argv)
{
	cleanup_conf struct conf *conf = NULL;
	enum repair repair = REPAIR_NOTHING;
	enum validate_as as = VALIDATE_AS_IT_IS;
	unsigned int errors;
	int opt;

	while ((opt = getopt(argc, argv, "irv:")) != -1) {
		if (opt == 'r') {
			repair = REPAIR_ALL;
		} else if (opt == 'i') {
			repair = REPAIR_ASK;
		} else if (opt != 'v') {
			cmd_bad_option(argv);
			return CANNOT;
		} else if (take_kind(optarg, &as)) {
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
	errors = validate_conf(conf, repair, as);
	if (repair && conf_save(conf, argv[optind]))
		return CANNOT;
	if (errors)
		return fail(INVALID, "Validation completed: %u errors", errors);
	say("Validation completed: success");
	return VALID;
}
