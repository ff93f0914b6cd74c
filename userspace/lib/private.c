// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "action.h"
#include "convert.h"
#include "error.h"
#include "layout.h"
#include "names.h"
#include "private.h"
#include "project.h"
#include "snapshot.h"
#include "template.h"
#include "util.h"

#define CONF_MAX	(1 << 20)

/* Each of so many is synced by itself. */
#define FEW		16

static char *staging_of(const struct container *ct)
{
	return xasprintf("%s.creating", ct->private);
}

static char *doomed_of(const struct container *ct)
{
	return xasprintf("%s.destroyed", ct->private);
}

static int sync_name(int status, const char *path)
{
	return sync_parent(path) ? fail_errno(status, "Cannot write %s to disk", path) : 0;
}

static int move(int status, const char *from, const char *to)
{
	return rename_synced(from, to) ?
	       fail_errno(status, "Cannot rename %s to %s", from, to) : 0;
}

static int fail_disk(const char *path)
{
	return fail_errno(disk_status(EXIT_CREATE), "Cannot make %s", path);
}

static bool is_full(const char *path)
{
	struct statvfs st;

	return statvfs(path, &st) == 0 && (st.f_bavail * st.f_frsize < 65536 || !st.f_favail);
}

bool private_is_fresh(const char *private)
{
	cleanup_free char *fresh = xasprintf("%s/" PRIVATE_FRESH, private);

	return access(fresh, F_OK) == 0;
}

int private_make_fresh(const char *private, int status)
{
	cleanup_free char *fresh = xasprintf("%s/" PRIVATE_FRESH, private);

	return mknod(fresh, S_IFREG | 0600, 0) ?
	       fail_errno(disk_status(status), "Cannot make %s", fresh) : 0;
}

int private_copy_fresh(const char *from, const char *to, int status)
{
	return private_is_fresh(from) ? private_make_fresh(to, status) : 0;
}

enum private_left private_left(const struct container *ct)
{
	cleanup_free char *staging = staging_of(ct);
	cleanup_free char *doomed = doomed_of(ct);

	if (access(staging, F_OK) == 0)
		return PRIVATE_CREATING;
	return access(doomed, F_OK) == 0 ? PRIVATE_DESTROYED : PRIVATE_NOTHING;
}

static int put_conf_aside(const struct container *ct)
{
	cleanup_free char *gone = xasprintf("%s.destroyed", ct->conf_path);
	int ret;

	if (access(ct->conf_path, F_OK))
		return 0;
	ret = action_put_aside(ct, "destroyed");
	return ret ? ret : move(EXIT_DESTROY, ct->conf_path, gone);
}

/*
 * Does the file describe this very private area? With options of create it may be
 * about another, and then it is not ours to touch.
 */
static bool file_is_its(const struct container *ct)
{
	cleanup_container struct container filed = CONTAINER_INIT;

	return container_open_id(&filed, ct->id, NEED_NOTHING) == 0 &&
	       strcmp(filed.private, ct->private) == 0;
}

/* The file first: as long as the staging area is there, this can be done again. */
static int undo_create(struct container *ct)
{
	const char *name = ct->conf ? conf_get(ct->conf, "NAME") : NULL;
	cleanup_free char *staging = staging_of(ct);
	uint32_t holder;
	cleanup_free char *before = xasprintf("%s/" PRIVATE_BEFORE, staging);
	cleanup_free char *text = NULL;

	/* the rename was the last step: if that was done, all was */
	if (access(ct->private, F_OK) == 0)
		return remove_tree(staging, ct->lock, EXIT_CREATE);
	if (access(staging, F_OK) == 0)
		layout_discard(staging);
	text = read_file(before, CONF_MAX);
	if (!text && errno != ENOENT)
		return fail_errno(EXIT_CREATE, "Cannot read %s", before);
	/* what did not come as far as that has not come to the file either */
	if (text && *text && conf_put(ct->conf_path, text))
		return EXIT_CONF_SAVE;
	if (text && !*text && file_is_its(ct) && unlink(ct->conf_path) && errno != ENOENT)
		return fail_errno(EXIT_CONF_SAVE, "Cannot remove %s", ct->conf_path);
	/* it may be on another disk, which has its own order */
	if (text && sync_name(EXIT_CONF_SAVE, ct->conf_path))
		return EXIT_CONF_SAVE;
	if (name && !names_find(name, &holder))
		names_release(name, ct->id);
	return remove_tree(staging, ct->lock, EXIT_CREATE);
}

/*
 * The files first: if this is cut off, what is left of them is found by the configuration
 * file, wherever that had them, and nobody gets their ids. Then that file, if it is this
 * container's, and last what says that there is something to finish.
 */
static int remove_doomed(const struct container *ct, bool its_file)
{
	cleanup_free char *doomed = doomed_of(ct);
	const struct layout *layout = layout_of(doomed);
	cleanup_free char *files = xasprintf("%s/%s", doomed, layout->files);
	int ret;

	if (access(files, F_OK) == 0)
		layout_discard(doomed);
	ret = remove_tree(files, ct->lock, EXIT_DESTROY);
	if (!ret && its_file)
		ret = snapshots_destroy(ct);
	/* the file may be on another disk, which has its own order */
	if (!ret && access(doomed, F_OK) == 0 && sync_file(doomed))
		ret = fail_errno(EXIT_DESTROY, "Cannot write %s to disk", doomed);
	/* those of one made anew are its own; what is an image now may have been a directory */
	if (!ret && its_file)
		project_unlimit(doomed, ct->id);
	if (!ret && its_file)
		ret = put_conf_aside(ct);
	if (!ret)
		ret = remove_tree(doomed, ct->lock, EXIT_DESTROY);
	return ret ? ret : sync_name(EXIT_DESTROY, doomed);
}

static int finish_destroy(struct container *ct)
{
	/* one made anew since then keeps its file */
	return remove_doomed(ct, access(ct->private, F_OK) && file_is_its(ct));
}

int private_settle(struct container *ct)
{
	int ret = 0;

	switch (private_left(ct)) {
	case PRIVATE_NOTHING:
		return 0;
	case PRIVATE_CREATING:
		ret = undo_create(ct);
		break;
	case PRIVATE_DESTROYED:
		ret = finish_destroy(ct);
		break;
	}
	return ret ? ret : container_load(ct, NEED_GOOD_OR_NONE);
}

/*
 * The staging area is what says that a create is under way: it is on disk before
 * the configuration file is written, with what that held before; nothing for none.
 */
static int begin(const struct container *ct, const char *staging)
{
	cleanup_free char *before = xasprintf("%s/" PRIVATE_BEFORE, staging);
	cleanup_free char *text = read_file(ct->conf_path, CONF_MAX);
	cleanup_free char *copy = xstrdup(staging);
	cleanup_free char *snapshots = snapshots_dir(ct);

	if (!text && errno != ENOENT)
		return fail_errno(EXIT_CREATE, "Cannot read %s", ct->conf_path);
	if (access(snapshots, F_OK) == 0)
		return fail(EXIT_PRIVATE_EXISTS, "%s has snapshots of another container: move it "
			    "away, or remove it", snapshots);
	if (mkdir_parents(dirname(copy), 0700) || mkdir(staging, 0700))
		return fail_disk(staging);
	if (write_file_atomic(before, text ? text : "", 0600))
		return fail_disk(before);
	return sync_name(EXIT_CREATE, staging);
}

/* Ids are chosen and written down under one lock: no two get the same. */
static int save_with_ids(struct container *ct)
{
	cleanup_free char *text = NULL;
	cleanup_close int lock = -1;
	const char *gid = conf_get(ct->conf, "LOCAL_GID");
	uint32_t base;
	bool given;
	int ret = container_lock_ids(&lock);

	/* users and groups have one range: either says which */
	if (gid && !conf_get(ct->conf, "LOCAL_UID"))
		conf_set(ct->conf, "LOCAL_UID", gid);
	given = conf_get(ct->conf, "LOCAL_UID");
	if (!ret && given)
		ret = container_ids(ct, &base);
	if (!ret)
		ret = given ? container_check_ids(ct->id, base) :
			      container_choose_ids(ct->id, &base);
	if (ret)
		return ret;
	text = xasprintf("%u", base);
	conf_set(ct->conf, "LOCAL_UID", text);
	conf_set(ct->conf, "LOCAL_GID", text);
	return conf_save(ct->conf, ct->conf_path);
}

/* The name leads to the file from the moment that has it. */
static int save(struct container *ct)
{
	const char *name = conf_get(ct->conf, "NAME");
	cleanup_close int lock = -1;
	int ret = 0;

	if (name && *name)
		ret = names_claim(name, ct->id, &lock);
	return ret ? ret : save_with_ids(ct);
}

/*
 * An image, or an overlay in which nothing has changed yet, is a few files. To sync those alone is
 * not to wait for what others have written to that file system, as slowly as their limits say.
 * False if there are more than *@left, or *@ret is set.
 */
static bool sync_few(int at, const char *name, unsigned int *left, int *ret)
{
	cleanup_close int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	cleanup_dir DIR *dir = NULL;
	struct dirent *de;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !(*left)--)
		return false;
	if (S_ISDIR(st.st_mode)) {
		dir = fdopendir(fcntl(fd, F_DUPFD_CLOEXEC, 0));
		if (!dir)
			return false;
	}
	while (dir && (de = readdir(dir))) {
		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0 ||
		    de->d_type == DT_LNK)
			continue;
		if ((de->d_type != DT_REG && de->d_type != DT_DIR) ||
		    !sync_few(fd, de->d_name, left, ret))
			return false;
	}
	*ret = fsync(fd);
	return !*ret;
}

static int sync_all(const char *staging)
{
	unsigned int few = FEW;
	int ret = 0;

	return sync_few(AT_FDCWD, staging, &few, &ret) || ret ? ret : sync_file_system(staging);
}

/* All of a staging area on disk, and only then a container. */
static int finish(struct container *ct, const char *staging)
{
	if (sync_all(staging))
		return fail_errno(EXIT_NO_SPACE, "Cannot write %s to disk", staging);
	return move(EXIT_CREATE, staging, ct->private);
}

static int fill(struct container *ct, const char *staging, void *arg)
{
	const char *archive = arg;
	const char *name = conf_get(ct->conf, "VE_LAYOUT");
	const struct layout *layout = name && *name ? layout_named(name) : &layout_dir;
	cleanup_free char *files = layout ? xasprintf("%s/%s", staging, layout->files) : NULL;
	int ret;

	if (!layout)
		return fail(EXIT_BAD_VALUE, "%s: there is no layout %s", ct->conf_path, name);
	ret = private_make_fresh(staging, EXIT_CREATE);
	if (ret)
		return ret;
	ret = layout->create(ct, staging, archive);
	if (ret && is_full(staging))
		ret = fail(EXIT_NO_SPACE, "There is no space left on the disk for %s", ct->private);
	else if (ret && is_full(files))
		ret = fail(EXIT_NO_SPACE, "DISKSPACE or DISKINODES is too small for this template");
	return ret;
}

int private_create(struct container *ct, const char *archive)
{
	return private_create_by(ct, fill, (void *)archive);
}

int private_create_by(struct container *ct,
		      int (*fill_in)(struct container *ct, const char *staging, void *arg),
		      void *arg)
{
	cleanup_free char *staging = staging_of(ct);
	cleanup_free char *before = xasprintf("%s/" PRIVATE_BEFORE, ct->private);
	cleanup_free char *why = NULL;
	int ret = begin(ct, staging);

	if (!ret)
		ret = save(ct);
	if (!ret)
		ret = fill_in(ct, staging, arg);
	if (!ret)
		ret = finish(ct, staging);
	if (!ret) {
		container_paths(ct);
		/* only now: until the rename it was what undoes all this */
		unlink(before);
		return 0;
	}
	why = xstrdup(error_text());
	if (access(staging, F_OK) == 0 && undo_create(ct))
		return fail_wrap(ret,
				 "%s; and this cannot be undone (cloisonctl check --repair %u tries again)",
				 why, ct->id);
	return fail(ret, "%s", why);
}

int private_begin(struct container *ct)
{
	cleanup_free char *staging = staging_of(ct);
	int ret = begin(ct, staging);

	return ret ? ret : save(ct);
}

char *private_staging(const struct container *ct)
{
	return staging_of(ct);
}

int private_finish(struct container *ct)
{
	cleanup_free char *staging = staging_of(ct);

	return finish(ct, staging);
}

int private_undo(struct container *ct)
{
	cleanup_free char *staging = staging_of(ct);
	cleanup_free char *before = xasprintf("%s/" PRIVATE_BEFORE, ct->private);
	int ret = 0;

	if (access(staging, F_OK) && access(ct->private, F_OK) == 0) {
		if (write_file_atomic(before, "", 0600))
			return fail_disk(before);
		ret = move(EXIT_CREATE, ct->private, staging);
	}
	return ret ? ret : private_settle(ct);
}

int private_put_aside(struct container *ct)
{
	cleanup_free char *files = xasprintf("%s" PRIVATE_KEPT, ct->private);
	cleanup_free char *file = xasprintf("%s" PRIVATE_KEPT, ct->conf_path);
	int ret = 0;

	if (access(ct->private, F_OK) == 0) {
		/* or it would have less when it comes back */
		project_leave(ct->fs, ct->lock);
		/* those of an earlier time */
		ret = remove_tree(files, ct->lock, EXIT_DESTROY);
		if (!ret)
			ret = move(EXIT_DESTROY, ct->private, files);
	}
	if (!ret)
		ret = action_put_aside(ct, "migrated");
	if (!ret && access(ct->conf_path, F_OK) == 0)
		ret = move(EXIT_DESTROY, ct->conf_path, file);
	return ret;
}

/* Where its disk is not mounted, what it would be in is not there either. */
static bool has_place(const struct container *ct)
{
	cleanup_free char *copy = xstrdup(ct->private);

	return access(dirname(copy), F_OK) == 0;
}

int private_look(const struct container *ct)
{
	if (access(ct->private, F_OK) == 0 || (errno == ENOENT && has_place(ct)))
		return 0;
	return fail_errno(EXIT_DESTROY, "Cannot look for %s (is its disk mounted?)", ct->private);
}

int private_destroy(struct container *ct)
{
	cleanup_free char *doomed = doomed_of(ct);
	int ret = private_look(ct);

	if (!ret)
		ret = convert_clear(ct);
	if (!ret && access(ct->private, F_OK) == 0)
		ret = move(EXIT_DESTROY, ct->private, doomed);
	return ret ? ret : remove_doomed(ct, true);
}
