// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "../lib/error.h"
#include "../lib/global.h"
#include "../lib/json.h"
#include "../lib/lock.h"
#include "../lib/module.h"
#include "../lib/suspended.h"
#include "../lib/util.h"
#include "../migrate/journal.h"
#include "../migrate/settle.h"
#include "../upgrade/upgrade.h"
#include "cmd.h"
#include "order.h"

static bool says_yes(const struct container *ct, const char *key)
{
	const char *value = ct->conf ? conf_get(ct->conf, key) : NULL;

	return value && strcmp(value, "yes") == 0;
}

/* It ran when the host was upgraded, and is to run again. */
static bool comes_back(const struct container *ct, const struct upgrade *u)
{
	return suspended_for_upgrade(ct) || upgrade_stopped(u, ct->id);
}

static bool is_ours(const struct container *ct)
{
	/* it may be another host's */
	if (!journal_refuses(ct->id))
		return true;
	warn("Container %u does not start: %s", ct->id, error_text());
	return false;
}

static bool starts_on_boot(const struct container *ct, const struct kernel_container *kc,
			   const void *upgrade)
{
	if (!container_exists(ct) || kernel_runs(kc))
		return false;
	if (!comes_back(ct, upgrade) && (!says_yes(ct, "ONBOOT") || says_yes(ct, "DISABLED")))
		return false;
	return is_ours(ct);
}

static bool starts_after_upgrade(const struct container *ct, const struct kernel_container *kc,
				 const void *upgrade)
{
	return container_exists(ct) && !kernel_runs(kc) && comes_back(ct, upgrade) && is_ours(ct);
}

/* What runs, what has died, what is mounted. */
static bool wants_stop(const struct container *ct, const struct kernel_container *kc,
		       const void *arg)
{
	(void)arg;
	return kc->id || container_mounted(ct);
}

/* Who has it now is done some time, or hangs. */
static int lock_soon(struct container *ct)
{
	return container_lock_until(ct, now_ms() + global.stop_timeout * 1000LL);
}

static int start_one(uint32_t id, void *upgrade)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	struct start_options o = {};
	struct kernel_container kc;
	int ret = container_open_id(&ct, id, NEED_CONF);

	if (!ret)
		ret = lock_soon(&ct);
	if (!ret)
		ret = kernel_get(id, &kc);
	if (ret || kernel_runs(&kc))
		return ret;
	o.force = comes_back(&ct, upgrade);
	return do_start(&ct, &o);
}

int boot_stop_one(uint32_t id, void *arg)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	int ret = container_open_id(&ct, id, NEED_NOTHING);

	(void)arg;
	if (!ret)
		ret = lock_soon(&ct);
	return ret ? ret : do_stop(&ct, false, true);
}

static int load_module(void)
{
	if (kernel_load())
		return 0;
	return fail(EXIT_KERNEL,
		    "The kernel module cloison cannot be loaded: see cloisonctl check");
}

/* Those that were loaded: what the suspended knew. */
static void load_modules(const struct upgrade *u)
{
	cleanup_free char *copy = xstrdup(u->modules);
	char *rest = copy, *module;

	while ((module = strsep(&rest, " ")))
		if (*module)
			module_load(module, NULL);
}

static void take_note(const struct upgrade *u)
{
	struct utsname un;

	uname(&un);
	if (strcmp(un.release, u->kernel) != 0 && !upgrade_same_boot(u))
		warn("The host was to be upgraded to Linux %s, and runs %s", u->kernel, un.release);
	load_modules(u);
}

int boot_bring_back(const struct upgrade *u, bool onboot, size_t *count, size_t *failed)
{
	cleanup_free struct ordered *list = NULL;
	int ret = load_module();

	*count = 0;
	*failed = 0;
	if (ret)
		return ret;
	if (u->kernel)
		take_note(u);
	ret = order_choose(onboot ? starts_on_boot : starts_after_upgrade, u, &list, count);
	if (ret)
		return ret;
	*failed = order_work(list, *count, order_width(), start_one, (void *)u);
	/* all were tried; who is still suspended has a mark that says why */
	return u->kernel ? upgrade_remove() : 0;
}

/* The host may be on its way down, with its containers suspended. */
static int check_upgrade(const struct upgrade *u)
{
	if (!u->kernel || !u->leaving || !upgrade_same_boot(u))
		return 0;
	return fail(EXIT_LOCKED,
		    "The host is about to boot Linux %s; if it does not: cloisonctl host-upgrade --resume",
		    u->kernel);
}

/* Who has the lock then brings back what went down with the last boot, and is done some time. */
static bool follows_upgrade(void)
{
	cleanup_upgrade struct upgrade u = {};

	if (upgrade_read(&u))
		error_clear();
	return u.kernel && !upgrade_same_boot(&u);
}

/* How it went, as a line or with @json as an object. */
static int tell(bool json, const char *done, size_t count, size_t failed)
{
	if (json)
		return json_print(json_pack("{s:I, s:I, s:I}", "containers", (json_int_t)count,
					    done, (json_int_t)(count - failed), "failed",
					    (json_int_t)failed));
	say("%zu of %zu containers %s", count - failed, count, done);
	return 0;
}

static int boot_start(bool json)
{
	cleanup_upgrade struct upgrade u = {};
	cleanup_close int lock = -1;
	size_t count, failed;
	int ret = lock_take(UPGRADE_LOCK, follows_upgrade(), &lock);

	if (ret == EXIT_LOCKED)
		return fail(ret, "The host is being upgraded: cloisonctl host-upgrade is at work");
	if (ret)
		return ret;
	/* the others can start all the same */
	if (upgrade_read(&u)) {
		warn("%s", error_text());
		error_clear();
		upgrade_free(&u);
	}
	ret = check_upgrade(&u);
	if (!ret)
		ret = boot_bring_back(&u, true, &count, &failed);
	if (ret)
		return ret;
	ret = tell(json, "started", count, failed);
	/* what another host has to say can wait until ours run */
	if (settle_all()) {
		warn("%s", error_text());
		error_clear();
	}
	return failed ? fail(EXIT_START, "%zu containers did not start", failed) : ret;
}

static int boot_stop(bool json)
{
	cleanup_free struct ordered *list = NULL;
	size_t count = 0, failed;
	int ret = kernel_loaded() ? order_choose(wants_stop, NULL, &list, &count) : 0;

	if (ret || (!list && !json))
		return ret;
	order_reverse(list, count);
	/* they wait more than they work: all of a group at once */
	failed = order_work(list, count, count, boot_stop_one, NULL);
	ret = tell(json, "stopped", count, failed);
	return failed ? fail(EXIT_STOP, "%zu containers did not stop", failed) : ret;
}

int cmd_boot(int argc, char **argv)
{
	bool json = argc == 3 && strcmp(argv[2], "--json") == 0;

	if ((argc == 2 || json) && strcmp(argv[1], "start") == 0)
		return boot_start(json);
	if ((argc == 2 || json) && strcmp(argv[1], "stop") == 0)
		return boot_stop(json);
	return fail(EXIT_BAD_OPTION, "Usage: cloisonctl boot start|stop [--json]");
}
