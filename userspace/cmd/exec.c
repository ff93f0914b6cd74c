// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "../lib/error.h"
#include "../lib/relay.h"
#include "../lib/script.h"
#include "../lib/util.h"
#include "cmd.h"

/* Run the rest of the command line in the container; *@code is what it answered. */
static int run(int argc, char **argv, bool shell, int *code)
{
	const char *const *program = (const char *const *)argv + 2;
	cleanup_container struct container ct = CONTAINER_INIT;
	cleanup_free const char **sh = NULL;
	cleanup_free char *line = NULL;
	struct kernel_container kc;
	struct attached in;
	int status = 0, ret;

	ret = cmd_running(argc, argv, &ct, &kc);
	if (ret)
		return ret;
	if (argc < 3)
		return fail(EXIT_BAD_OPTION, "Say what to run in the container");
	if (shell) {
		/* commands come from stdin */
		if (argc > 3 || strcmp(argv[2], "-") != 0)
			line = cmd_join(argv + 2);
		program = sh = script_argv(line, true);
	}
	ret = attach_open(&ct, &kc, &in);
	if (ret)
		return ret;
	ret = relay_run(&in, program, false, &status);
	attach_close(&in);
	*code = cmd_status_of(status);
	return ret;
}

int cmd_exec(int argc, char **argv)
{
	int code = 0, ret = run(argc, argv, true, &code);

	return ret ? ret : code ? EXIT_COMMAND : 0;
}

int cmd_exec2(int argc, char **argv)
{
	int code = 0, ret = run(argc, argv, true, &code);

	return ret ? ret : code;
}

/* vzctl's unwritten one: without a shell. */
int cmd_exec3(int argc, char **argv)
{
	int code = 0, ret = run(argc, argv, false, &code);

	return ret ? ret : code;
}
