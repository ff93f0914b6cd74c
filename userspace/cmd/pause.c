// SPDX-License-Identifier: GPL-2.0-only
#include "../checkpoint/checkpoint.h"
#include "../lib/cgroup.h"
#include "../lib/error.h"
#include "cmd.h"

static int set_frozen(int argc, char **argv, bool freeze)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	struct kernel_container kc;
	int ret = cmd_running(argc, argv, &ct, &kc);

	if (!ret && argc > 2)
		ret = fail(EXIT_BAD_OPTION, "Unexpected argument: %s", argv[2]);
	if (!ret)
		ret = container_lock(&ct);
	if (!ret)
		ret = container_running(&ct, &kc);
	if (ret)
		return ret;
	if (cgroup_frozen(ct.id) == freeze) {
		say(freeze ? "Container is already paused" : "Container is not paused");
		return 0;
	}
	ret = !freeze && checkpoint_staged(&ct) ? checkpoint_resume(&ct) :
						  cgroup_freeze(ct.id, freeze);
	if (!ret)
		say(freeze ? "Container is paused" : "Container runs again");
	return ret;
}

int cmd_pause(int argc, char **argv)
{
	return set_frozen(argc, argv, true);
}

int cmd_unpause(int argc, char **argv)
{
	return set_frozen(argc, argv, false);
}
