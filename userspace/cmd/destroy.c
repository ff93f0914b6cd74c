// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <unistd.h>

#include "../checkpoint/state.h"
#include "../lib/cgroup.h"
#include "../lib/error.h"
#include "../lib/names.h"
#include "../lib/private.h"
#include "../lib/util.h"
#include "../migrate/journal.h"
#include "../storage/snapshot.h"
#include "cmd.h"

/* Who looks into one, looks. */
static int check_snapshots(const struct container *ct)
{
	cleanup_snapshots struct snapshots all = {};
	int ret = snapshots_read(ct, &all);

	for (size_t i = 0; !ret && i < all.count; i++) {
		const char *uuid = all.list[i].uuid;
		cleanup_free char *where = snapshot_mounted(ct, &all.list[i]);

		if (where)
			ret = fail(EXIT_MOUNTED, "Snapshot %s is mounted on %s: cloisonctl "
				   "snapshot-umount %u --id %s", uuid, where, ct->id, uuid);
	}
	return ret;
}

int cmd_destroy(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	struct kernel_container kc;
	cleanup_free char *name = NULL;
	bool left;
	int ret = cmd_container(argc, argv, NEED_GOOD_OR_NONE, &ct);

	if (!ret && argc > 2)
		ret = fail(EXIT_BAD_OPTION, "Unexpected argument: %s", argv[2]);
	if (!ret)
		ret = container_lock(&ct);
	if (!ret)
		ret = kernel_look(ct.id, &kc);
	if (ret)
		return ret;
	if (kernel_runs(&kc))
		return fail(EXIT_RUNNING,
			    "Container is currently running. Stop it before proceeding.");
	/* whatever the registry says, or cannot say: what runs is not destroyed */
	if (!(kc.id && kc.state == CLOISON_STATE_DEAD) && cgroup_wait_empty(ct.id, 0))
		return fail(EXIT_RUNNING,
			    "Processes of the container are running. Stop it before proceeding.");
	/* what died left its cgroup with its mount; without one, somebody wanted it */
	if (!cgroup_exists(ct.id) && container_mounted(&ct))
		return fail(EXIT_MOUNTED,
			    "Container is mounted. Unmount it before proceeding: cloisonctl umount %u",
			    ct.id);
	/* before anything of it goes that is elsewhere, such as its memory */
	ret = ct.conf ? private_look(&ct) : 0;
	if (!ret)
		ret = check_snapshots(&ct);
	/* a note of a migration outlives it, for the other host: the next one is another */
	if (!ret)
		journal_forget_running(ct.id);
	if (!ret)
		ret = container_sweep(&ct);
	if (!ret)
		ret = state_discard(&ct);
	if (ret)
		return ret;

	/* a create or destroy that was killed; then there may be nothing left to do */
	left = private_left(&ct) != PRIVATE_NOTHING;
	ret = private_settle(&ct);
	if (!ret && !ct.conf && !left)
		ret = fail(EXIT_NO_CONF, "Container config file does not exist: %s",
			   ct.conf_path);
	if (ret)
		return ret;
	say("Destroying container private area: %s", ct.private);
	if (ct.conf) {
		const char *own = conf_get(ct.conf, "NAME");

		name = xstrdup(own ? own : "");
		ret = state_forget(&ct);
		if (!ret)
			ret = private_destroy(&ct);
	}
	if (ret)
		return ret;
	if (name)
		names_release(name, ct.id);
	if (rmdir(ct.root) && errno != ENOENT)
		warn("%s is not empty and stays", ct.root);
	say("Container private area was destroyed");
	return 0;
}
