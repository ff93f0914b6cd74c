// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "container.h"
#include "devnodes.h"
#include "error.h"
#include "global.h"
#include "journal.h"
#include "layout.h"
#include "limits.h"
#include "lock.h"
#include "log.h"
#include "mount.h"
#include "names.h"
#include "network.h"
#include "restore.h"
#include "snapshot.h"
#include "stage.h"
#include "state.h"
#include "still.h"
#include "util.h"
#include "value.h"

#define CONF_DIR	SYSCONFDIR "/conf"

/*
 * Ids for containers: above what distributions give to users, their subordinate
 * ids and systemd-nspawn, below 2^31, which some software takes for negative.
 */
#define IDS_FIRST	0x70000000U
#define IDS_LAST	0x7fff0000U
#define IDS_SLOTS	((IDS_LAST - IDS_FIRST) / IDS_PER_CONTAINER)

/* $VEID in the paths stands for the id, as vzctl had it. Without slashes at the end:
 * there are names made of them.
 */
static char *expand(const char *path, uint32_t id)
{
	static const char *const forms[] = { "${VEID}", "$VEID" };
	char *text = NULL;

	for (size_t i = 0; !text && i < ARRAY_SIZE(forms); i++) {
		const char *at = strstr(path, forms[i]);

		if (at)
			text = xasprintf("%.*s%u%s", (int)(at - path), path, id,
					 at + strlen(forms[i]));
	}
	if (!text)
		text = xstrdup(path);
	trim_slashes(text);
	return text;
}

static const char *value(const struct container *ct, const char *key, const char *fallback)
{
	const char *v = ct->conf ? conf_get(ct->conf, key) : NULL;

	return v && *v ? v : fallback;
}

void container_paths(struct container *ct)
{
	free(ct->root);
	free(ct->private);
	free(ct->fs);
	ct->root = expand(value(ct, "VE_ROOT", global.ve_root), ct->id);
	ct->private = expand(value(ct, "VE_PRIVATE", global.ve_private), ct->id);
	ct->layout = layout_of(ct->private);
	ct->fs = xasprintf("%s/%s", ct->private, ct->layout->files);
}

int container_load(struct container *ct, enum container_need need)
{
	int ret;

	conf_free(ct->conf);
	ct->conf = NULL;
	ret = conf_load(ct->conf_path, &ct->conf);
	if (ret == EXIT_NO_CONF && need != NEED_CONF)
		ret = 0;
	/* There is a file that nobody can read: who needs nothing of it goes on, as
	 * if it were empty; who needs it, or would write it, stops here.
	 */
	if (ret == EXIT_BAD_VALUE && need == NEED_NOTHING) {
		warn("%s", error_text());
		error_clear();
		ct->conf = conf_new();
		ret = 0;
	}
	if (ret == EXIT_NO_CONF)
		return fail(EXIT_NO_CONF, "Container config file does not exist: %s",
			    ct->conf_path);
	container_paths(ct);
	return ret;
}

int container_open_with(struct container *ct, uint32_t id, const char *suffix,
			enum container_need need)
{
	ct->id = id;
	ct->lock = -1;
	ct->need = need;
	ct->conf_path = xasprintf(CONF_DIR "/%u.conf%s", id, suffix);
	return container_load(ct, need);
}

int container_open_id(struct container *ct, uint32_t id, enum container_need need)
{
	return container_open_with(ct, id, "", need);
}

int container_open(struct container *ct, const char *arg, enum container_need need)
{
	uint32_t id;

	if (strcmp(arg, "0") == 0)
		return fail(EXIT_BAD_VALUE,
			    "Container 0 is the host itself; systemctl set-property limits its services");
	if (!parse_ctid(arg, &id) && !names_find(arg, &id))
		return fail(EXIT_BAD_VALUE, "Bad CT ID %s", arg);
	log_about(id);
	return container_open_id(ct, id, need);
}

void container_unlock(struct container *ct)
{
	if (ct->lock >= 0)
		close(ct->lock);
	ct->lock = -1;
}

void container_close(struct container *ct)
{
	conf_free(ct->conf);
	free(ct->conf_path);
	free(ct->root);
	free(ct->private);
	free(ct->fs);
	container_unlock(ct);
	*ct = (struct container)CONTAINER_INIT;
}

bool container_lock_skip;

int container_lock_as_is(struct container *ct)
{
	cleanup_free char *name = xasprintf("%u", ct->id);
	int ret = container_lock_skip ? 0 : lock_take(name, false, &ct->lock);

	if (ret == EXIT_LOCKED)
		return fail(ret, "Container already locked");
	/* What was read before the lock may have been changed by its last holder. */
	return ret ? ret : container_load(ct, ct->need);
}

int container_settle(struct container *ct)
{
	int ret;

	/* who holds the lock for us may be at work on it */
	if (container_lock_skip)
		return 0;
	ret = still_settle(ct);
	if (!ret)
		ret = restore_settle(ct);
	if (!ret)
		ret = state_settle(ct);
	return ret ? ret : snapshot_settle(ct);
}

/* Whose it is comes first: all else is about what is ours. */
static int settle(struct container *ct)
{
	int ret = journal_refuses(ct->id);

	return ret ? ret : container_settle(ct);
}

int container_lock(struct container *ct)
{
	int ret = container_lock_as_is(ct);

	return ret ? ret : settle(ct);
}

int container_lock_as_is_until(struct container *ct, int64_t end)
{
	int ret = container_lock_as_is(ct);

	while (ret == EXIT_LOCKED && now_ms() < end) {
		sleep_ms(50);
		ret = container_lock_as_is(ct);
	}
	if (!ret)
		error_clear();
	return ret;
}

int container_lock_until(struct container *ct, int64_t end)
{
	int ret = container_lock_as_is_until(ct, end);

	return ret ? ret : settle(ct);
}

bool container_exists(const struct container *ct)
{
	return ct->conf && access(ct->fs, F_OK) == 0;
}

bool container_mounted(const struct container *ct)
{
	struct statx stx;

	return statx(AT_FDCWD, ct->root, AT_NO_AUTOMOUNT, STATX_TYPE, &stx) == 0 &&
	       (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

const char *container_disk(const struct container *ct)
{
	return ct->layout == &layout_block ? ct->root : ct->private;
}

/* One range for both kinds of ids: LOCAL_GID may be left out, but not differ. */
bool container_base(const struct conf *conf, uint32_t *base)
{
	const char *v = conf_get(conf, "LOCAL_UID");
	const char *gid = conf_get(conf, "LOCAL_GID");
	uint64_t n;

	if (!v || !parse_number(v, IDS_PER_CONTAINER, UINT32_MAX - IDS_PER_CONTAINER, &n))
		return false;
	if (gid && strcmp(gid, v) != 0)
		return false;
	*base = n;
	return true;
}

int container_ids(const struct container *ct, uint32_t *base)
{
	const char *uid = conf_get(ct->conf, "LOCAL_UID"), *gid = conf_get(ct->conf, "LOCAL_GID");

	if (uid && gid && strcmp(uid, gid) != 0)
		return fail(EXIT_BAD_VALUE,
			    "%s: LOCAL_GID must be the same as LOCAL_UID: users and groups have one range",
			    ct->conf_path);
	if (container_base(ct->conf, base))
		return 0;
	return fail(EXIT_BAD_VALUE,
		    "%s: LOCAL_UID must be the first of the container's %u ids on the host, at least %u; and LOCAL_GID the same",
		    ct->conf_path, IDS_PER_CONTAINER, IDS_PER_CONTAINER);
}

int container_compare_ids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int container_ids_with(const char *suffix, uint32_t **ids, size_t *count)
{
	cleanup_free char *end = xasprintf(".conf%s", suffix);
	cleanup_dir DIR *dir = opendir(CONF_DIR);
	struct dirent *de;

	*ids = NULL;
	*count = 0;
	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return fail_errno(EXIT_SYSTEM, "Cannot read %s", CONF_DIR);
	while ((de = readdir(dir))) {
		char *dot = strchr(de->d_name, '.');
		uint32_t id;

		if (!dot || strcmp(dot, end) != 0)
			continue;
		*dot = '\0';
		if (!parse_ctid(de->d_name, &id))
			continue;
		*ids = xrealloc(*ids, (*count + 1) * sizeof(**ids));
		(*ids)[(*count)++] = id;
	}
	if (*count)
		qsort(*ids, *count, sizeof(**ids), container_compare_ids);
	return 0;
}

int container_ids_configured(uint32_t **ids, size_t *count)
{
	return container_ids_with("", ids, count);
}

int container_list(bool configured, struct container_entry **list, size_t *count)
{
	cleanup_free struct kernel_container *known = NULL;
	cleanup_free uint32_t *ids = NULL;
	size_t n = 0, m = 0, i = 0, k = 0;
	int ret = kernel_loaded() ? kernel_list(&known, &m) : 0;

	*list = NULL;
	*count = 0;
	if (!ret && configured)
		ret = container_ids_configured(&ids, &n);
	if (ret)
		return ret;
	*list = xcalloc(n + m + 1, sizeof(**list));
	while (i < n || k < m) {
		struct container_entry *e = &(*list)[(*count)++];
		bool filed = k == m || (i < n && ids[i] <= known[k].id);

		e->id = filed ? ids[i++] : known[k].id;
		if (k < m && known[k].id == e->id)
			e->kc = known[k++];
	}
	return 0;
}

int container_lock_ids(int *lock)
{
	return lock_take("ids", true, lock);
}

/* The ids of configured container @id; one nobody can read must not stop others. */
static bool ids_of(uint32_t id, uint32_t *base)
{
	cleanup_free char *path = xasprintf(CONF_DIR "/%u.conf", id);
	cleanup_conf struct conf *conf = NULL;
	int ret = conf_load(path, &conf);

	error_clear();
	return !ret && container_base(conf, base);
}

static int check_overlap(uint32_t base, uint32_t other, uint32_t id)
{
	if (base < other ? other - base >= IDS_PER_CONTAINER : base - other >= IDS_PER_CONTAINER)
		return 0;
	return fail(EXIT_BAD_VALUE,
		    "User ids from %u on belong to container %u: choose others, or none",
		    other, id);
}

int container_check_ids(uint32_t id, uint32_t base)
{
	cleanup_free uint32_t *ids = NULL;
	size_t count;
	int ret = container_ids_configured(&ids, &count);

	for (size_t i = 0; !ret && i < count; i++) {
		uint32_t other;

		if (ids[i] != id && ids_of(ids[i], &other))
			ret = check_overlap(base, other, ids[i]);
	}
	return ret;
}

bool container_mapped_ids(pid_t pid, uint32_t *base)
{
	cleanup_free char *path = xasprintf("/proc/%d/uid_map", (int)pid);
	cleanup_free char *map = read_file(path, 4096);
	uint32_t inside, count;

	return map && sscanf(map, "%" SCNu32 " %" SCNu32 " %" SCNu32, &inside, base, &count) == 3 &&
	       inside == 0 && count == IDS_PER_CONTAINER;
}

/* Between noting when a container started and having it in the list, the kernel takes much less. */
#define SEEN_NS	1000000000

int container_check_running_ids(uint32_t id, uint32_t base, uint64_t looked)
{
	cleanup_free struct kernel_container *known = NULL;
	size_t count = 0;
	int ret = kernel_list(&known, &count);

	for (size_t i = 0; !ret && i < count; i++) {
		uint32_t other;

		if (known[i].id != id && kernel_runs(&known[i]) &&
		    known[i].started + SEEN_NS > looked &&
		    container_mapped_ids(known[i].init, &other))
			ret = check_overlap(base, other, known[i].id);
	}
	return ret;
}

int container_choose_ids(uint32_t id, uint32_t *base)
{
	cleanup_free uint32_t *ids = NULL;
	bool taken[IDS_SLOTS] = {};
	size_t count, i, slot;
	int ret = container_ids_configured(&ids, &count);

	if (ret)
		return ret;
	for (i = 0; i < count; i++) {
		uint32_t first;

		if (!ids_of(ids[i], &first) || first >= IDS_LAST ||
		    first + IDS_PER_CONTAINER <= IDS_FIRST)
			continue;
		/* a range somebody chose by hand may lie across two of ours */
		first = first < IDS_FIRST ? 0 : first - IDS_FIRST;
		taken[first / IDS_PER_CONTAINER] = true;
		if (first % IDS_PER_CONTAINER && first / IDS_PER_CONTAINER + 1 < IDS_SLOTS)
			taken[first / IDS_PER_CONTAINER + 1] = true;
	}
	/* begin at the container's own number: easier on the eye in ps */
	for (i = 0; i < IDS_SLOTS; i++) {
		slot = (id + i) % IDS_SLOTS;
		if (!taken[slot]) {
			*base = IDS_FIRST + slot * IDS_PER_CONTAINER;
			return 0;
		}
	}
	return fail(EXIT_CREATE, "All %u ranges of user ids are taken: destroy a container first",
		    IDS_SLOTS);
}

int container_running(const struct container *ct, struct kernel_container *kc)
{
	int ret = kernel_get(ct->id, kc);

	if (ret)
		return ret;
	if (!kernel_runs(kc))
		return fail(EXIT_NOT_RUNNING, "Container is not running");
	return 0;
}

/*
 * The cgroup goes last, as it came first: where there is none, no command that was
 * cut off has left anything.
 */
static int sweep(const struct container *ct, bool unmount)
{
	bool counted = cgroup_exists(ct->id);
	int ret = cgroup_kill(ct->id);

	/* while the addresses are still its own */
	if (!ret)
		ret = network_disconnect(ct->id);
	if (!ret && kernel_loaded())
		ret = kernel_del(ct->id);
	if (!ret && unmount)
		ret = umount_container(ct);
	if (!ret)
		devnodes_sweep(ct->id);
	if (!ret)
		ret = cgroup_remove(ct->id);
	/* the next one that starts or stops sets it right */
	if (!ret && counted && limits_share()) {
		warn("%s", error_text());
		error_clear();
	}
	return ret ? ret : stage_set(ct->id, STAGE_NONE);
}

int container_sweep(const struct container *ct)
{
	return sweep(ct, true);
}

int container_reap(const struct container *ct)
{
	return sweep(ct, false);
}
