// SPDX-License-Identifier: GPL-2.0-only
/* Making and removing them; see snapshot.h. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "checkpoint.h"
#include "copy.h"
#include "error.h"
#include "json.h"
#include "layout.h"
#include "private.h"
#include "snapshot.h"
#include "state.h"
#include "still.h"
#include "suspended.h"
#include "util.h"

struct making {
	const struct container *ct;
	const struct snapshot_request *r;
	const char *dir;		/* half made */
	uint32_t base;
};

/* For a name of one that is no snapshot yet, or any more. */
static char *unfinished(const char *dir, const char *uuid)
{
	return xasprintf("%s/.%s", dir, uuid);
}

static bool is_unfinished(const char *name)
{
	return name[0] == '.' && name[1] == '{';
}

bool snapshots_unfinished(const struct container *ct)
{
	cleanup_free char *path = snapshots_dir(ct);
	cleanup_dir DIR *dir = opendir(path);
	struct dirent *de;

	while (dir && (de = readdir(dir)))
		if (is_unfinished(de->d_name))
			return true;
	return false;
}

int snapshots_clear(const struct container *ct)
{
	cleanup_free char *path = snapshots_dir(ct);
	cleanup_dir DIR *dir = opendir(path);
	struct dirent *de;
	int ret = 0;

	while (!ret && dir && (de = readdir(dir))) {
		cleanup_free char *one = xasprintf("%s/%s", path, de->d_name);

		if (is_unfinished(de->d_name))
			ret = remove_tree(one, ct->lock, EXIT_SNAPSHOT_DELETE);
	}
	/* the last one takes it along */
	rmdir(path);
	return ret;
}

int snapshots_destroy(const struct container *ct)
{
	cleanup_free char *path = snapshots_dir(ct);
	int ret;

	if (access(path, F_OK))
		return 0;
	ret = remove_tree(path, ct->lock, EXIT_DESTROY);
	if (!ret && sync_parent(path))
		ret = fail_errno(EXIT_DESTROY, "Cannot write %s to disk", path);
	return ret;
}

static json_t *ancestors(const struct snapshots *all)
{
	json_t *list = json_array();
	const struct snapshot *s = all->current ? snapshots_find(all, all->current) : NULL;
	const char *parent;

	while (s) {
		json_array_append_new(list, json_string(s->uuid));
		parent = snapshots_parent(all, s);
		s = parent ? snapshots_find(all, parent) : NULL;
	}
	return list;
}

static int write_info(const struct making *m, const struct snapshots *all)
{
	cleanup_free char *path = xasprintf("%s/info", m->dir), *text = NULL;
	struct timespec now;
	json_t *info;

	clock_gettime(CLOCK_REALTIME, &now);
	info = json_pack("{s:o, s:o, s:I, s:I, s:o}", "name", json_text(m->r->name ?: ""),
			 "description", json_text(m->r->description ?: ""),
			 "date", (json_int_t)now.tv_sec * 1000 + now.tv_nsec / 1000000,
			 "ids", (json_int_t)m->base, "ancestors", ancestors(all));
	text = json_dumps(info, JSON_INDENT(2));
	json_decref(info);
	return !text || write_file_atomic(path, text, 0600) ?
	       fail_errno(EXIT_SNAPSHOT, "Cannot write %s", path) : 0;
}

/* What is small. */
static int write_rest(const struct making *m, const struct snapshots *all)
{
	cleanup_free char *conf = xasprintf("%s/conf", m->dir);
	int ret = write_info(m, all);

	if (!ret && !m->r->skip_config)
		ret = conf_save(m->ct->conf, conf);
	return ret ? ret : private_copy_fresh(m->ct->private, m->dir, EXIT_SNAPSHOT);
}

static int copy_files(const struct making *m, bool programs)
{
	return still_copy(m->ct, programs, &(struct copy){
		.from = m->ct->private, .to = m->dir, .from_base = m->base, .to_base = m->base,
		.ct = m->ct, .status = EXIT_SNAPSHOT,
	});
}

/* CRIU has stopped its programs. */
static int copy_stopped(void *arg)
{
	return copy_files(arg, false);
}

/* Of one that is suspended the state is a part, as memory is of one that runs. */
static int copy_suspended(const struct making *m, const char *state)
{
	cleanup_free char *token = NULL;
	cleanup_free char *path = NULL;

	if (m->r->skip_suspend || !suspended_find(m->ct, &token, &path))
		return 0;
	if (access(path, F_OK))
		return fail(EXIT_SNAPSHOT, "Container is suspended, but its state, %s, is not "
			    "there; --skip-suspend does without", path);
	return copy_file(path, state, m->ct->lock, EXIT_SNAPSHOT);
}

static int fill(struct making *m, const struct snapshots *all)
{
	cleanup_free char *state = xasprintf("%s/state", m->dir);
	struct kernel_container kc;
	int ret = kernel_look(m->ct->id, &kc);

	if (!ret && mkdir(m->dir, 0700))
		ret = fail_errno(EXIT_SNAPSHOT, "Cannot make %s", m->dir);
	if (!ret)
		ret = write_rest(m, all);
	if (ret)
		return ret;
	if (kernel_runs(&kc) && !m->r->skip_suspend) {
		still_sync(m->ct);
		ret = state_copy(m->ct, state, copy_stopped, m);
		return ret == EXIT_PAUSE || ret == EXIT_KERNEL ?
		       fail_wrap(ret, "Its memory cannot be taken, --skip-suspend does without") :
		       ret;
	}
	ret = copy_files(m, true);
	return ret || kernel_runs(&kc) ? ret : copy_suspended(m, state);
}

/* From here on it is there. */
static int finish(const char *staging, const char *done)
{
	if (sync_file_system(staging))
		return fail_errno(EXIT_SNAPSHOT, "Cannot write %s to disk", staging);
	return rename_synced(staging, done) ?
	       fail_errno(EXIT_SNAPSHOT, "Cannot rename %s to %s", staging, done) : 0;
}

/* What is made next comes from this one. */
static void write_current(const struct container *ct, const char *uuid)
{
	cleanup_free char *path = xasprintf("%s/" SNAPSHOT_CURRENT, ct->private);
	cleanup_free char *before = read_file(path, 1 << 20);
	cleanup_free char *text = xasprintf("%s\n%s", uuid, before ? before : "");

	if (write_file_atomic(path, text, 0600))
		warn("Cannot write %s: the next snapshot will not know its parent", path);
}

static bool was_ancestor(const struct snapshot *s, const char *uuid)
{
	const json_t *list = json_object_get(s->info, "ancestors");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *one = json_string_value(json_array_get(list, i));

		if (one && strcmp(one, uuid) == 0)
			return true;
	}
	return false;
}

static bool printable(const char *text)
{
	for (; text && *text; text++)
		if ((unsigned char)*text < ' ' || *text == '\177')
			return false;
	return true;
}

static int check(const struct container *ct, const struct snapshots *all,
		 const struct snapshot_request *r)
{
	if (!printable(r->name) || !printable(r->description))
		return fail(EXIT_BAD_VALUE, "A name or description is one line of text");
	if (!container_exists(ct))
		return fail(EXIT_NO_PRIVATE, "There is no private area %s", ct->private);
	if (layout_check_copy(ct->layout, ct->id, EXIT_SNAPSHOT))
		return EXIT_SNAPSHOT;
	if (checkpoint_refuse_staged(ct, EXIT_PAUSE))
		return EXIT_PAUSE;
	if (snapshots_find(all, r->uuid))
		return fail(EXIT_SNAPSHOT, "There is a snapshot %s already", r->uuid);
	for (size_t i = 0; i < all->count; i++)
		if (was_ancestor(&all->list[i], r->uuid))
			return fail(EXIT_SNAPSHOT, "A snapshot that %s comes from was %s: choose "
				    "another UUID", all->list[i].uuid, r->uuid);
	return 0;
}

int snapshot_create(const struct container *ct, const struct snapshot_request *r)
{
	cleanup_free char *dir = snapshots_dir(ct);
	cleanup_free char *staging = unfinished(dir, r->uuid);
	cleanup_free char *done = xasprintf("%s/%s", dir, r->uuid);
	cleanup_snapshots struct snapshots all = {};
	struct making m = { .ct = ct, .r = r, .dir = staging };
	int ret = snapshots_clear(ct);

	if (!ret)
		ret = snapshots_read(ct, &all);
	if (!ret)
		ret = check(ct, &all, r);
	if (!ret)
		ret = container_ids(ct, &m.base);
	if (ret)
		return ret;
	if (mkdir(dir, 0700) && errno != EEXIST)
		return fail_errno(EXIT_SNAPSHOT, "Cannot make %s", dir);
	ret = fill(&m, &all);
	if (!ret)
		ret = finish(staging, done);
	if (ret) {
		cleanup_free char *why = xstrdup(error_text());

		snapshots_clear(ct);
		return fail(ret, "%s", why);
	}
	write_current(ct, r->uuid);
	return 0;
}

int snapshot_delete(const struct container *ct, const struct snapshot *s)
{
	cleanup_free char *dir = snapshots_dir(ct);
	cleanup_free char *doomed = unfinished(dir, s->uuid);
	cleanup_free char *where = snapshot_mounted(ct, s);
	int ret = snapshots_clear(ct);

	if (where)
		return fail(EXIT_SNAPSHOT_DELETE, "It is mounted on %s: cloisonctl "
			    "snapshot-umount %u --id %s", where, ct->id, s->uuid);
	if (ret)
		return ret;
	if (rename_synced(s->dir, doomed))
		return fail_errno(EXIT_SNAPSHOT_DELETE, "Cannot remove %s", s->dir);
	return snapshots_clear(ct);
}
