// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <sys/wait.h>

#include "../lib/error.h"
#include "../lib/relay.h"
#include "../lib/util.h"
#include "cmd.h"

/* As ssh and vzctl do: the arguments are one line for a shell. */
static char *join(char **words)
{
	char *line = xstrdup(*words);

	while (*++words) {
		char *longer = xasprintf("%s %s", line, *words);

		free(line);
		line = longer;
	}
	return line;
}

/* Run the rest of the command line in the container; *@code is what it answered,
 * 128 + N when signal N ended it, as shells say it.
 */
static int run(int argc, char **argv, int *code)
{
	const char *sh[] = { "/bin/sh", "-c", NULL, NULL };
	cleanup_container struct container ct = CONTAINER_INIT;
	cleanup_free char *line = NULL;
	struct kernel_container kc;
	struct attached in;
	int status = 0, ret;

	ret = cmd_running(argc, argv, &ct, &kc);
	if (ret)
		return ret;
	if (argc < 3)
		return fail(EXIT_BAD_OPTION, "Say what to run in the container");
	if (argc == 3 && strcmp(argv[2], "-") == 0) {
		/* commands come from stdin */
		sh[1] = NULL;
	} else {
		line = join(argv + 2);
		sh[2] = line;
	}
	ret = attach_open(&ct, &kc, &in);
	if (ret)
		return ret;
	ret = relay_run(&in, sh, false, &status);
	attach_close(&in);
	*code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return ret;
}

int cmd_exec(int argc, char **argv)
{
	int code = 0, ret = run(argc, argv, &code);

	return ret ? ret : code ? EXIT_COMMAND : 0;
}

int cmd_exec2(int argc, char **argv)
{
	int code = 0, ret = run(argc, argv, &code);

	return ret ? ret : code;
}
