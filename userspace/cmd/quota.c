// SPDX-License-Identifier: GPL-2.0-only
/*
 * OpenVZ's verbs about quotas. There is no counting to be done here: the file system counts
 * from the first file on, and an image is as large as it is.
 */
#include "../lib/error.h"
#include "../storage/layout.h"
#include "cmd.h"

/* The container's lock, and files to be limited. */
static int begin(int argc, char **argv, struct container *ct)
{
	int ret = cmd_container(argc, argv, NEED_CONF, ct);

	if (!ret && argc > 2)
		ret = fail(EXIT_BAD_OPTION, "Unexpected argument: %s", argv[2]);
	if (!ret)
		ret = container_lock(ct);
	if (!ret && !container_exists(ct))
		ret = fail(EXIT_NO_PRIVATE, "Container has no files in %s", ct->fs);
	return ret;
}

static void warn_unenforced(const struct container *ct)
{
	const char *why = ct->layout->unenforced(ct);

	if (why)
		warn("Disk limits of container %u are not enforced: %s", ct->id, why);
}

int cmd_quotainit(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	int ret = begin(argc, argv, &ct);

	if (ret)
		return ret;
	warn_unenforced(&ct);
	say("Nothing to count: the file system does");
	return 0;
}

int cmd_quotaon(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	int ret = begin(argc, argv, &ct);

	if (!ret)
		ret = ct.layout->resize(&ct);
	if (ret)
		return ret;
	warn_unenforced(&ct);
	say("Disk limits are set as configured");
	return 0;
}

int cmd_quotaoff(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	int ret = begin(argc, argv, &ct);

	if (!ret && container_mounted(&ct))
		ret = fail(EXIT_MOUNTED,
			   "Container is mounted at %s: stop it first, or see set --diskquota",
			   ct.root);
	if (ret)
		return ret;
	if (ct.layout->unlimit) {
		ct.layout->unlimit(&ct, ct.private);
		say("Disk limits are off until it is mounted");
	} else {
		say("Nothing to do: the limit of an image is its size");
	}
	return 0;
}
