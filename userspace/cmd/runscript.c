// SPDX-License-Identifier: GPL-2.0-only
#include "../lib/error.h"
#include "../lib/relay.h"
#include "../lib/script.h"
#include "../lib/util.h"
#include "../lib/visit.h"
#include "cmd.h"

static int run(struct container *ct, const char *const argv[], int *status)
{
	cleanup_free char *why = NULL;
	struct visit visit;
	int ret = visit_begin(ct, &visit), end;

	if (ret)
		return ret;
	ret = relay_run(&visit.in, argv, false, status);
	why = xstrdup(error_text());
	end = visit_end(&visit);
	return ret ? fail(ret, "%s", why) : end;
}

int cmd_runscript(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	cleanup_free const char **shell = NULL;
	cleanup_free char *text = NULL;
	int status = 0, ret = cmd_container(argc, argv, NEED_CONF, &ct);

	if (!ret && argc != 3)
		ret = fail(EXIT_BAD_OPTION, "Usage: cloisonctl runscript CTID FILE");
	if (!ret)
		ret = script_load(argv[2], &text);
	if (ret)
		return ret;
	shell = script_argv(text, true);
	ret = run(&ct, shell, &status);
	return ret ? ret : cmd_status_of(status);
}
