// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "adopt.h"
#include "affinity.h"
#include "beancounters.h"
#include "carried.h"
#include "cgroup.h"
#include "cgtree.h"
#include "checkpoint.h"
#include "criu.h"
#include "error.h"
#include "ethernet.h"
#include "global.h"
#include "meta.h"
#include "network.h"
#include "place.h"
#include "stage.h"
#include "suspended.h"
#include "tasks.h"
#include "timerfd.h"
#include "util.h"

struct work {
	const struct container *ct;
	const char *path;
	int images;	/* it is open */
	struct place *place;
	struct progress progress;
};

static int end_late(struct work *w)
{
	cleanup_free char *cgroup = cgroup_path(w->ct->id);
	int64_t stalls = progress_stalls(&w->progress, cgroup);

	if (!global.start_timeout || stalls < global.start_timeout * 1000LL)
		return 0;
	return fail(EXIT_UNPAUSE, "CRIU has not come any further for %u seconds (START_TIMEOUT)",
		    global.start_timeout);
}

static int on_step(enum criu_step step, void *arg)
{
	struct work *w = arg;

	switch (step) {
	case CRIU_NAMESPACES:
		return cgtree_delegate(w->place->cgroup, w->images);
	case CRIU_LATE:
		return end_late(w);
	case CRIU_RESUMING:
		/* CRIU's hands are off next: it runs when we say so */
		return cgroup_set(w->ct->id, "cgroup.freeze", "1");
	default:
		return 0;
	}
}

/* What needs no process of it. */
static int on_begun(void *arg)
{
	struct work *w = arg;

	return network_connect(w->ct->id, &w->place->network);
}

/* CRIU gives tasks the user ids that the images say, whatever the files have by now. */
static int check_ids(uint32_t theirs, uint32_t ours)
{
	return theirs == ours ? 0 :
	       fail(EXIT_UNPAUSE, "Its state has user ids from %u on, the container from %u on",
		    theirs, ours);
}

static int restore_tasks(struct work *w, const struct place *place, const struct meta *meta,
			 pid_t *init)
{
	cleanup_free char *cgroup = cgroup_path(w->ct->id);
	struct criu_job job = {
		.images = w->path, .cgroup = cgroup, .step = on_step, .begun = on_begun, .arg = w,
	};

	w->progress.since = now_ms();
	return tasks_restore(w->ct, &place->nodes, meta, &job, init);
}

/* Of what names hardware that is not here, no more than a warning. */
static int restore_hardware(const struct container *ct, const struct meta *meta)
{
	if (meta->rates && limits_set_rates(ct->id, container_disk(ct), meta->rates)) {
		warn("%s", error_text());
		error_clear();
	}
	if (limits_set_cpus(ct->id, meta->cpus))
		return EXIT_LIMITS;
	return limits_set_sched(ct->id, meta->sched);
}

/* As it had them; what was set since, counts. */
static int restore_limits(const struct container *ct, const struct place *place,
			  const struct meta *meta, int images)
{
	cleanup_free char *conf = read_file(ct->conf_path, 1 << 20);
	int ret = cgtree_limit(place->cgroup, images);

	if (!ret)
		ret = restore_hardware(ct, meta);
	if (!ret && (!conf || !meta->conf || strcmp(conf, meta->conf) != 0))
		ret = limits_apply(ct->id, container_disk(ct), &place->limits, place->limits.given);
	return ret ? ret : limits_share();
}

static int restore_network(const struct container *ct, struct place *place,
			   const struct meta *meta, pid_t init)
{
	cleanup_addresses struct addresses had = {};
	int ret = addresses_parse(meta->addresses, &had);

	if (!ret)
		ret = network_inside(ct->id, &place->network, init);
	if (!ret)
		network_forget(ct->id, init, &had, &place->network.addresses);
	return ret;
}

/* Into @place, which is made; frozen and on hold. */
static int fill(struct container *ct, struct place *place, const struct meta *meta, struct work *w)
{
	uint32_t mapped;
	pid_t init;
	int ret;

	w->place = place;
	ret = kernel_new(ct->id, place->cgid, conf_get(ct->conf, "NAME"));

	if (!ret)
		ret = network_hold(ct->id);
	if (!ret)
		ret = network_reserve(ct->id, &place->network);
	if (!ret)
		ret = ethernet_expect(ct->id, meta->netif);
	if (!ret)
		ret = cgtree_make(place->cgroup, w->images);
	if (!ret)
		ret = restore_tasks(w, place, meta, &init);
	if (!ret)
		ret = container_mapped_ids(init, &mapped) ? check_ids(mapped, place->base) :
		      fail(EXIT_UNPAUSE, "Cannot see which user ids it was restored with");
	/* what CRIU let go comes to rest */
	if (!ret)
		ret = cgroup_wait_frozen(ct->id);
	if (!ret)
		timerfd_rearm(ct->id);
	if (!ret)
		affinity_set(ct->id, meta->affinity);
	if (!ret)
		ret = restore_limits(ct, place, meta, w->images);
	if (!ret)
		ret = restore_network(ct, place, meta, init);
	if (!ret)
		ret = kernel_set_init(ct->id, init);
	/* not before: what CRIU needs for itself is not the container's */
	if (!ret)
		ret = beancounters_apply(ct->id, ct->conf, NULL);
	if (!ret)
		carried_set(ct->id, meta->beancounters, meta->view);
	return ret ? ret : container_check_running_ids(ct->id, place->base, place->looked);
}

static int undump(struct container *ct, const struct meta *meta, struct work *w)
{
	struct place place = { .cgroup = -1 };
	int ret = container_ids(ct, &place.base);

	if (!ret && meta->base)
		ret = check_ids(meta->base, place.base);
	if (!ret)
		ret = adopt_refuse(ct);
	if (!ret)
		ret = network_prepare(ct->id, ct->conf, &place.network);
	if (ret) {
		network_close(&place.network);
		return ret;
	}
	ret = place_make(ct, &place, false);
	if (!ret)
		ret = stage_set(ct->id, STAGE_DOOMED);
	if (!ret)
		ret = fill(ct, &place, meta, w);
	ret = place_leave(ct, &place, ret);
	return ret ? ret : stage_set(ct->id, STAGE_LEFT);
}

int checkpoint_undump(struct container *ct, const char *images, bool any_cpu)
{
	cleanup_close int fd = open(images, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_meta struct meta meta = {};
	int ret;

	if (fd < 0)
		return fail_errno(EXIT_UNPAUSE, "Cannot open %s", images);
	ret = criu_ready();
	if (!ret)
		ret = meta_read(fd, any_cpu, &meta);
	if (!ret)
		ret = undump(ct, &meta, &(struct work){ .ct = ct, .path = images, .images = fd });
	return ret;
}

int checkpoint_resume(const struct container *ct)
{
	int ret = stage_set(ct->id, STAGE_WORK);

	cgtree_put_back(ct->id);
	/* before anything runs; from here on it is not suspended any more */
	if (!ret)
		ret = suspended_unmark(ct);
	if (!ret && cgroup_frozen(ct->id))
		ret = cgroup_freeze(ct->id, false);
	if (!ret)
		ret = network_release(ct->id);
	return ret ? ret : stage_set(ct->id, STAGE_NONE);
}

int checkpoint_kill(const struct container *ct)
{
	int ret = stage_set(ct->id, STAGE_DOOMED);

	return ret ? ret : container_sweep(ct);
}

bool checkpoint_unsettled(const struct container *ct)
{
	enum stage stage = stage_get(ct->id);

	return stage == STAGE_WORK || stage == STAGE_DOOMED || cgtree_lifted(ct->id);
}

int checkpoint_settle(const struct container *ct)
{
	struct kernel_container kc;
	int ret = kernel_look(ct->id, &kc);

	if (ret || !checkpoint_unsettled(ct))
		return ret;
	cgtree_put_back(ct->id);
	if (checkpoint_staged(ct))
		return 0;
	/* with a mark nothing ran since, see decide(); without init there is nothing to run */
	if (stage_get(ct->id) == STAGE_DOOMED || suspended(ct) || !kernel_runs(&kc))
		return checkpoint_kill(ct);
	return checkpoint_resume(ct);
}
