// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgtree.h"
#include "checkpoint.h"
#include "criu.h"
#include "error.h"
#include "ethernet.h"
#include "fuse.h"
#include "process.h"
#include "stage.h"
#include "util.h"

#ifndef SCHED_EXT	/* Linux 6.12 */
#define SCHED_EXT	7
#endif

/* Those that CRIU makes for the whole container only. */
static const char *const alone[] = { "user", "pid", "uts", "ipc" };

struct processes {
	pid_t *list;
	size_t count;
};

static void add(pid_t pid, void *arg)
{
	struct processes *all = arg;

	all->list = xrealloc(all->list, (all->count + 1) * sizeof(*all->list));
	all->list[all->count++] = pid;
}

static int compare(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

/* For people, with what the container can put there made harmless. */
static char *name_of(pid_t pid)
{
	cleanup_free char *path = xasprintf("/proc/%d/comm", (int)pid);
	char *name = read_file(path, 64);

	for (char *s = name; s && *s; s++)
		if (*s < ' ' || *s > '~')
			*s = s[1] ? '?' : '\0';
	return name ? name : xstrdup("?");
}

/*
 * A process whose parent is outside: a visitor, or what it became. CRIU begins at init and
 * would not find it; it would be gone after a restore.
 */
static int check_parent(const struct processes *all, pid_t pid)
{
	cleanup_free char *text = process_status(pid, "PPid:");
	pid_t parent = text ? atoi(text) : -1;
	cleanup_free char *name = NULL;

	if (parent < 0 || bsearch(&parent, all->list, all->count, sizeof(parent), compare))
		return 0;
	name = name_of(pid);
	return fail(EXIT_PAUSE, "Process %d (%s) was brought in by exec or enter: end it, "
		    "or wait until it has ended", (int)pid, name);
}

static bool same_namespace(pid_t a, pid_t b, const char *kind)
{
	cleanup_free char *one = xasprintf("/proc/%d/ns/%s", (int)a, kind);
	cleanup_free char *other = xasprintf("/proc/%d/ns/%s", (int)b, kind);
	struct stat x, y;

	/* a zombie has none any more */
	return stat(one, &x) || stat(other, &y) || (x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

static int check_namespaces(pid_t init, pid_t pid)
{
	for (size_t i = 0; i < ARRAY_SIZE(alone); i++) {
		cleanup_free char *name = NULL;

		if (same_namespace(init, pid, alone[i]))
			continue;
		name = name_of(pid);
		return fail(EXIT_PAUSE, "Process %d (%s) has a %s namespace of its own, "
			    "which cannot be dumped: end it", (int)pid, name, alone[i]);
	}
	return 0;
}

/* CRIU would dump it, and not restore it. To take it needs no right. */
static int check_policies(pid_t pid)
{
	cleanup_free char *path = xasprintf("/proc/%d/task", (int)pid);
	cleanup_dir DIR *dir = opendir(path);
	struct dirent *de;

	while (dir && (de = readdir(dir))) {
		int tid = atoi(de->d_name);
		cleanup_free char *name = NULL;

		if (!tid || (sched_getscheduler(tid) & ~SCHED_RESET_ON_FORK) != SCHED_EXT)
			continue;
		name = name_of(tid);
		return fail(EXIT_PAUSE, "Thread %d (%s) has the policy SCHED_EXT, which cannot be "
			    "restored: chrt --other --pid 0 %d", tid, name, tid);
	}
	return 0;
}

static int check_processes(uint32_t id, pid_t init)
{
	struct processes all = {};
	int ret = 0;

	cgroup_each_process(id, true, add, &all);
	if (all.count)
		qsort(all.list, all.count, sizeof(*all.list), compare);
	for (size_t i = 0; !ret && i < all.count; i++) {
		ret = check_policies(all.list[i]);
		if (ret || all.list[i] == init)
			continue;
		ret = check_parent(&all, all.list[i]);
		if (!ret)
			ret = check_namespaces(init, all.list[i]);
	}
	free(all.list);
	return ret;
}

static int check_links(uint32_t id)
{
	cleanup_netifs struct netifs all = {};
	int ret = ethernet_noted(id, &all);

	for (size_t i = 0; !ret && i < all.count; i++)
		if (netif_is_upper(&all.list[i]))
			ret = fail(EXIT_PAUSE, "Interface %s: macvlan and ipvlan cannot be dumped",
				   all.list[i].ifname);
	return ret;
}

int checkpoint_possible(const struct container *ct)
{
	struct kernel_container kc;
	int ret = container_running(ct, &kc);

	if (!ret)
		ret = criu_ready();
	if (!ret && cgroup_frozen(ct->id) && stage_get(ct->id) == STAGE_NONE)
		ret = fail(EXIT_PAUSE, "Container is paused: cloisonctl unpause %u", ct->id);
	if (!ret)
		ret = check_links(ct->id);
	if (!ret)
		ret = cgtree_check(ct->id);
	if (!ret)
		ret = fuse_check(ct->id);
	return ret ? ret : check_processes(ct->id, kc.init);
}
