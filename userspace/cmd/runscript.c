// SPDX-License-Identifier: GPL-2.0-only
#include "../lib/error.h"
#include "../lib/relay.h"
#include "../lib/script.h"
#include "../lib/util.h"
#include "../lib/visit.h"
#include "cmd.h"

/* One that is down is visited: nobody may start it meanwhile. */
static int run(struct container *ct, const char *const argv[], int *status)
{
	cleanup_free char *why = NULL;
	struct kernel_container kc = {};
	struct visit visit;
	int ret = kernel_loaded() ? kernel_get(ct->id, &kc) : 0, end;

	if (!ret && !kernel_runs(&kc))
		ret = container_lock(ct);
	if (!ret)
		ret = visit_begin(ct, &visit);
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
