// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/action.h"
#include "../lib/confine.h"
#include "../lib/error.h"
#include "../lib/global.h"
#include "../lib/names.h"
#include "../lib/private.h"
#include "../lib/room.h"
#include "../lib/shut_in.h"
#include "../lib/template.h"
#include "../lib/util.h"
#include "../storage/convert.h"
#include "../storage/fill.h"
#include "../storage/layout.h"
#include "../storage/project.h"
#include "restore.h"
#include "settings.h"

#define DONE_MAX	(16 << 20)

struct restoring {
	struct backup *chain;
	size_t count;
	bool replace;
	bool fresh;
	bool trusted;
	const json_t *scripts;
	/*
	 * One that has nothing of its own: over a template's files all of them would be the
	 * container's. What it has in common with them is found by convert.
	 */
	const struct layout *layout;
	bool unlimited;		/* by what it may have of its own: those files count too */
};

int backup_verify(struct backup *chain, size_t count)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < count; i++) {
		detail("Verifying %s", chain[i].path);
		ret = backup_read(&chain[i], -1);
	}
	return ret;
}

static int start_tar(int from, int mnt, uint32_t base, pid_t *pid)
{
	static const char *const argv[] = {
		"tar", "--extract", "--file=-", "--zstd", "--numeric-owner",
		"--preserve-permissions", "--same-owner", "--acls", "--xattrs",
		"--xattrs-include=user.*", "--xattrs-include=security.capability",
		"--anchored", "--exclude=./dev/*", "--warning=no-timestamp", NULL
	};

	return shut_in_start(&(struct shut_in){
		.argv = argv, .dir = mnt, .base = base, .stdio = { from, -1 },
		.keep = -1, .status = EXIT_RESTORE,
	}, pid);
}

/*
 * By a process apart: what is in the pipe may unpack to gigabytes while we wait for more to come.
 * It has neither the pipe nor a lock.
 */
static pid_t start_watch(const struct room *room, pid_t tar)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(confine_descriptors(&room->fd, 1) || !room_watch(room, tar, "", -1));
	return pid;
}

/* When tar has ended; false if it took too much. */
static bool end_watch(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status == 0;
}

static int unpack(const struct container *new, struct backup *b, uint32_t base,
		  const struct room *room)
{
	cleanup_close int mnt = new->layout->mount(new);
	int ends[2], ret, status;
	pid_t pid, watch = 0;
	bool left;

	if (mnt < 0)
		return EXIT_MOUNT;
	if (pipe2(ends, O_CLOEXEC))
		return fail_errno(EXIT_RESTORE, "Cannot make a pipe");
	ret = start_tar(ends[0], mnt, base, &pid);
	close(ends[0]);
	if (ret) {
		close(ends[1]);
		return ret;
	}
	if (room->fd >= 0)
		watch = start_watch(room, pid);
	ret = watch < 0 ? fail_errno(EXIT_RESTORE, "Cannot fork") : backup_read(b, ends[1]);
	/* not an end that it could take for the archive's */
	if (ret)
		kill(pid, SIGKILL);
	close(ends[1]);
	left = watch <= 0 || end_watch(watch);
	status = shut_in_wait(pid);
	if (!left)
		return room_fail("unpack the backup");
	return ret || !status ? ret :
	       fail(EXIT_RESTORE, "%s cannot be unpacked; tar's messages are above",
		    b->path ?: "What comes");
}

static bool is_full(int mnt)
{
	cleanup_close int root = openat(mnt, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statvfs st;

	return root >= 0 && fstatvfs(root, &st) == 0 &&
	       (st.f_bavail * st.f_frsize < 65536 || !st.f_favail);
}

static int mount_files(void *arg)
{
	const struct container *new = arg;

	return new->layout->mount(new);
}

/* What has gone since the parent, or became something else. */
static int remove_others(const struct container *new, const struct backup *b, uint32_t base,
			 bool trusted)
{
	const struct place_of_files place = {
		.mount = mount_files, .arg = (void *)new, .base = base, .status = EXIT_RESTORE,
		.most = trusted ? INDEX_MAX_OWN : INDEX_MAX,
	};
	cleanup_text struct text packed = {}, index = {};
	int ret = backup_read_index(b, &packed);

	if (!ret)
		ret = index_unpack(&place, &packed, &index);
	return ret ? ret : index_remove_others(&place, &index);
}

/* A stranger's, where nothing else says how much it may take. */
static bool needs_room(const struct container *new, const struct restoring *r)
{
	struct disk_limits limits;

	if (r->trusted || r->layout->own_fs)
		return false;
	return disk_limits_read(new->conf, &limits) ||
	       !project_holds(new->fs, new->id, &limits);
}

/* One after the other: each makes of what its parent was what it is. */
static int unpack_all(const struct container *new, int mnt, void *arg)
{
	cleanup_room struct room room = ROOM_INIT;
	struct restoring *r = arg;
	uint32_t base;
	int ret = container_ids(new, &base);

	/* what it had counts too, until that is gone; the next mount sets what it is to have */
	if (!ret && r->unlimited && new->layout->unlimit)
		new->layout->unlimit(new, new->private);
	else if (!ret && r->replace)
		ret = project_limit_beside(new->fs, new->id, new->conf);
	/* the files' own directory may seem as small as the limit of its project */
	if (!ret && needs_room(new, r))
		ret = room_take(&room, new->private);
	for (size_t i = 0; !ret && i < r->count; i++) {
		if (i)
			ret = remove_others(new, &r->chain[i], base, r->trusted);
		if (!ret)
			ret = unpack(new, &r->chain[i], base, &room);
		if (ret && is_full(mnt))
			ret = fail(EXIT_NO_SPACE,
				   "There is not space enough for the files: on the disk, or by DISKSPACE or DISKINODES");
	}
	return ret;
}

static char *done_of(const char *private)
{
	return xasprintf("%s/restored", private);
}

bool restore_unfinished(const struct container *ct)
{
	cleanup_free char *done = done_of(ct->private);

	return access(done, F_OK) == 0;
}

/* The name may have gone to another since it was looked at. */
static int save_conf(const struct container *ct, struct conf *conf)
{
	const char *name = conf_get(conf, "NAME");
	const char *old = ct->conf ? conf_get(ct->conf, "NAME") : NULL;
	cleanup_free char *left = old ? xstrdup(old) : NULL;
	cleanup_close int lock = -1;
	int ret = name && *name ? names_claim(name, ct->id, &lock) : 0;

	if (ret == EXIT_NAME) {
		warn("%s", error_text());
		error_clear();
		conf_set(conf, "NAME", NULL);
		name = NULL;
		ret = 0;
	}
	if (!ret)
		ret = conf_save(conf, ct->conf_path);
	cleanup_close_fn(&lock);
	lock = -1;
	if (!ret && left && *left && (!name || strcmp(left, name) != 0))
		names_release(left, ct->id);
	return ret;
}

int restore_settle(struct container *ct)
{
	cleanup_free char *done = done_of(ct->private), *text = NULL;
	cleanup_json json_t *todo = NULL;
	struct conf *conf;
	int ret;

	if (access(done, F_OK))
		return 0;
	text = read_file(done, DONE_MAX);
	todo = text ? json_loads(text, 0, NULL) : NULL;
	if (!todo)
		return fail(EXIT_RESTORE, "%s cannot be read", done);
	conf = conf_new();
	ret = conf_parse(conf, json_string_value(json_object_get(todo, "conf")) ?: "", done);
	if (!ret)
		ret = save_conf(ct, conf);
	if (!ret)
		ret = action_write(ct, json_object_get(todo, "scripts"));
	/* or it would be written over a newer one after a power cut */
	if (!ret && (unlink(done) || sync_file(ct->private)))
		ret = fail_errno(EXIT_RESTORE, "Cannot remove %s", done);
	if (ret) {
		conf_free(conf);
		return ret;
	}
	conf_free(ct->conf);
	ct->conf = conf;
	container_paths(ct);
	/* what it was before */
	return convert_clear(ct);
}

static int write_done(const char *staging, const struct conf *conf, const json_t *scripts)
{
	cleanup_free char *done = done_of(staging), *lines = conf_text(conf), *text = NULL;
	cleanup_json json_t *todo = json_pack("{s:s, s:O}", "conf", lines, "scripts", scripts);

	text = json_dumps(todo, JSON_COMPACT);
	return !text || write_file_atomic(done, text, 0600) ?
	       fail_errno(EXIT_RESTORE, "Cannot write %s", done) : 0;
}

/* What ct->conf says is what it is to have. */
static int fill(struct container *ct, const char *staging, void *arg)
{
	const struct restoring *r = arg;
	int ret = r->fresh ? private_make_fresh(staging, EXIT_RESTORE) : 0;

	if (!ret)
		ret = fill_layout(ct, r->layout, staging, NULL, unpack_all, arg);
	return ret ? ret : write_done(staging, ct->conf, r->scripts);
}

static int replace(struct container *ct, struct conf *conf, struct restoring *r)
{
	cleanup_free char *staging = convert_staging(ct);
	struct container new = *ct;
	int ret = convert_clear(ct);

	new.conf = conf;
	if (!ret && mkdir(staging, 0700))
		ret = fail_errno(disk_status(EXIT_RESTORE), "Cannot make %s", staging);
	if (!ret)
		ret = fill(&new, staging, r);
	if (!ret)
		ret = convert_change_places(ct, staging);
	return ret ? convert_undo(ct, ret) : restore_settle(ct);
}

static int make_new(struct container *ct, struct conf *conf, struct restoring *r)
{
	int ret;

	conf_free(ct->conf);
	ct->conf = conf;
	ret = private_create_by(ct, fill, r);
	return ret ? ret : restore_settle(ct);
}

/* It is restored, whatever comes of this. */
static void share_again(struct container *ct, const char *name)
{
	cleanup_free char *archive = NULL;

	if (!template_find(conf_get(ct->conf, "OSTEMPLATE") ?: "", &archive) && !convert(ct, name))
		return;
	warn("%s: it stays a directory (cloisonctl convert %u --layout overlay)", error_text(),
	     ct->id);
	error_clear();
}

/* How much a container may store depends on that: a stranger does not choose it. */
static char *choose_layout(const struct container *ct, const struct backup *b,
			   const struct restore_wish *wish)
{
	const char *own = ct->conf ? conf_get(ct->conf, "VE_LAYOUT") : NULL;

	if (wish->layout || wish->trusted)
		return xstrdup(wish->layout ?: backup_text(b, "layout"));
	if (container_exists(ct))
		return layout_label(ct->private);
	return xstrdup(own && *own ? own : global.ve_layout);
}

int backup_restore(struct container *ct, struct backup *chain, size_t count,
		   const struct restore_wish *wish)
{
	const struct backup *newest = &chain[count - 1];
	cleanup_free char *name = choose_layout(ct, newest, wish);
	cleanup_free char *plain = layout_plain(name);
	const struct layout *layout = layout_named(name);
	cleanup_json json_t *none = json_object();
	struct restoring r = {
		.chain = chain, .count = count, .replace = container_exists(ct),
		.fresh = json_is_true(json_object_get(newest->head, "fresh")),
		.trusted = wish->trusted,
		.layout = layout == &layout_overlay ? &layout_dir : layout,
		.unlimited = layout == &layout_overlay && wish->trusted,
		.scripts = wish->trusted ? json_object_get(newest->head, "scripts") : none,
	};
	struct conf *conf = NULL;
	int ret;

	if (!layout)
		return fail(EXIT_RESTORE, "There is no layout %s here: see --layout", name);
	if (layout == &layout_block)
		return fail(EXIT_RESTORE, "A backup is not restored onto a device: --layout image, "
			    "and then cloisonctl convert --layout block --device");
	ret = settings_of(newest, ct, wish->trusted, &conf);
	if (ret)
		return ret;
	conf_set(conf, "VE_DEVICE", NULL);
	conf_set(conf, "VE_LAYOUT", r.layout == layout ? plain : r.layout->name);
	if (r.replace) {
		ret = replace(ct, conf, &r);
		conf_free(conf);
	} else {
		ret = make_new(ct, conf, &r);
	}
	if (!ret && layout == &layout_overlay)
		share_again(ct, name);
	return ret;
}
