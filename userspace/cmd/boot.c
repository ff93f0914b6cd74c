// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/error.h"
#include "../lib/global.h"
#include "../lib/parallel.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "../migrate/journal.h"
#include "../migrate/settle.h"
#include "cmd.h"

/* One container in the order of the host's start. */
struct booted {
	uint32_t id;
	int64_t order;	/* BOOTORDER; the higher the earlier. -1: none, last */
};

static bool says_yes(const struct container *ct, const char *key)
{
	const char *value = conf_get(ct->conf, key);

	return value && strcmp(value, "yes") == 0;
}

static int64_t order_of(const struct container *ct)
{
	const char *value = ct->conf ? conf_get(ct->conf, "BOOTORDER") : NULL;
	uint64_t order;

	return value && parse_number(value, 0, INT64_MAX, &order) ? (int64_t)order : -1;
}

static int earlier_first(const void *a, const void *b)
{
	const struct booted *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

static bool starts_on_boot(const struct container *ct, const struct kernel_container *kc)
{
	if (!container_exists(ct) || !says_yes(ct, "ONBOOT") || says_yes(ct, "DISABLED") ||
	    kernel_runs(kc))
		return false;
	/* it may be another host's */
	if (!journal_refuses(ct->id))
		return true;
	warn("Container %u does not start: %s", ct->id, error_text());
	return false;
}

/* What runs, what has died, what is mounted. */
static bool wants_stop(const struct container *ct, const struct kernel_container *kc)
{
	return kc->id || container_mounted(ct);
}

/* Of those with a file, and those that run without one. */
static int choose(bool (*wanted)(const struct container *ct, const struct kernel_container *kc),
		  struct booted **list, size_t *count)
{
	cleanup_free struct container_entry *all = NULL;
	size_t n;
	int ret = container_list(true, &all, &n);

	*count = 0;
	if (ret)
		return ret;
	*list = xcalloc(n + 1, sizeof(**list));
	for (size_t i = 0; i < n; i++) {
		cleanup_container struct container ct = CONTAINER_INIT;

		/* a file that nobody can read is warned of */
		if (container_open_id(&ct, all[i].id, NEED_NOTHING) == 0 && wanted(&ct, &all[i].kc))
			(*list)[(*count)++] = (struct booted){ ct.id, order_of(&ct) };
		error_clear();
	}
	qsort(*list, *count, sizeof(**list), earlier_first);
	return 0;
}

static int start_one(uint32_t id, void *arg)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	struct kernel_container kc;
	int ret = container_open_id(&ct, id, NEED_CONF);

	(void)arg;
	if (!ret)
		ret = container_lock_until(&ct, INT64_MAX);
	if (!ret)
		ret = kernel_get(id, &kc);
	if (ret || kernel_runs(&kc))
		return ret;
	return do_start(&ct, false, false);
}

static int stop_one(uint32_t id, void *arg)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	int ret = container_open_id(&ct, id, NEED_NOTHING);

	(void)arg;
	/* who starts it right now is done some time, or hangs */
	if (!ret)
		ret = container_lock_until(&ct, now_ms() + global.stop_timeout * 1000LL);
	return ret ? ret : do_stop(&ct, false, true);
}

/* From @from on, those of the same order; the ids in *@ids. */
static size_t take_group(const struct booted *list, size_t count, size_t from, uint32_t *ids)
{
	size_t n = 0;

	for (size_t i = from; i < count && list[i].order == list[from].order; i++)
		ids[n++] = list[i].id;
	return n;
}

static int work_through(struct booted *list, size_t count, size_t width,
			int (*work)(uint32_t id, void *arg))
{
	cleanup_free uint32_t *ids = xcalloc(count + 1, sizeof(*ids));
	size_t failed = 0, n;

	/* each says only what went wrong: they all speak at once */
	quiet = true;
	for (size_t i = 0; i < count; i += n) {
		n = take_group(list, count, i, ids);
		failed += parallel_run(ids, n, width, work, NULL);
	}
	quiet = false;
	return failed;
}

static int load_module(void)
{
	if (kernel_load())
		return 0;
	return fail(EXIT_KERNEL,
		    "The kernel module cloison cannot be loaded: see cloisonctl check");
}

static int boot_start(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	cleanup_free struct booted *list = NULL;
	size_t count, failed;
	int ret = load_module();

	if (!ret)
		ret = choose(starts_on_boot, &list, &count);
	if (ret)
		return ret;
	failed = work_through(list, count, cpus > 1 ? cpus : 1, start_one);
	say("%zu of %zu containers started", count - failed, count);
	/* what another host has to say can wait until ours run */
	if (settle_all()) {
		warn("%s", error_text());
		error_clear();
	}
	return failed ? fail(EXIT_START, "%zu containers did not start", failed) : 0;
}

static int boot_stop(void)
{
	cleanup_free struct booted *list = NULL;
	size_t count, failed;
	int ret = kernel_loaded() ? choose(wants_stop, &list, &count) : 0;

	if (ret || !list)
		return ret;
	for (size_t i = 0; i < count / 2; i++) {
		struct booted swap = list[i];

		list[i] = list[count - 1 - i];
		list[count - 1 - i] = swap;
	}
	/* they wait more than they work: all of a group at once */
	failed = work_through(list, count, count, stop_one);
	say("%zu of %zu containers stopped", count - failed, count);
	return failed ? fail(EXIT_STOP, "%zu containers did not stop", failed) : 0;
}

int cmd_boot(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "start") == 0)
		return boot_start();
	if (argc == 2 && strcmp(argv[1], "stop") == 0)
		return boot_stop();
	return fail(EXIT_BAD_OPTION, "Usage: cloisonctl boot start|stop");
}
