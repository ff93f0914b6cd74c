// SPDX-License-Identifier: GPL-2.0-only
#include "../lib/adopt.h"
#include "../lib/error.h"
#include "../lib/mount.h"
#include "../lib/suspended.h"
#include "cmd.h"

/* Both: the container's lock, and what the kernel knows of it. */
static int begin(int argc, char **argv, struct container *ct, struct kernel_container *kc)
{
	int ret = cmd_container(argc, argv, NEED_CONF, ct);

	if (!ret && argc > 2)
		ret = fail(EXIT_BAD_OPTION, "Unexpected argument: %s", argv[2]);
	if (!ret)
		ret = container_lock(ct);
	return ret ? ret : kernel_look(ct->id, kc);
}

int cmd_mount(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	struct kernel_container kc;
	int ret = begin(argc, argv, &ct, &kc);

	if (ret)
		return ret;
	if (container_mounted(&ct))
		return fail(EXIT_MOUNTED, "Container is already mounted");
	if (suspended(&ct))
		warn("Container is suspended: its processes expect its files as they are");
	ret = mount_container(&ct);
	if (!ret)
		say("Container is mounted");
	return ret;
}

int cmd_umount(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	struct kernel_container kc;
	int ret = begin(argc, argv, &ct, &kc);

	if (ret)
		return ret;
	if (kernel_runs(&kc))
		return fail(EXIT_RUNNING, "Container is running; stop it first");
	if (!container_mounted(&ct))
		return fail(EXIT_NOT_MOUNTED, "Container is not mounted");
	ret = adopt_refuse(&ct);
	/* with what is left of one that ended by itself */
	if (!ret)
		ret = container_sweep(&ct);
	if (!ret)
		say("Container is unmounted");
	return ret;
}
