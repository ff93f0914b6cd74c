// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <sys/wait.h>

#include "../lib/error.h"
#include "../lib/relay.h"
#include "../lib/util.h"
#include "cmd.h"

/* bash where there is one; as a login shell */
static const char shell_only[] = "command -v bash >/dev/null && exec bash -l || exec sh -l";
/* vzctl stays in the shell after the command of --exec, which is a line for it. */
static const char shell_after[] =
	"command -v bash >/dev/null && exec bash -lc \"$1\nexec bash -l\" || "
	"exec sh -lc \"$1\nexec sh -l\"";

int cmd_enter(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	const char *shell[] = { "/bin/sh", "-c", shell_only, "sh", NULL, NULL };
	cleanup_free char *line = NULL;
	struct kernel_container kc;
	struct attached in;
	int status = 0, ret;

	ret = cmd_running(argc, argv, &ct, &kc);
	if (!ret && argc > 2 && strcmp(argv[2], "--exec") != 0)
		ret = fail(EXIT_BAD_OPTION, "Unexpected argument: %s", argv[2]);
	if (!ret && argc == 3)
		ret = fail(EXIT_BAD_OPTION, "Say what to run after --exec");
	if (!ret && argc > 3) {
		line = cmd_join(argv + 3);
		shell[2] = shell_after;
		shell[4] = line;
	}
	if (!ret)
		ret = attach_open(&ct, &kc, &in);
	if (ret)
		return ret;
	say("entered into CT %u", ct.id);
	ret = relay_run(&in, shell, true, &status);
	attach_close(&in);
	say("exited from CT %u", ct.id);
	return ret ? ret : cmd_status_of(status);
}
