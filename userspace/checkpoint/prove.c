// SPDX-License-Identifier: GPL-2.0-only
/*
 * A trial of what has been dumped, while the container stands still: CRIU restores all of it, up to
 * where it would be let go, and takes it away again. In cgroups of its own:
 *
 *	/sys/fs/cgroup/cloison/101.proof			CRIU's root, see apart.h
 *	/sys/fs/cgroup/cloison/101.proof/criu			CRIU
 *	/sys/fs/cgroup/cloison/101.proof/cloison/101		the container, by the name it had
 *
 * The links it gets are of a network namespace that nothing leads to, a venet of which the core
 * knows no container, and its files are an overlay over the real ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgtree.h"
#include "checkpoint.h"
#include "devnodes.h"
#include "error.h"
#include "ethernet.h"
#include "global.h"
#include "module.h"
#include "standin.h"
#include "tasks.h"
#include "util.h"

/* Seconds for which a trial may stand still where a start may: the container does so, too. */
#define MOST	300

/* How long processes that CRIU has killed may take to go. */
#define GO_MS	60000

struct proof {
	const struct container *ct;
	const struct meta *meta;
	int images;
	char *top, *inner;	/* cgroups: CRIU's root, and the container's own in it */
	int group;		/* the latter */
	struct progress progress;
	bool restored;
};

static char *top_of(uint32_t id)
{
	cleanup_free char *path = cgroup_path(id);

	return xasprintf("%s.proof", path);
}

/* CRIU too. False if there is no such group. */
static bool kill_all(uint32_t id)
{
	cleanup_free char *top = top_of(id);
	cleanup_free char *file = xasprintf("%s/cgroup.kill", top);

	return write_file_at(AT_FDCWD, file, "1") == 0 || errno != ENOENT;
}

static int make_links(void *arg)
{
	const struct proof *p = arg;

	return ethernet_stand_in(p->ct->id, p->meta->netif);
}

/* CRIU is where it is to be, so groups may have controllers: the container's, and those above. */
static int delegate(const struct proof *p)
{
	cleanup_free char *path = xstrdup(p->inner);
	int ret = 0;

	for (char *s = path + strlen(p->top); !ret && s; s = strchr(s + 1, '/')) {
		*s = '\0';
		ret = cgroup_enable(path);
		*s = '/';
	}
	return ret ? ret : cgtree_delegate(p->group, p->images);
}

static int end_late(struct proof *p)
{
	unsigned int most = global.start_timeout ?: MOST;

	if (progress_stalls(&p->progress, p->inner) < most * 1000LL)
		return 0;
	kill_all(p->ct->id);
	return fail(EXIT_PAUSE, "CRIU has not come any further for %u seconds (START_TIMEOUT)",
		    most);
}

static int on_step(enum criu_step step, void *arg)
{
	struct proof *p = arg;

	if (step == CRIU_NAMESPACES)
		return delegate(p);
	if (step == CRIU_LATE)
		return end_late(p);
	p->restored = step == CRIU_RESTORED;
	/* CRIU gives up */
	return p->restored ? EXIT_PAUSE : 0;
}

/* Three quarters of what the host has left of RAM, and no swap: nobody else's is taken away. */
static int limit(int top)
{
	cleanup_free char *bytes = xasprintf("%" PRIu64, host_meminfo("MemAvailable") / 4 * 3);

	/* a kernel that does not account swap has no such file */
	if (write_file_at(top, "memory.swap.max", "0") && errno != ENOENT)
		return -1;
	return write_file_at(top, "memory.max", bytes);
}

static int make_groups(struct proof *p, int *top)
{
	cleanup_free char *own = cgroup_path(p->ct->id);
	cleanup_free char *criu = NULL;

	p->top = top_of(p->ct->id);
	p->inner = xasprintf("%s%s", p->top, own + strlen(CGROUP_ROOT));
	criu = xasprintf("%s/" APART_CRIU, p->top);
	if (mkdir_parents(criu, 0755) || mkdir_parents(p->inner, 0755))
		return fail_errno(EXIT_SYSTEM, "Cannot make %s", p->inner);
	*top = open(p->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	p->group = open(p->inner, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*top < 0 || p->group < 0 || limit(*top))
		return fail_errno(EXIT_SYSTEM, "Cannot set up %s", p->top);
	return cgtree_make(p->group, p->images);
}

/* CRIU only sees that a process of its has been killed. */
static int explain(const struct proof *p, int ret)
{
	cleanup_free char *path = xasprintf("%s/memory.events", p->top);
	cleanup_free char *text = read_file(path, 4096);
	uint64_t killed;

	return cgroup_find(text, "oom_kill", &killed) && killed ?
	       fail(ret, "The host has not enough memory for it to be there twice") : ret;
}

static int try(struct proof *p, const char *path, const char *above)
{
	cleanup_devices struct device_set devices = {};
	struct apart apart = { .cgroup = -1, .above = above, .links = make_links };
	struct criu_job job = { .images = path, .apart = &apart, .step = on_step, .arg = p };
	cleanup_free char *upper = apart_upper(&apart, APART_ROOT);
	struct devnodes nodes;
	uint32_t base;
	int ret = container_ids(p->ct, &base);

	if (!ret)
		ret = devices_read(p->ct->conf, &devices);
	if (!ret)
		ret = devnodes_open(p->ct->id, base, &devices, &nodes);
	if (ret)
		return ret;
	/* where it is mounted the guards of containers let none in */
	module_load("overlay", NULL);
	ret = make_groups(p, &apart.cgroup);
	if (!ret)
		ret = standin_make(p->ct->id, p->ct->root, upper);
	p->progress.since = now_ms();
	if (!ret)
		ret = tasks_restore(p->ct, &nodes, p->meta, &job, NULL);
	if (p->restored)
		ret = 0;
	if (ret)
		ret = explain(p, ret);
	if (apart.cgroup >= 0)
		close(apart.cgroup);
	devnodes_close(&nodes);
	return ret;
}

bool checkpoint_prove_left(uint32_t id)
{
	cleanup_free char *top = top_of(id);

	return access(top, F_OK) == 0;
}

int checkpoint_prove_sweep(uint32_t id)
{
	cleanup_free char *top = top_of(id);
	int64_t end = now_ms() + GO_MS;
	int ret;

	if (!kill_all(id))
		return 0;
	while ((ret = cgroup_remove_at(top)) && now_ms() < end)
		sleep_ms(20);
	if (!ret)
		error_clear();
	return ret;
}

/* An error stays. */
static int sweep(uint32_t id, int ret)
{
	cleanup_free char *why = xstrdup(error_text());

	if (checkpoint_prove_sweep(id))
		return fail_wrap(ret ? ret : EXIT_PAUSE, "%s; and cleaning up failed", why);
	return ret ? fail(ret, "%s", why) : 0;
}

int checkpoint_prove(const struct container *ct, const char *images, const char *above)
{
	cleanup_close int fd = open(images, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_meta struct meta meta = {};
	struct proof p = { .ct = ct, .meta = &meta, .images = fd, .group = -1 };
	int64_t begun = now_ms();
	int ret;

	if (fd < 0)
		return fail_errno(EXIT_PAUSE, "Cannot open %s", images);
	ret = meta_read(fd, false, &meta);
	if (!ret)
		ret = sweep(ct->id, try(&p, images, above));
	if (p.group >= 0)
		close(p.group);
	free(p.top);
	free(p.inner);
	detail("a trial restore took %lld ms", (long long)(now_ms() - begun));
	return ret;
}
