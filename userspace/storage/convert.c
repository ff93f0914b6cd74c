// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "convert.h"
#include "error.h"
#include "fill.h"
#include "layout.h"
#include "private.h"
#include "project.h"
#include "rootfs.h"
#include "shut_in.h"
#include "snapshot.h"
#include "template.h"
#include "users.h"
#include "util.h"

/* Where rootfs_work_in() leaves room. */
#define FROM		"/empty"

/* rsync reads as zeros, twice: in minutes. */
#define HOLES_MAX	(64ULL << 30)

char *convert_staging(const struct container *ct)
{
	return xasprintf("%s.converting", ct->private);
}

bool convert_unfinished(const struct container *ct)
{
	cleanup_free char *staging = convert_staging(ct);

	return access(staging, F_OK) == 0;
}

int convert_clear(const struct container *ct)
{
	cleanup_free char *staging = convert_staging(ct);

	if (access(staging, F_OK))
		return 0;
	layout_discard(staging);
	return remove_tree(staging, ct->lock, EXIT_CONVERT);
}

int convert_abandon(const struct container *ct)
{
	int ret = convert_clear(ct);

	/* what was made counted beside what there is, so they were others; or alone */
	if (!ret && ct->conf && ct->layout->unlimit)
		ret = ct->layout->resize(ct);
	else if (!ret && !ct->layout->unlimit)
		project_unlimit(ct->private, ct->id);
	return ret;
}

int convert_undo(const struct container *ct, int ret)
{
	cleanup_free char *why = xstrdup(error_text());

	if (convert_abandon(ct))
		warn("%s", error_text());
	return fail(ret, "%s", why);
}

/* The files to be copied, beside where they are copied to. */
static int attach_from(void *arg)
{
	struct mount_attr fixed = { .attr_set = MOUNT_ATTR_RDONLY };
	int from = *(int *)arg;

	if (mount_setattr(from, "", AT_EMPTY_PATH, &fixed, sizeof(fixed)) ||
	    move_mount(from, "", AT_FDCWD, FROM, MOVE_MOUNT_F_EMPTY_PATH))
		return fail_errno(EXIT_CONVERT, "Cannot mount the files to be copied");
	return 0;
}

/* nftw() passes nothing on. */
static uint64_t holes;

static int add_hole(const char *path, const struct stat *st, int type, struct FTW *at)
{
	uint64_t size = st->st_size, has = st->st_blocks * 512ULL;

	(void)path;
	(void)at;
	if (type == FTW_F && S_ISREG(st->st_mode) && size > has)
		holes += size - has;
	return holes > HOLES_MAX;
}

/* Where it cannot look, as too deep below, rsync can copy nothing either, and says so. */
static int check_holes(int from)
{
	cleanup_free char *path = xasprintf("/proc/self/fd/%d/.", from);

	holes = 0;
	return nftw(path, add_hole, 64, FTW_PHYS) > 0 ?
	       fail(EXIT_CONVERT, "Its files have holes of more than %llu GB, which would all be "
		    "read for an overlay: files whose size is not what they take of the disk",
		    HOLES_MAX >> 30) : 0;
}

static int copy(const struct container *new, int from, int to, uint32_t base)
{
	/*
	 * What an overlay has already is compared by content, and so not written. rsync reads all
	 * of everything for that, and of a file with holes once more: see check_holes().
	 */
	static const char *const compare[] = {
		"rsync", "-aHAXS", "--numeric-ids", "--delete", "--checksum", FROM "/", ".", NULL
	};
	/* in what is empty there is nothing to compare; cp does not read holes */
	static const char *const fill_up[] = {
		"cp", "-dR", "--preserve=mode,ownership,timestamps,links,xattr", "--sparse=auto",
		"--no-target-directory", "--", FROM "/.", ".", NULL
	};
	const char *const *argv = new->layout == &layout_overlay ? compare : fill_up;
	pid_t pid;
	int ret;

	/* mkfs has made one; theirs may be no directory, or not be */
	if (new->layout->own_fs)
		unlinkat(to, "lost+found", AT_REMOVEDIR);
	ret = shut_in_start(&(struct shut_in){
		.argv = argv, .dir = to, .base = base, .stdio = { -1, -1 },
		.keep = -1, .status = EXIT_CONVERT, .prepare = attach_from, .arg = &from,
	}, &pid);
	if (ret)
		return ret;
	if (shut_in_wait(pid))
		return fail(EXIT_CONVERT, "Not all was copied; the messages of %s are above",
			    argv[0]);
	return 0;
}

/*
 * For a while both count, and an overlay's files did not before: no limits. But the files of a file
 * system of its own are bounded by that, unless they share blocks, as in images of xfs that others
 * made: then not much more than its size is what they may have.
 */
static int limit_copy(const struct container *new, const struct container *ct, int from)
{
	cleanup_close int root = -1;
	struct statvfs st;

	if (!new->layout->unlimit)
		return 0;
	if (!ct->layout->own_fs) {
		new->layout->unlimit(new, new->private);
		return 0;
	}
	root = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || fstatvfs(root, &st))
		return fail_errno(EXIT_CONVERT, "Cannot look at the files to be copied");
	return project_limit(new->fs, new->id, &(struct disk_limits){
		.space_hard = st.f_blocks * st.f_frsize / 1024 / 8 * 9,
	});
}

static int copy_all(const struct container *new, int to, void *arg)
{
	const struct container *ct = arg;
	cleanup_close int from = -1;
	uint32_t base;
	int ret = container_ids(ct, &base);

	if (ret)
		return ret;
	from = ct->layout->mount(ct);
	if (from < 0)
		return EXIT_CONVERT;
	ret = new->layout == &layout_overlay ? check_holes(from) : 0;
	if (!ret)
		ret = limit_copy(new, ct, from);
	/* before it is read-only: for the kernel to ask for quotas is to write */
	if (!ret && ct->layout->own_fs && new->layout->own_fs)
		ret = users_copy(from, to);
	return ret ? ret : copy(new, from, to, base);
}

static int fill(struct container *ct, const struct layout *layout, const char *staging)
{
	cleanup_free char *current = xasprintf("%s/" SNAPSHOT_CURRENT, ct->private);
	cleanup_free char *new_current = xasprintf("%s/" SNAPSHOT_CURRENT, staging);
	cleanup_free char *archive = NULL;
	int ret = 0;

	/* the tree below an overlay */
	if (layout == &layout_overlay)
		ret = template_find(conf_get(ct->conf, "OSTEMPLATE") ?: "", &archive);
	if (!ret && mkdir(staging, 0700))
		ret = fail_errno(EXIT_CONVERT, "Cannot make %s", staging);
	if (!ret)
		ret = private_copy_fresh(ct->private, staging, EXIT_CONVERT);
	if (!ret && link(current, new_current) && errno != ENOENT)
		ret = fail_errno(EXIT_CONVERT, "Cannot make %s", new_current);
	return ret ? ret : fill_layout(ct, layout, staging, archive, copy_all, ct);
}

int convert_change_places(const struct container *ct, const char *staging)
{
	if (renameat2(AT_FDCWD, staging, AT_FDCWD, ct->private, RENAME_EXCHANGE))
		return fail_errno(EXIT_CONVERT, "Cannot exchange %s and %s", staging, ct->private);
	if (!sync_parent(ct->private))
		return 0;
	fail_errno(EXIT_CONVERT, "Cannot write %s to disk", ct->private);
	if (!renameat2(AT_FDCWD, staging, AT_FDCWD, ct->private, RENAME_EXCHANGE))
		return EXIT_CONVERT;
	/* then it has happened: to clear away would be to remove the old files, not the new */
	warn("%s, nor undo that: the new files are there now", error_text());
	error_clear();
	return 0;
}

int convert(struct container *ct, const char *name)
{
	cleanup_free char *staging = convert_staging(ct);
	const struct layout *layout = layout_named(name);
	int ret = convert_clear(ct);

	conf_set(ct->conf, "VE_LAYOUT", name);
	if (layout != &layout_block)
		conf_set(ct->conf, "VE_DEVICE", NULL);
	if (!ret)
		ret = fill(ct, layout, staging);
	if (!ret)
		ret = convert_change_places(ct, staging);
	if (ret)
		return convert_undo(ct, ret);
	ret = conf_save(ct->conf, ct->conf_path);
	/* what is there now was the old one */
	return ret ? ret : convert_clear(ct);
}
