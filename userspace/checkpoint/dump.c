// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgtree.h"
#include "checkpoint.h"
#include "criu.h"
#include "error.h"
#include "ethernet.h"
#include "fuse.h"
#include "heir.h"
#include "limits.h"
#include "meta.h"
#include "network.h"
#include "process.h"
#include "stage.h"
#include "suspended.h"
#include "util.h"

/* What CRIU refuses for a reason that passes is asked for so often. */
#define TRIES		5
#define PAUSE_MS	100

struct work {
	const struct container *ct;
	struct checkpoint_dump *dump;
	struct externals externals;
	struct heir heir;
	char *rates;		/* its own, before they are lifted; NULL: none */
	int images;
	bool was_left;		/* frozen before */
	bool left;		/* frozen from now on */
	bool given_up;		/* the images are what counts */
};

/*
 * All is written, and the tasks are in CRIU's hands. With the group frozen they stay as
 * they are whoever dies now: what is decided here is decided.
 */
static int decide(struct work *w)
{
	struct checkpoint_dump *d = w->dump;
	uint32_t id = w->ct->id;
	int ret = cgroup_set(id, "cgroup.freeze", "1");

	if (!ret && d->journal)
		ret = stage_set(id, STAGE_LEFT);
	if (!ret && d->taken)
		ret = d->taken(d->arg);
	w->left = !ret && (d->leave || d->go_on);
	w->given_up = !ret && !w->left;
	if (w->given_up)
		return 0;
	if (ret && d->journal)
		stage_set(id, w->was_left ? STAGE_LEFT : STAGE_WORK);
	if (ret && !w->was_left)
		cgroup_set(id, "cgroup.freeze", "0");
	/* CRIU lets them go */
	return ret ? ret : EXIT_PAUSE;
}

/* As long as CRIU is at it. */
static int lift_limits(uint32_t id, int images)
{
	int ret = cgtree_record(id, images);

	return ret ? ret : cgtree_lift(id, images);
}

static int on_step(enum criu_step step, void *arg)
{
	struct work *w = arg;
	int ret = 0;

	if (step == CRIU_SEIZING) {
		/* what may not run does not stop either; it may change them until it has */
		ret = lift_limits(w->ct->id, w->images);
		if (!ret && w->dump->seizing)
			ret = w->dump->seizing(w->dump->arg);
	} else if (step == CRIU_FROZEN) {
		w->dump->frozen = now_ms();
		if (!w->was_left)
			ret = network_hold(w->ct->id);
		/* until now it could; CRIU's code is not in them yet */
		if (!ret)
			ret = cgtree_check(w->ct->id);
		if (!ret)
			ret = fuse_check(w->ct->id);
		if (!ret)
			ret = lift_limits(w->ct->id, w->images);
		if (!ret)
			ret = meta_write(w->ct, &w->externals, w->rates, w->images);
	} else if (step == CRIU_DUMPED) {
		w->dump->dumped = now_ms();
		ret = decide(w);
	}
	return ret;
}

static int on_meanwhile(void *arg)
{
	struct work *w = arg;

	return w->dump->meanwhile(w->dump->arg);
}

static bool has_links(uint32_t id)
{
	cleanup_netifs struct netifs all = {};

	return ethernet_noted(id, &all) == 0 && all.count;
}

/* CRIU's own ten seconds are few for a thousand tasks where each takes some ms. */
static unsigned int time_to_seize(uint32_t id)
{
	uint64_t tasks = 0;

	cgroup_number(id, "pids.current", &tasks);
	return tasks < 1000 ? 10 + tasks / 20 : 60;
}

static int open_images(const char *path, int *fd)
{
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd < 0 ? fail_errno(EXIT_PAUSE, "Cannot open %s", path) : 0;
}

/* What a dump that failed left. */
static void empty(int images)
{
	int copy = openat(images, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *de;

	while (dir && (de = readdir(dir)))
		unlinkat(images, de->d_name, 0);
}

/* A try was refused for what passes: it runs. */
static int try_again(struct work *w, struct criu_job *job)
{
	int ret = 0;

	detail("%s; once more", error_text());
	empty(w->images);
	if (!w->was_left)
		network_release(w->ct->id);
	sleep_ms(PAUSE_MS);
	/*
	 * A try forgets which pages of a task have changed since the parent, as soon as it has
	 * written them: what was taken before is of no use to the next one.
	 */
	job->parent = NULL;
	if (w->dump->refused)
		ret = w->dump->refused(w->dump->arg, &job->parent);
	if (!w->was_left)
		network_quiesce(w->ct->id, job->init);
	return ret ? ret : criu_run(job, NULL);
}

static int run(struct work *w, struct criu_job *job)
{
	int tries = TRIES, ret = criu_run(job, NULL);

	while (ret && !w->dump->dumped && criu_refusal_passes() && --tries)
		ret = try_again(w, job);
	/* who was to kill it may have died himself: that is done after him */
	if (w->left || w->given_up)
		error_clear();
	return w->left || w->given_up ? 0 : ret;
}

/* All that CRIU is told. */
static int dump(struct work *w, pid_t init)
{
	char **external = externals_for_dump(&w->externals);
	cleanup_free char *cgroup = w->was_left ? cgroup_path(w->ct->id) : NULL;
	struct criu_job job = {
		.work = CRIU_DUMP, .images = w->dump->images, .parent = w->dump->parent,
		.init = init, .seize = time_to_seize(w->ct->id),
		.cgroup = cgroup, .lock_network = has_links(w->ct->id), .keep = w->ct->lock,
		.heir = w->heir.line, .external = (const char *const *)external, .step = on_step,
		.meanwhile = w->dump->meanwhile ? on_meanwhile : NULL, .arg = w,
	};
	int ret = run(w, &job);

	words_free(external);
	return ret;
}

static int begin(const struct container *ct, pid_t init)
{
	/* what runs has none; one that was left is not to be taken for ours, see settle */
	int ret = suspended_unmark(ct);

	if (!ret)
		ret = stage_set(ct->id, STAGE_WORK);
	return ret ? ret : network_quiesce(ct->id, init);
}

/* It runs on as before. The error stays. */
static int undo(const struct container *ct, int ret)
{
	cleanup_free char *why = xstrdup(error_text());
	int bad = network_release(ct->id);

	/* the kernel takes its time, to have as little in memory as they say */
	cgtree_put_back(ct->id);
	if (bad || stage_set(ct->id, STAGE_NONE))
		return fail_wrap(ret, "%s; and what was on hold still is", why);
	return fail(ret, "%s", why);
}

/* What must be known before, and can go wrong while nothing has been done yet. */
static int prepare(struct work *w, pid_t *init)
{
	struct kernel_container kc = {};
	int ret = checkpoint_possible(w->ct);

	if (!ret)
		ret = container_running(w->ct, &kc);
	if (!ret)
		ret = open_images(w->dump->images, &w->images);
	if (!ret)
		ret = externals_find(w->ct, kc.init, &w->externals);
	w->rates = limits_rates(w->ct->id, container_disk(w->ct));
	*init = kc.init;
	return ret;
}

static int work(struct work *w, pid_t init)
{
	struct checkpoint_dump *d = w->dump;
	int ret = w->was_left ? 0 : begin(w->ct, init);

	d->begun = now_ms();
	if (!ret)
		ret = dump(w, init);
	d->ended = now_ms();
	if (ret && !w->was_left)
		return undo(w->ct, ret);
	/* who is killed needs none */
	if (!w->given_up)
		cgtree_put_back(w->ct->id);
	if (ret)
		return ret;
	if (d->go_on)
		return checkpoint_resume(w->ct);
	return w->left ? stage_set(w->ct->id, STAGE_LEFT) : checkpoint_kill(w->ct);
}

int checkpoint_dump(const struct container *ct, struct checkpoint_dump *d)
{
	struct work w = { .ct = ct, .dump = d, .images = -1 };
	pid_t init;
	int ret;

	d->begun = d->frozen = d->dumped = d->ended = 0;
	w.was_left = stage_get(ct->id) == STAGE_LEFT;
	ret = prepare(&w, &init);
	/* what is in a journal is for who reads that */
	if (!ret && !d->journal)
		ret = heir_begin(ct, &w.heir);
	if (!ret)
		ret = work(&w, init);
	heir_end(&w.heir);
	externals_free(&w.externals);
	free(w.rates);
	if (w.images >= 0)
		close(w.images);
	return ret;
}

struct predump {
	uint32_t id;
	pid_t init;
	int images;
};

/*
 * A pre-dump has no step between seizing the processes and running code in them. A group
 * that was frozen, or got limits, while they were seized would hold it up for ever. Later CRIU
 * writes what it has, for as long as it takes, and what the container freezes then is its own
 * affair.
 */
static int on_late(enum criu_step step, void *arg)
{
	const struct predump *p = arg;
	cleanup_free char *tracer = process_status(p->init, "TracerPid:");

	if (step != CRIU_LATE || !tracer || strcmp(tracer, "0") == 0)
		return 0;
	cgtree_thaw(p->id);
	return lift_limits(p->id, p->images);
}

static int predump(struct predump *p, const struct criu_job *job)
{
	/* as for a dump: who may not run is not seized in time */
	int ret = lift_limits(p->id, p->images);

	if (!ret)
		ret = criu_run(job, NULL);
	cgtree_put_back(p->id);
	return ret;
}

int checkpoint_predump(const struct container *ct, const char *images, const char *parent,
		       bool *passes)
{
	struct predump p = { .id = ct->id, .images = -1 };
	struct criu_job job = {
		.work = CRIU_PRE_DUMP, .images = images, .parent = parent, .track = true,
		.seize = time_to_seize(ct->id), .keep = ct->lock, .step = on_late, .arg = &p,
	};
	struct kernel_container kc = {};
	int ret = checkpoint_possible(ct);

	*passes = false;
	if (!ret)
		ret = checkpoint_refuse_staged(ct, EXIT_PAUSE);
	if (!ret)
		ret = container_running(ct, &kc);
	if (!ret)
		ret = open_images(images, &p.images);
	if (ret)
		return ret;
	job.init = p.init = kc.init;
	ret = predump(&p, &job);
	*passes = ret && criu_refusal_passes();
	close(p.images);
	return ret;
}

static int suspend(const struct container *ct)
{
	struct kernel_container kc;
	int ret = container_running(ct, &kc);

	if (!ret)
		ret = begin(ct, kc.init);
	if (!ret)
		ret = cgroup_freeze(ct->id, true);
	if (!ret)
		ret = network_hold(ct->id);
	if (!ret)
		ret = stage_set(ct->id, STAGE_LEFT);
	if (!ret)
		return 0;
	cgroup_set(ct->id, "cgroup.freeze", "0");
	return undo(ct, ret);
}

int checkpoint_suspend(const struct container *ct)
{
	int ret = checkpoint_possible(ct);
	struct heir heir;

	if (ret || checkpoint_staged(ct))
		return ret;
	ret = heir_begin(ct, &heir);
	if (ret)
		return ret;
	ret = suspend(ct);
	heir_end(&heir);
	return ret;
}

bool checkpoint_staged(const struct container *ct)
{
	return stage_get(ct->id) == STAGE_LEFT;
}

int checkpoint_refuse_staged(const struct container *ct, int status)
{
	return !checkpoint_staged(ct) ? 0 :
	       fail(status, "Container is at a stage of checkpoint or restore: "
		    "cloisonctl chkpnt %u --resume", ct->id);
}
