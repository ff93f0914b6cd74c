// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <sys/wait.h>

#include "../lib/cgroup.h"
#include "../lib/error.h"
#include "../lib/mount.h"
#include "../lib/util.h"
#include "../storage/layout.h"
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

int cmd_down(const struct container *ct)
{
	struct kernel_container kc;
	int ret = kernel_look(ct->id, &kc);

	if (!ret && (kernel_runs(&kc) || cgroup_exists(ct->id) || container_mounted(ct) ||
		     mount_unfinished(ct)))
		ret = fail(EXIT_MOUNTED, "Container is running or mounted: stop it first");
	return ret;
}

int cmd_layout(const char *name)
{
	return layout_named(name) ? 0 : fail(EXIT_BAD_VALUE,
		"Bad value for --layout: %s; it takes dir (or simfs), overlay, image (or ploop, or image:xfs) or block",
		name);
}

char *cmd_join(char **words)
{
	char *line = xstrdup("");

	/* an empty one would be none, with all that follow in its place */
	for (; *words; words++)
		text_append(&line, "%s%s", *line ? " " : "", **words ? *words : "''");
	return line;
}

int cmd_status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
