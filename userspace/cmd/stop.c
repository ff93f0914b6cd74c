// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>

#include "../checkpoint/checkpoint.h"
#include "../lib/error.h"
#include "../lib/halt.h"
#include "../lib/suspended.h"
#include "../migrate/journal.h"
#include "cmd.h"

int do_stop(struct container *ct, bool fast, bool unmount)
{
	struct kernel_container kc;
	int ret = kernel_get(ct->id, &kc);

	if (ret)
		return ret;
	/* nor does a migration that was cut off start it again */
	journal_forget_running(ct->id);
	if (!kernel_runs(&kc)) {
		/* vzctl's message and status; what a dead one left goes all the same */
		say("Unable to stop: container is not running");
		if (suspended(ct))
			say("Its state is kept: cloisonctl resume %u, or start %u --discard",
			    ct->id, ct->id);
		return unmount ? container_sweep(ct) : container_reap(ct);
	}
	say("Stopping container ...");
	/* a restore that has not come to its end: it has not run yet */
	if (checkpoint_staged(ct) && suspended(ct))
		return checkpoint_kill(ct);
	if (checkpoint_staged(ct))
		ret = checkpoint_resume(ct);
	if (!ret)
		ret = halt_container(ct, fast, unmount);
	if (ret)
		return ret;
	say("Container was stopped");
	if (unmount)
		say("Container is unmounted");
	return 0;
}

int cmd_stop(int argc, char **argv)
{
	static const struct option options[] = {
		{ "fast", no_argument, NULL, 'f' },
		{ "skip-umount", no_argument, NULL, 'u' },
		{}
	};
	cleanup_container struct container ct = CONTAINER_INIT;
	struct kernel_container kc;
	bool fast = false, unmount = true;
	int opt, ret;

	/* it can be stopped whatever has become of its file */
	ret = cmd_running(argc, argv, &ct, &kc);
	if (ret && ret != EXIT_NOT_RUNNING)
		return ret;
	error_clear();
	while ((opt = getopt_long(argc - 1, argv + 1, "", options, NULL)) != -1) {
		if (opt == 'f')
			fast = true;
		else if (opt == 'u')
			unmount = false;
		else
			return cmd_bad_option(argv);
	}
	ret = cmd_no_more(argc - 1, argv + 1);
	if (!ret)
		ret = container_lock(&ct);
	return ret ? ret : do_stop(&ct, fast, unmount);
}
