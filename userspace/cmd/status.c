// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "../lib/error.h"
#include "cmd.h"

int cmd_status(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	struct kernel_container kc = {};
	int ret = cmd_container(argc, argv, NEED_NOTHING, &ct);

	if (ret)
		return ret;
	/* without the module nothing can run: that is an answer, not an error */
	if (kernel_loaded()) {
		ret = kernel_get(ct.id, &kc);
		if (ret)
			return ret;
	}
	printf("CTID %u %s %s %s\n", ct.id,
	       container_exists(&ct) ? "exist" : "deleted",
	       container_mounted(&ct) ? "mounted" : "unmounted",
	       kernel_runs(&kc) ? "running" : "down");
	return 0;
}
