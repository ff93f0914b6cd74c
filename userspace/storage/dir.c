// SPDX-License-Identifier: GPL-2.0-only
/* A directory of the host's; limits are its file system's project quotas. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container.h"
#include "copy.h"
#include "dir.h"
#include "error.h"
#include "layout.h"
#include "project.h"
#include "template.h"
#include "util.h"

static int dir_create(const struct container *ct, const char *dir, const char *archive)
{
	cleanup_free char *fs = xasprintf("%s/fs", dir);
	cleanup_room struct room room = ROOM_INIT;
	struct disk_limits limits;
	uint32_t base;
	int ret = container_ids(ct, &base);

	if (!ret)
		ret = disk_limits_read(ct->conf, &limits);
	if (ret)
		return ret;
	if (mkdir(fs, 0755))
		return fail_errno(disk_status(EXIT_CREATE), "Cannot make %s", fs);
	ret = project_begin(fs, ct->id);
	if (!ret)
		ret = project_limit(fs, ct->id, &limits);
	if (!ret && !archive && chown(fs, base, base))
		ret = fail_errno(EXIT_CREATE, "Cannot give %s to the container", fs);
	if (ret || !archive)
		return ret;
	if (project_holds(fs, ct->id, &limits))
		return template_unpack(archive, fs, base, NULL);
	/* fs itself may seem as small as the limit of its project */
	ret = room_take(&room, dir);
	return ret ? ret : template_unpack(archive, fs, base, &room);
}

static int dir_mount(const struct container *ct)
{
	int mnt = open_tree(AT_FDCWD, ct->fs, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (mnt < 0)
		fail_errno(EXIT_MOUNT, "Cannot mount %s", ct->fs);
	return mnt;
}

int dir_resize(const struct container *ct)
{
	struct disk_limits limits;
	int ret = disk_limits_read(ct->conf, &limits);

	return ret ? ret : project_limit(ct->fs, ct->id, &limits);
}

bool dir_usage(const struct container *ct, struct disk_usage *usage)
{
	return project_usage(ct->fs, ct->id, usage);
}

const char *dir_unenforced(const struct container *ct)
{
	switch (project_state(ct->fs, ct->id)) {
	case PROJECT_NONE:
		return project_missing(ct->fs);
	case PROJECT_COUNTED:
		return "its file system counts only: mount it with prjquota";
	case PROJECT_LIMITED:
		break;
	}
	return NULL;
}

void dir_unlimit(const struct container *ct, const char *dir)
{
	project_unlimit(dir, ct->id);
}

int dir_make(const struct copy *c, const char *dir)
{
	if (mkdir(dir, 0700))
		return fail_errno(disk_status(c->status), "Cannot make %s", dir);
	return c->counted ? project_begin(dir, c->ct->id) : 0;
}

static int dir_copy(const struct copy *c)
{
	cleanup_free char *fs = xasprintf("%s/fs", c->to);
	int ret = dir_make(c, fs);

	return ret ? ret : copy_tree(c, "fs");
}

const struct layout layout_dir = {
	.name = "dir", .alias = "simfs", .files = "fs",
	.create = dir_create, .mount = dir_mount, .resize = dir_resize, .usage = dir_usage,
	.unenforced = dir_unenforced, .unlimit = dir_unlimit, .copy = dir_copy,
};
