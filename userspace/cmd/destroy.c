// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/cgroup.h"
#include "../lib/error.h"
#include "../lib/util.h"
#include "cmd.h"

/* rm(1) walks hostile trees (links, depth, names) better than we would. */
static int remove_tree(const char *path)
{
	const char *const argv[] = { "rm", "-rf", "--one-file-system", "--", path, NULL };

	if (run_program(argv))
		return fail(EXIT_DESTROY, "Cannot remove all of %s", path);
	return 0;
}

int cmd_destroy(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	cleanup_free char *creating = NULL, *doomed = NULL, *gone = NULL;
	struct kernel_container kc = {};
	int ret = cmd_container(argc, argv, NEED_CONF, &ct);

	if (!ret && argc > 2)
		ret = fail(EXIT_BAD_OPTION, "Unexpected argument: %s", argv[2]);
	if (!ret)
		ret = container_lock(&ct);
	if (!ret && kernel_loaded())
		ret = kernel_get(ct.id, &kc);
	if (ret)
		return ret;
	if (kernel_runs(&kc))
		return fail(EXIT_MOUNTED,
			    "Container is currently running. Stop it before proceeding.");
	/* whatever the registry says, or cannot say: what runs is not destroyed */
	if (!(kc.id && kc.state == CLOISON_STATE_DEAD) && cgroup_wait_empty(ct.id, 0))
		return fail(EXIT_MOUNTED,
			    "Processes of the container are running. Stop it before proceeding.");
	ret = container_sweep(&ct);
	if (ret)
		return ret;

	/* From the rename on it does not exist; what a crash leaves behind is removed
	 * by the next create or destroy. The file goes last: it is what lets one ask
	 * again.
	 */
	say("Destroying container private area: %s", ct.private);
	doomed = xasprintf("%s.destroyed", ct.private);
	gone = xasprintf("%s.destroyed", ct.conf_path);
	creating = xasprintf("%s.creating", ct.private);
	ret = remove_tree(creating);
	if (!ret)
		ret = remove_tree(doomed);
	if (!ret && rename(ct.private, doomed) && errno != ENOENT)
		ret = fail_errno(EXIT_DESTROY, "Cannot rename %s", ct.private);
	if (!ret)
		ret = remove_tree(doomed);
	if (ret)
		return ret;
	if (rmdir(ct.root) && errno != ENOENT)
		warn("%s is not empty and stays", ct.root);
	if (rename(ct.conf_path, gone))
		return fail_errno(EXIT_DESTROY, "Cannot rename %s", ct.conf_path);
	say("Container private area was destroyed");
	return 0;
}
