// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "beancounters.h"
#include "container.h"
#include "diagnose.h"
#include "enforce.h"
#include "global.h"
#include "kernel.h"
#include "layout.h"
#include "legacy.h"
#include "promises.h"
#include "util.h"
#include "value.h"

struct range {
	uint32_t id, base;
};

/* Lines that a file brought from OpenVZ and that have no effect here. */
static void legacy(struct findings *f, const struct container *ct)
{
	const char *key, *value;

	for (size_t at = 0; (key = conf_next(ct->conf, &at, &value));) {
		const char *advice = legacy_advice(key, value);

		if (advice)
			finding(f, FINDING_HINT, NULL, "%s: %s has no effect: %s", ct->conf_path,
				key, advice);
	}
}

static void disk(struct findings *f, const struct container *ct)
{
	cleanup_free char *mend = xasprintf("cloisonctl set %u --diskspace 10G --save", ct->id);
	cleanup_free char *hold =
		xasprintf("give its file system project quotas, as storage.rst says, or "
			  "cloisonctl convert %u --layout image", ct->id);
	const char *why = ct->layout->unenforced(ct);
	struct disk_limits limits;

	if (disk_limits_read(ct->conf, &limits))
		finding_error(f, FINDING_HINT, "mend that line of its configuration");
	else if (why && (limits.space_hard || limits.inodes_hard))
		finding(f, FINDING_HINT, hold, "container %u: disk limits are not enforced: %s",
			ct->id, why);
	else if (!why && !ct->layout->own_fs && !limits.space_hard)
		finding(f, FINDING_HINT, mend,
			"container %u has no disk limit: it can fill the host's disk", ct->id);
	why = disk_users_unlimited(ct);
	if (why)
		finding(f, FINDING_HINT, NULL, "%s: QUOTAUGIDLIMIT has no effect: %s",
			ct->conf_path, why);
}

static void processes(struct findings *f, const struct container *ct)
{
	cleanup_free char *mend = xasprintf("cloisonctl set %u --numproc 1024 --save", ct->id);

	if (!conf_get(ct->conf, "NUMPROC"))
		finding(f, FINDING_HINT, mend,
			"container %u has no NUMPROC: a fork bomb takes the machine's process ids",
			ct->id);
}

/* What its file asks for and nothing in the kernel does while it runs. */
static void not_in_force(struct findings *f, const struct container *ct)
{
	cleanup_free char *mend =
		xasprintf("modprobe cloison_acct, then cloisonctl set %u --reset_ub", ct->id);
	struct acct_container acct = {};
	struct kernel_container kc;
	bool never = acct_loaded() && enforce_missing();
	const char *name;

	if (kernel_look(ct->id, &kc) || (acct_loaded() && acct_get(ct->id, &acct))) {
		finding_error(f, FINDING_HINT, NULL);
		return;
	}
	name = beancounters_unheld(ct->conf, &acct);
	if (kernel_runs(&kc) && name)
		finding(f, FINDING_HINT, never ? NULL : mend,
			"container %u: the limit %s is recorded only", ct->id, name);
}

/* A container that is described, and stands or lies as its file says. */
static bool one(struct findings *f, uint32_t id, struct range *range, struct promises *promises)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	cleanup_free char *again = xasprintf("cloisonctl create %u, or remove the file", id);

	*range = (struct range) { .id = id };
	if (container_open_id(&ct, id, NEED_GOOD_OR_NONE)) {
		cleanup_free char *mend = xasprintf("mend that line of %s", ct.conf_path);

		finding_error(f, FINDING_HINT, mend);
		return false;
	}
	/* it has just been destroyed */
	if (!ct.conf)
		return true;
	if (!container_exists(&ct)) {
		finding(f, FINDING_HINT, again, "%s describes a container that has no files in %s",
			ct.conf_path, ct.fs);
		return false;
	}
	if (container_ids(&ct, &range->base)) {
		finding_error(f, FINDING_HINT,
			      "give it the ids that its files have, see stat(1) of them");
		return false;
	}
	legacy(f, &ct);
	disk(f, &ct);
	processes(f, &ct);
	not_in_force(f, &ct);
	promises_add(promises, &ct);
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->base > y->base) - (x->base < y->base);
}

static bool overlap(struct findings *f, struct range *ranges, size_t count)
{
	bool found = false;

	if (count)
		qsort(ranges, count, sizeof(*ranges), compare);
	for (size_t i = 1; i < count; i++) {
		if (!ranges[i - 1].base ||
		    ranges[i].base - ranges[i - 1].base >= IDS_PER_CONTAINER)
			continue;
		finding(f, FINDING_HINT, "destroy one of them and create it again",
			"containers %u and %u share user ids: nothing keeps them apart",
			ranges[i - 1].id, ranges[i].id);
		found = true;
	}
	return found;
}

/* A kept one, say, of a container that was migrated; what suspend wrote is a mark's. */
static bool stray_states(struct findings *f, const uint32_t *ids, size_t count)
{
	cleanup_dir DIR *dir = opendir(global.dumpdir);
	struct dirent *de;
	bool found = false;

	while (dir && (de = readdir(dir))) {
		uint32_t id;

		if (strncmp(de->d_name, "Dump.", 5) != 0 || !parse_ctid(de->d_name + 5, &id) ||
		    bsearch(&id, ids, count, sizeof(*ids), container_compare_ids))
			continue;
		finding(f, FINDING_HINT,
			"remove it, unless it is of another host that shares the directory",
			"%s/%s is the memory of a container that there is not",
			global.dumpdir, de->d_name);
		found = true;
	}
	return found;
}

void diagnose_containers(struct findings *f)
{
	cleanup_free uint32_t *ids = NULL;
	cleanup_free struct range *ranges = NULL;
	struct promises promises = {};
	bool good = true;
	size_t count;

	if (container_ids_configured(&ids, &count)) {
		finding_error(f, FINDING_HINT, NULL);
		return;
	}
	ranges = xcalloc(count + 1, sizeof(*ranges));
	for (size_t i = 0; i < count; i++)
		good &= one(f, ids[i], &ranges[i], &promises);
	promises_report(&promises, f);
	good &= !overlap(f, ranges, count);
	good &= !stray_states(f, ids, count);
	if (good)
		finding(f, FINDING_OK, NULL, "containers described: %zu", count);
}
