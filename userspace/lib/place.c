// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"
#include "error.h"
#include "features.h"
#include "mount.h"
#include "place.h"
#include "sched.h"
#include "suspended.h"
#include "util.h"
#include "view.h"

static int read_settings(const struct container *ct, struct place *place)
{
	int ret = container_ids(ct, &place->base);

	place->looked = boot_ns();
	if (!ret)
		ret = container_check_running_ids(ct->id, place->base, 0);
	if (!ret)
		ret = limits_read(ct->conf, &place->limits);
	if (!ret)
		ret = features_load(ct->conf);
	if (!ret)
		ret = devices_read(ct->conf, &place->devices);
	return ret;
}

int place_make(struct container *ct, struct place *place, bool limited)
{
	int ret;

	/* what died left its cgroup with its mount */
	place->mounted = !cgroup_exists(ct->id) && container_mounted(ct);
	place->cgroup = -1;
	ret = read_settings(ct, place);
	/* what runs changes files that the suspended know otherwise */
	if (!ret && limited)
		ret = suspended_refuse(ct, EXIT_START);
	/* what an earlier life or a killed command left */
	if (!ret && !place->mounted)
		ret = container_sweep(ct);
	if (ret)
		return ret;
	/* the cgroup first, see container_sweep() */
	ret = cgroup_create(ct->id, place->base, &place->cgroup, &place->cgid);
	if (!ret)
		ret = mount_container(ct);
	if (!ret)
		ret = view_offer();
	if (!ret)
		sched_offer();
	if (!ret && limited)
		ret = limits_apply(ct->id, container_disk(ct), &place->limits, place->limits.given);
	if (!ret && !(place->limits.given & LIMIT_CPUUNITS))
		ret = limits_share();
	if (!ret)
		ret = devices_restrict(place->cgroup, &place->devices);
	if (!ret)
		ret = devnodes_open(ct->id, place->base, &place->devices, &place->nodes);
	place->ready = !ret;
	return ret;
}

int place_leave(const struct container *ct, struct place *place, int ret)
{
	cleanup_free char *why = xstrdup(error_text());

	if (place->ready)
		devnodes_close(&place->nodes);
	network_close(&place->network);
	devices_free(&place->devices);
	if (place->cgroup >= 0)
		close(place->cgroup);
	if (!ret)
		return 0;
	if (place->mounted ? container_reap(ct) : container_sweep(ct))
		return fail_wrap(ret, "%s; and cleaning up failed", why);
	return fail(ret, "%s", why);
}
