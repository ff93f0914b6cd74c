// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <string.h>
#include <sys/wait.h>

#include "../lib/error.h"
#include "../lib/util.h"
#include "cmd.h"

int cmd_container(int argc, char **argv, enum container_need need, struct container *ct)
{
	if (argc < 2)
		return fail(EXIT_BAD_VALUE, "CT ID missing");
	return container_open(ct, argv[1], need);
}

int cmd_running(int argc, char **argv, struct container *ct, struct kernel_container *kc)
{
	int ret = cmd_container(argc, argv, NEED_NOTHING, ct);

	if (!ret)
		ret = container_running(ct, kc);
	if (ret == EXIT_NOT_RUNNING && !ct->conf)
		ret = fail(EXIT_NO_CONF, "Container config file does not exist: %s",
			   ct->conf_path);
	return ret;
}

int cmd_bad_option(char **argv)
{
	/* getopt_long() has told which */
	return fail(EXIT_BAD_OPTION, "See: cloisonctl --help, or cloisonctl(8) (%s)", argv[0]);
}

int cmd_no_more(int argc, char **argv)
{
	if (optind < argc)
		return fail(EXIT_BAD_OPTION, "Unexpected argument: %s", argv[optind]);
	return 0;
}

char *cmd_join(char **words)
{
	char *line = xstrdup(*words);

	while (*++words)
		text_append(&line, " %s", *words);
	return line;
}

int cmd_status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
