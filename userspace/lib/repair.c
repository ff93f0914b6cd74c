// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adopt.h"
#include "cgroup.h"
#include "container.h"
#include "convert.h"
#include "error.h"
#include "global.h"
#include "image.h"
#include "journal.h"
#include "lock.h"
#include "mount.h"
#include "names.h"
#include "network.h"
#include "private.h"
#include "repair.h"
#include "restore.h"
#include "settle.h"
#include "snapshot.h"
#include "state.h"
#include "still.h"
#include "store.h"
#include "template.h"
#include "tree.h"
#include "util.h"
#include "value.h"

#define CONF_DIR	SYSCONFDIR "/conf"

struct repair {
	bool mend;
	void (*report)(enum repair_verdict verdict, const char *text, void *arg);
	void *arg;
};

static void tell(const struct repair *r, enum repair_verdict v, const char *fmt, ...)
	__printf(3, 4);

static void tell(const struct repair *r, enum repair_verdict v, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->report(v, text, r->arg);
}

/* What can be wrong with a container. Each is looked for, and mended, alone. */
struct fault {
	/* is it there? */
	bool (*find)(const struct container *ct, const struct kernel_container *kc);
	/* 0 or an exit status with the error noted */
	int (*mend)(struct container *ct);
	const char *what;	/* after "container N: " */
	const char *done;
	/* instead of both functions: a file, freed by the caller, that should not be there */
	char *(*file)(const struct container *ct);
};

static char *temporary_of(const struct container *ct)
{
	return xasprintf("%s.tmp", ct->conf_path);
}

static bool find_creating(const struct container *ct, const struct kernel_container *kc)
{
	return !kernel_runs(kc) && private_left(ct) == PRIVATE_CREATING;
}

static bool find_destroyed(const struct container *ct, const struct kernel_container *kc)
{
	return !kernel_runs(kc) && private_left(ct) == PRIVATE_DESTROYED;
}

static char *before_of(const struct container *ct)
{
	return xasprintf("%s/" PRIVATE_BEFORE, ct->private);
}

static void see(pid_t pid, void *arg)
{
	(void)pid;
	*(bool *)arg = true;
}

/*
 * A program that runscript ran in a container that is down, and left when it was killed,
 * is process 1 of a namespace as an init is. Visitors alone are no life.
 */
static bool populated(const struct container *ct)
{
	bool some = false;

	cgroup_each_process(ct->id, false, see, &some);
	return some;
}

/*
 * Processes, and no init the registry knows: it was lost with the module, or one
 * that is no command of ours works there. Not DEAD: then the kernel is killing the
 * rest, and a sweep waits for that.
 */
static bool find_lost(const struct container *ct, const struct kernel_container *kc)
{
	return (!kc->id || kc->state == CLOISON_STATE_CREATED) && populated(ct);
}

static int mend_lost(struct container *ct)
{
	pid_t init;
	int ret;

	if (!kernel_loaded())
		return fail(EXIT_KERNEL, "the module is not loaded: modprobe cloison, then again");
	ret = adopt(ct, &init);
	if (ret)
		return fail_wrap(ret, "left alone (cloisonctl stop %u kills what runs there)",
				 ct->id);
	return 0;
}

static bool find_dead(const struct container *ct, const struct kernel_container *kc)
{
	(void)ct;
	return kc->id && kc->state == CLOISON_STATE_DEAD;
}

static bool find_remains(const struct container *ct, const struct kernel_container *kc)
{
	if (kc->id)
		return kc->state == CLOISON_STATE_CREATED && !populated(ct);
	return cgroup_exists(ct->id) && !populated(ct);
}

static int mend_remains(struct container *ct)
{
	return container_sweep(ct);
}

static bool find_mounting(const struct container *ct, const struct kernel_container *kc)
{
	return !kc->id && !cgroup_exists(ct->id) && mount_unfinished(ct);
}

/* A mount of what is no container; and one of a container is what `mount` made. */
static bool find_stray_mount(const struct container *ct, const struct kernel_container *kc)
{
	return !ct->conf && !kc->id && !cgroup_exists(ct->id) && container_mounted(ct);
}

static bool find_mount_point(const struct container *ct, const struct kernel_container *kc)
{
	return !ct->conf && !kc->id && !container_mounted(ct) && access(ct->root, F_OK) == 0;
}

static bool find_still(const struct container *ct, const struct kernel_container *kc)
{
	(void)kc;
	return still_unsettled(ct);
}

static int mend_still(struct container *ct)
{
	return still_settle(ct);
}

static bool find_switched(const struct container *ct, const struct kernel_container *kc)
{
	(void)kc;
	return snapshot_switched(ct);
}

static bool find_snapshots(const struct container *ct, const struct kernel_container *kc)
{
	(void)kc;
	return snapshots_unfinished(ct);
}

static int mend_snapshots(struct container *ct)
{
	return snapshots_clear(ct);
}

static bool find_unsettled(const struct container *ct, const struct kernel_container *kc)
{
	(void)kc;
	return state_unsettled(ct);
}

static int mend_unsettled(struct container *ct)
{
	return state_settle(ct);
}

static int mend_mount_point(struct container *ct)
{
	if (rmdir(ct->root) && errno != ENOENT)
		return fail_errno(EXIT_SYSTEM, "Cannot remove %s", ct->root);
	return 0;
}

static bool find_network(const struct container *ct, const struct kernel_container *kc)
{
	/* of what has ended the rest is cleared away as a whole */
	return (kernel_runs(kc) || (!kc->id && !cgroup_exists(ct->id))) &&
	       !network_whole(ct->id, kernel_runs(kc));
}

static int mend_network(struct container *ct)
{
	struct kernel_container kc;
	int ret = kernel_look(ct->id, &kc);

	return ret ? ret : network_mend(ct->id, kernel_runs(&kc) ? kc.init : 0);
}

static bool find_converting(const struct container *ct, const struct kernel_container *kc)
{
	(void)kc;
	return convert_unfinished(ct);
}

static int mend_converting(struct container *ct)
{
	return convert_abandon(ct);
}

static bool find_smaller(const struct container *ct, const struct kernel_container *kc)
{
	(void)kc;
	return image_unfinished(ct);
}

static int mend_smaller(struct container *ct)
{
	return image_clear(ct);
}

static bool find_restored(const struct container *ct, const struct kernel_container *kc)
{
	(void)kc;
	return restore_unfinished(ct);
}

/* Whose it is comes first: all else is about what is ours. */
static bool find_moving(const struct container *ct, const struct kernel_container *kc)
{
	(void)kc;
	return settle_needed(ct->id);
}

static const struct fault faults[] = {
	{ find_moving, settle_one, "a migration that was cut off", "settled it" },
	{ NULL, NULL, "a temporary configuration file of a command that was cut off",
	  "removed it", temporary_of },
	{ find_still, mend_still, "stands still for a snapshot, clone or backup that was cut off",
	  "let it go on" },
	{ find_unsettled, mend_unsettled, "a suspend or resume that was cut off",
	  "it is suspended, or runs on" },
	{ find_lost, mend_lost,
	  "it runs, but the kernel's registry does not know it", "registered it again" },
	{ find_dead, mend_remains,
	  "it ended by itself, and what it left is still there", "cleared that away" },
	{ find_remains, mend_remains,
	  "cgroup, registration or mount of a start, stop or runscript that was cut off",
	  "cleared them away" },
	{ find_mounting, mend_remains, "a mount or umount, with its scripts, that was cut off",
	  "unmounted it" },
	{ find_network, mend_network, "routes to it, or what is announced of it, are not right",
	  "set that right" },
	{ find_stray_mount, mend_remains, "a mount of no container", "unmounted it" },
	{ find_creating, private_settle, "a create that was cut off", "undid it" },
	{ find_switched, snapshot_settle, "a snapshot-switch that was cut off", "finished it" },
	{ find_snapshots, mend_snapshots, "a snapshot that is half made or half removed",
	  "removed it" },
	{ find_restored, restore_settle, "a restore that was cut off after its files were in place",
	  "finished it" },
	{ find_converting, mend_converting, "a convert, restore or switch that was cut off",
	  "removed what is not its" },
	{ find_smaller, mend_smaller, "an image that was to become smaller",
	  "removed the half of it" },
	{ find_destroyed, private_settle, "a destroy that was cut off", "finished it" },
	{ NULL, NULL, "a rest of its creation", "removed it", before_of },
	{ find_mount_point, mend_mount_point, "a mount point of no container", "removed it" },
};

static bool fault_there(const struct fault *fault, const struct container *ct,
			const struct kernel_container *kc)
{
	cleanup_free char *path = fault->file ? fault->file(ct) : NULL;

	return path ? access(path, F_OK) == 0 : fault->find(ct, kc);
}

static int fault_mend(const struct fault *fault, struct container *ct)
{
	cleanup_free char *path = fault->file ? fault->file(ct) : NULL;

	if (!path)
		return fault->mend(ct);
	if (unlink(path) && errno != ENOENT)
		return fail_errno(EXIT_SYSTEM, "Cannot remove %s", path);
	return 0;
}

static bool any_fault(const struct container *ct, const struct kernel_container *kc)
{
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		if (fault_there(&faults[i], ct, kc))
			return true;
	return false;
}

static int mend_one(const struct repair *r, struct container *ct, const struct fault *fault)
{
	if (!r->mend) {
		tell(r, REPAIR_FOUND, "container %u: %s", ct->id, fault->what);
		return 0;
	}
	if (fault_mend(fault, ct)) {
		tell(r, REPAIR_FAILED, "container %u: %s: %s", ct->id, fault->what, error_text());
		error_clear();
		return -1;
	}
	error_clear();
	tell(r, REPAIR_MENDED, "container %u: %s: %s", ct->id, fault->what, fault->done);
	return 0;
}

/* The lock is taken only where there is something to do: commands do not wait for it. */
static int look_at(const struct repair *r, uint32_t id)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	cleanup_free char *lock_name = xasprintf("%u", id);
	struct kernel_container kc;
	int ret = kernel_look(id, &kc);

	if (ret)
		return ret;
	if (container_open_id(&ct, id, NEED_GOOD_OR_NONE)) {
		tell(r, REPAIR_FAILED, "container %u: %s", id, error_text());
		error_clear();
		return 0;
	}
	if (!any_fault(&ct, &kc))
		return 0;
	ret = r->mend ? container_lock_as_is(&ct) : lock_held(lock_name) ? EXIT_LOCKED : 0;
	error_clear();
	if (ret == EXIT_LOCKED) {
		tell(r, REPAIR_BUSY, "container %u: another command works on it", id);
		return 0;
	}
	for (size_t i = 0; !ret && i < ARRAY_SIZE(faults); i++) {
		/* what was mended before may have changed it */
		ret = kernel_look(id, &kc);
		if (!ret && fault_there(&faults[i], &ct, &kc) && mend_one(r, &ct, &faults[i]))
			break;
	}
	return ret;
}

static void add(uint32_t **ids, size_t *count, uint32_t id)
{
	*ids = xrealloc(*ids, (*count + 1) * sizeof(**ids));
	(*ids)[(*count)++] = id;
}

/* Names in directory @path that are a container's id and one of the @suffixes. */
static void add_named(uint32_t **ids, size_t *count, const char *path,
		      const char *const suffixes[])
{
	cleanup_dir DIR *dir = opendir(path);
	struct dirent *de;

	while (dir && (de = readdir(dir))) {
		size_t len = strspn(de->d_name, "0123456789");
		cleanup_free char *number = xstrndup(de->d_name, len);
		uint32_t id;

		if (!parse_ctid(number, &id))
			continue;
		for (size_t i = 0; suffixes[i]; i++)
			if (strcmp(de->d_name + len, suffixes[i]) == 0)
				add(ids, count, id);
	}
}

/* The same where the default place of something has the id for its last component. */
static void add_placed(uint32_t **ids, size_t *count, const char *pattern,
		       const char *const suffixes[])
{
	cleanup_free char *dir = xstrdup(pattern);
	char *last;

	trim_slashes(dir);
	last = strrchr(dir, '/');
	if (!last)
		return;
	*last++ = '\0';
	if (!strchr(dir, '$') && (strcmp(last, "$VEID") == 0 || strcmp(last, "${VEID}") == 0))
		add_named(ids, count, dir, suffixes);
}

/* Every id there is a trace of, ascending, some of them twice. */
static int collect(uint32_t **ids, size_t *count)
{
	static const char *const unsaved[] = { ".conf.tmp", NULL };
	static const char *const private[] = { ".converting", ".creating", ".destroyed", NULL };
	static const char *const root[] = { "", NULL };
	cleanup_free struct container_entry *list = NULL;
	cleanup_free uint32_t *moving = NULL;
	size_t listed, moved;
	int ret = cgroup_list(ids, count);

	if (!ret)
		ret = container_list(true, &list, &listed);
	if (ret)
		return ret;
	for (size_t i = 0; i < listed; i++)
		add(ids, count, list[i].id);
	journal_list(&moving, &moved);
	for (size_t i = 0; i < moved; i++)
		add(ids, count, moving[i]);
	add_named(ids, count, CONF_DIR, unsaved);
	add_placed(ids, count, global.ve_private, private);
	add_placed(ids, count, global.ve_root, root);
	if (*count)
		qsort(*ids, *count, sizeof(**ids), container_compare_ids);
	return 0;
}

/* What is of no container's own. */
static void mend_other(const struct repair *r, const char *name, const char *what,
		       int (*mend)(const char *name))
{
	if (!r->mend) {
		tell(r, REPAIR_FOUND, "%s: %s", name, what);
	} else if (mend(name)) {
		tell(r, REPAIR_FAILED, "%s: %s: %s", name, what, error_text());
		error_clear();
	} else {
		tell(r, REPAIR_MENDED, "%s: %s: removed it", name, what);
	}
}

static void look_at_template(const char *name, void *arg)
{
	mend_other(arg, name, "a build or import of a template that was cut off", template_clear);
}

static void look_at_backup(const char *path, void *arg)
{
	mend_other(arg, path, "a backup, half made or half removed", store_clear);
}

static void look_at_tree(const char *name, void *arg)
{
	mend_other(arg, name, "an unpacked template, half made or half removed", tree_clear);
}

static void look_at_name(const char *name, void *arg)
{
	mend_other(arg, name, "a name that no container has", names_clear);
}

int repair(uint32_t id, bool mend,
	   void (*report)(enum repair_verdict verdict, const char *text, void *arg), void *arg)
{
	struct repair r = { mend, report, arg };
	cleanup_free uint32_t *ids = NULL;
	size_t count = 0;
	int ret;

	if (id)
		return look_at(&r, id);
	ret = collect(&ids, &count);
	for (size_t i = 0; !ret && i < count; i++)
		if (!i || ids[i] != ids[i - 1])
			ret = look_at(&r, ids[i]);
	if (ret)
		return ret;
	template_unfinished(look_at_template, &r);
	tree_unfinished(look_at_tree, &r);
	store_each_unfinished(look_at_backup, &r);
	names_stale(look_at_name, &r);
	return 0;
}
