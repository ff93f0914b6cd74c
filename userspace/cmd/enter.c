// SPDX-License-Identifier: GPL-2.0-only
#include <sys/wait.h>

#include "../lib/error.h"
#include "../lib/relay.h"
#include "cmd.h"

int cmd_enter(int argc, char **argv)
{
	/* bash where there is one; as a login shell */
	static const char *const shell[] = {
		"/bin/sh", "-c", "command -v bash >/dev/null && exec bash -l || exec sh -l", NULL
	};
	cleanup_container struct container ct = CONTAINER_INIT;
	struct kernel_container kc;
	struct attached in;
	int status = 0, ret;

	ret = cmd_running(argc, argv, &ct, &kc);
	if (!ret && argc > 2)
		ret = fail(EXIT_BAD_OPTION, "Unexpected argument: %s", argv[2]);
	if (!ret)
		ret = attach_open(&ct, &kc, &in);
	if (ret)
		return ret;
	say("entered into CT %u", ct.id);
	ret = relay_run(&in, shell, true, &status);
	attach_close(&in);
	say("exited from CT %u", ct.id);
	if (ret)
		return ret;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
