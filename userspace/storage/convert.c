// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capability.h"
#include "confine.h"
#include "convert.h"
#include "error.h"
#include "layout.h"
#include "private.h"
#include "rootfs.h"
#include "sync.h"
#include "template.h"
#include "userns.h"
#include "util.h"

#define NAMESPACES	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET)

/* Where rootfs_work_in() leaves room. */
#define FROM		"/empty"

static char *staging_of(const struct container *ct)
{
	return xasprintf("%s.converting", ct->private);
}

bool convert_unfinished(const struct container *ct)
{
	cleanup_free char *staging = staging_of(ct);

	return access(staging, F_OK) == 0;
}

int convert_clear(struct container *ct)
{
	cleanup_free char *staging = staging_of(ct);
	const char *const argv[] = { "rm", "-rf", "--one-file-system", "--", staging, NULL };

	if (run_program(argv, ct->lock))
		return fail(EXIT_CONVERT, "Cannot remove all of %s", staging);
	return 0;
}

static void run_rsync(int from, int to, int sync) __attribute__((noreturn));

/* The files are hostile: it is root of the container, as who unpacks templates is. */
static void run_rsync(int from, int to, int sync)
{
	static const char *const environment[] = {
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL
	};
	/* what an overlay has already is compared by content, and so not written */
	const char *const argv[] = {
		"rsync", "-aHAXS", "--numeric-ids", "--delete", "--checksum", FROM "/", ".", NULL
	};
	struct mount_attr fixed = { .attr_set = MOUNT_ATTR_RDONLY };
	uint64_t dropped;
	int ret = rootfs_work_in(to);

	if (!ret && (mount_setattr(from, "", AT_EMPTY_PATH, &fixed, sizeof(fixed)) ||
		     move_mount(from, "", AT_FDCWD, FROM, MOVE_MOUNT_F_EMPTY_PATH)))
		ret = fail_errno(EXIT_CONVERT, "Cannot mount the files to be copied");
	if (!ret)
		ret = capability_dropped(NULL, &dropped);
	if (!ret)
		ret = confine(dropped);
	if (ret)
		sync_die(sync, ret);
	if (confine_to_line(sync) || prctl(PR_SET_PDEATHSIG, SIGKILL) ||
	    sync_tell(sync, NULL, 0) || sync_wait(sync))
		sync_die(sync, fail_errno(EXIT_CONVERT, "Cannot run rsync"));
	setenv("PATH", strchr(environment[0], '=') + 1, 1);
	execvpe(argv[0], (char *const *)argv, (char *const *)environment);
	sync_die(sync, fail_errno(EXIT_CONVERT, "Cannot run rsync (is it installed?)"));
}

static int copy(int from, int to, uint32_t base)
{
	struct child child;
	int status, ret;

	switch (userns_fork(NAMESPACES, -1, base, &child)) {
	case -1:
		return EXIT_CONVERT;
	case 0:
		run_rsync(from, to, child.sync);
	}
	ret = sync_hear(child.sync, NULL, 0);
	if (!ret) {
		sync_go(child.sync);
		ret = sync_hear_exec(child.sync);
	}
	if (ret) {
		child_kill(&child);
		return ret;
	}
	close(child.sync);
	while (waitpid(child.pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail_errno(EXIT_CONVERT, "Cannot wait for rsync");
	if (status)
		return fail(EXIT_CONVERT, "Not all was copied; rsync's messages are above");
	return 0;
}

/* All in it is on disk. */
static int sync_all(int mnt, const char *staging)
{
	cleanup_close int files = openat(mnt, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int dir = open(staging, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (files < 0 || dir < 0 || syncfs(files) || syncfs(dir))
		return fail_errno(EXIT_CONVERT, "Cannot write %s to disk", staging);
	return 0;
}

static int fill(const struct container *ct, const struct layout *layout, const char *staging)
{
	cleanup_free char *files = xasprintf("%s/%s", staging, layout->files);
	cleanup_free char *fresh = xasprintf("%s/" PRIVATE_FRESH, ct->private);
	cleanup_free char *new_fresh = xasprintf("%s/" PRIVATE_FRESH, staging);
	cleanup_free char *archive = NULL;
	cleanup_close int from = -1, to = -1;
	/* what the layout mounts is there */
	struct container new = *ct;
	uint32_t base;
	int ret = container_ids(ct, &base);

	new.private = (char *)staging;
	new.layout = layout;
	new.fs = files;
	/* the tree below an overlay */
	if (!ret && layout == &layout_overlay)
		ret = template_find(conf_get(ct->conf, "OSTEMPLATE") ?: "", &archive);
	if (!ret && mkdir(staging, 0700))
		ret = fail_errno(EXIT_CONVERT, "Cannot make %s", staging);
	if (!ret && access(fresh, F_OK) == 0 && mknod(new_fresh, S_IFREG | 0600, 0))
		ret = fail_errno(EXIT_CONVERT, "Cannot make %s", new_fresh);
	if (!ret)
		ret = layout->create(&new, staging, archive);
	if (ret)
		return ret;
	/* for a while both count */
	if (layout->unlimit)
		layout->unlimit(&new, staging);
	from = ct->layout->mount(ct);
	to = from < 0 ? -1 : layout->mount(&new);
	if (from < 0 || to < 0)
		return EXIT_CONVERT;
	ret = copy(from, to, base);
	return ret ? ret : sync_all(to, staging);
}

/* The step that counts, on disk when this returns 0. */
static int change_places(const struct container *ct, const char *staging)
{
	cleanup_free char *parent = xstrdup(ct->private);

	if (renameat2(AT_FDCWD, staging, AT_FDCWD, ct->private, RENAME_EXCHANGE))
		return fail_errno(EXIT_CONVERT, "Cannot exchange %s and %s", staging, ct->private);
	if (sync_file(dirname(parent)))
		return fail_errno(EXIT_CONVERT, "Cannot write %s to disk", parent);
	return 0;
}

int convert(struct container *ct, const char *name)
{
	cleanup_free char *staging = staging_of(ct);
	const struct layout *layout = layout_named(name);
	int ret = convert_clear(ct);

	conf_set(ct->conf, "VE_LAYOUT", name);
	if (!ret)
		ret = fill(ct, layout, staging);
	if (!ret)
		ret = change_places(ct, staging);
	if (ret) {
		cleanup_free char *why = xstrdup(error_text());

		convert_clear(ct);
		return fail(ret, "%s", why);
	}
	ret = conf_save(ct->conf, ct->conf_path);
	/* what is there now was the old one */
	return ret ? ret : convert_clear(ct);
}
