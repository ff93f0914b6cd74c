// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "container.h"
#include "diagnose.h"
#include "lock.h"
#include "suspended.h"
#include "upgrade.h"
#include "util.h"

#define MEND	"cloisonctl host-upgrade --resume"

static void unfinished(struct findings *f, const struct upgrade *u)
{
	if (lock_held(UPGRADE_LOCK))
		finding(f, FINDING_HINT, NULL, "the host is being upgraded to Linux %s", u->kernel);
	else if (u->leaving && upgrade_same_boot(u))
		finding(f, FINDING_HINT, MEND ", if it does not go down",
			"the host was told at %s to boot Linux %s", u->time, u->kernel);
	else
		finding(f, FINDING_HINT, MEND ", or, to go on, the same command again",
			"an upgrade to Linux %s, begun at %s, was cut off", u->kernel, u->time);
}

static void not_resumed(struct findings *f, uint32_t id)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	cleanup_free char *mend = xasprintf("cloisonctl resume %u says why, or start %u --discard",
					    id, id);

	if (container_open_id(&ct, id, NEED_NOTHING) == 0 && suspended_for_upgrade(&ct))
		finding(f, FINDING_HINT, mend,
			"container %u was suspended for an upgrade of the host, and is not resumed",
			id);
	error_clear();
}

void diagnose_upgrade(struct findings *f)
{
	cleanup_upgrade struct upgrade u = {};
	cleanup_free uint32_t *ids = NULL;
	size_t count = 0, before = f->count;

	if (upgrade_read(&u)) {
		finding_error(f, FINDING_HINT, NULL);
		return;
	}
	if (u.kernel) {
		unfinished(f, &u);
		return;
	}
	if (container_ids_configured(&ids, &count))
		finding_error(f, FINDING_HINT, NULL);
	for (size_t i = 0; i < count; i++)
		not_resumed(f, ids[i]);
	if (f->count == before)
		finding(f, FINDING_OK, NULL, "no upgrade of the host is unfinished");
}
