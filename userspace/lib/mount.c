// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "action.h"
#include "convert.h"
#include "error.h"
#include "layout.h"
#include "mount.h"
#include "util.h"

/*
 * In the private area, from the first script of a mount to the last, and of an
 * umount: if the tool is killed in between, the next one knows what was begun. Only
 * for who has scripts: the mount alone is one system call.
 */
static char *marker_of(const struct container *ct)
{
	return xasprintf("%s/mounting", ct->private);
}

bool mount_unfinished(const struct container *ct)
{
	cleanup_free char *marker = marker_of(ct);

	return access(marker, F_OK) == 0;
}

static int begin(const struct container *ct)
{
	cleanup_free char *marker = marker_of(ct);
	cleanup_close int fd = -1;

	if (!action_any(ct))
		return 0;
	fd = open(marker, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	/* without a private area there is still a mount to be taken away */
	return fd < 0 && errno != ENOENT ? fail_errno(EXIT_MOUNT, "Cannot make %s", marker) : 0;
}

static void finish(const struct container *ct)
{
	cleanup_free char *marker = marker_of(ct);

	unlink(marker);
}

/*
 * Without set-uid and devices, so that a customer cannot leave a trap there for the
 * host's users. It appears with that: there is no moment without.
 */
static int attach_files(const struct container *ct)
{
	struct mount_attr set = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, .propagation = MS_PRIVATE,
	};
	cleanup_close int mnt = -1;

	if (mkdir_parents(ct->root, 0700))
		return fail_errno(EXIT_MOUNT, "Cannot make %s", ct->root);
	mnt = ct->layout->mount(ct);
	if (mnt < 0)
		return EXIT_MOUNT;
	if (mount_setattr(mnt, "", AT_EMPTY_PATH, &set, sizeof(set)) ||
	    move_mount(mnt, "", AT_FDCWD, ct->root, MOVE_MOUNT_F_EMPTY_PATH))
		return fail_errno(EXIT_MOUNT, "Cannot mount %s on %s", ct->fs, ct->root);
	/* below a shared mount it has become one: what is mounted in it is not shared */
	if (mount(NULL, ct->root, NULL, MS_PRIVATE, NULL)) {
		fail_errno(EXIT_MOUNT, "Cannot protect the mount on %s", ct->root);
		umount2(ct->root, MNT_DETACH);
		return EXIT_MOUNT;
	}
	/* a limit that cannot be set keeps nobody from his files */
	if (ct->layout->resize(ct)) {
		warn("%s", error_text());
		error_clear();
	}
	return 0;
}

/* The last mount that lies below @root, or NULL. */
static char *last_below(const char *root)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	size_t len = strlen(root);
	struct mntent *ent;
	char *last = NULL;

	while (f && (ent = getmntent(f))) {
		if (strncmp(ent->mnt_dir, root, len) != 0 || ent->mnt_dir[len] != '/')
			continue;
		free(last);
		last = xstrdup(ent->mnt_dir);
	}
	if (f)
		endmntent(f);
	return last;
}

/* How long somebody may look at its files, as statvfs(3) does, who is gone then. */
#define BUSY_MS		2000

static int detach_files(const struct container *ct)
{
	int64_t end = now_ms() + BUSY_MS;

	while (container_mounted(ct)) {
		cleanup_free char *below = NULL;

		if (umount2(ct->root, UMOUNT_NOFOLLOW) == 0)
			continue;
		if (errno != EBUSY)
			return fail_errno(EXIT_UMOUNT, "Cannot unmount %s", ct->root);
		/* what a script mounted and did not unmount, latest first */
		below = last_below(ct->root);
		if (!below && now_ms() < end) {
			sleep_ms(20);
			continue;
		}
		if (!below)
			return fail(EXIT_UMOUNT,
				    "Cannot unmount %s: it is in use; fuser -vm %s shows by whom",
				    ct->root, ct->root);
		if (umount2(below, UMOUNT_NOFOLLOW))
			return fail_errno(EXIT_UMOUNT, "Cannot unmount %s", below);
	}
	return 0;
}

int umount_container(const struct container *ct)
{
	int ret = 0;

	if (container_mounted(ct)) {
		ret = begin(ct);
		if (!ret)
			ret = action_host(ct, "umount");
		if (!ret)
			ret = detach_files(ct);
	} else if (!mount_unfinished(ct)) {
		return 0;
	}
	if (!ret)
		ret = action_host(ct, "postumount");
	if (!ret)
		finish(ct);
	return ret;
}

/* All that was done is undone, as far as the scripts for that let us. */
static int undo(const struct container *ct, int ret)
{
	cleanup_free char *why = xstrdup(error_text());

	if (container_mounted(ct) ? umount_container(ct) : action_host(ct, "postumount")) {
		warn("%s", error_text());
		detach_files(ct);
	}
	finish(ct);
	return fail(ret, "%s", why);
}

int mount_container(const struct container *ct)
{
	int ret = 0;

	if (access(ct->fs, F_OK))
		return fail_errno(EXIT_NO_PRIVATE, "Container private area %s", ct->fs);
	if (mount_unfinished(ct))
		ret = umount_container(ct);
	else if (container_mounted(ct))
		return 0;
	/* what a convert left counts as the container's */
	if (!ret)
		ret = convert_clear(ct);
	if (!ret)
		ret = begin(ct);
	if (!ret)
		ret = action_host(ct, "premount");
	if (!ret)
		ret = attach_files(ct);
	if (!ret)
		ret = action_host(ct, "mount");
	if (ret)
		return undo(ct, ret);
	finish(ct);
	return 0;
}
