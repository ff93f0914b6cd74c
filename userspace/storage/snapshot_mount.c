// SPDX-License-Identifier: GPL-2.0-only
/*
 * A snapshot's files on a directory of the host's. A note in /run says where, and the number of
 * the mount: it counts as long as that is what is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "layout.h"
#include "snapshot.h"
#include "util.h"

#define DIR_NAME	"/run/cloison/snapshots"

static char *note_of(const struct container *ct, const struct snapshot *s)
{
	return xasprintf(DIR_NAME "/%u.%s", ct->id, s->uuid);
}

static bool mount_number(int fd, const char *path, uint64_t *id)
{
	struct statx stx;

	if (statx(fd, path, AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_MNT_ID, &stx))
		return false;
	*id = stx.stx_mnt_id;
	return true;
}

char *snapshot_mounted(const struct container *ct, const struct snapshot *s)
{
	cleanup_free char *note = note_of(ct, s);
	cleanup_free char *text = read_file(note, 8192);
	uint64_t noted, is;
	int at = 0;

	if (!text || sscanf(text, "%" SCNu64 " %n", &noted, &at) != 1 || !at)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	if (!mount_number(AT_FDCWD, text + at, &is) || is != noted)
		return NULL;
	return xstrdup(text + at);
}

static int attach(const struct container *ct, const struct snapshot *s, int mnt,
		  const char *target)
{
	struct mount_attr set = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
		.propagation = MS_PRIVATE,
	};
	cleanup_free char *note = note_of(ct, s);
	cleanup_free char *text = NULL;
	uint64_t id;

	if (mount_setattr(mnt, "", AT_EMPTY_PATH, &set, sizeof(set)) || !mount_number(mnt, "", &id))
		return fail_errno(EXIT_SNAPSHOT_MOUNT, "Cannot prepare the mount");
	text = xasprintf("%" PRIu64 " %s\n", id, target);
	/* first the note: nothing is mounted that nobody knows of */
	if (mkdir_parents(DIR_NAME, 0700) || write_file_atomic(note, text, 0600))
		return fail_errno(EXIT_SNAPSHOT_MOUNT, "Cannot write %s", note);
	if (move_mount(mnt, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH)) {
		fail_errno(EXIT_SNAPSHOT_MOUNT, "Cannot mount on %s", target);
		unlink(note);
		return EXIT_SNAPSHOT_MOUNT;
	}
	return 0;
}

int snapshot_mount(const struct container *ct, const struct snapshot *s, const char *target)
{
	const struct layout *layout = layout_of(s->dir);
	cleanup_free char *files = xasprintf("%s/%s", s->dir, layout->files);
	cleanup_free char *where = snapshot_mounted(ct, s);
	cleanup_close int mnt = -1;
	struct container view = *ct;

	if (where)
		return fail(EXIT_SNAPSHOT_MOUNT, "It is already mounted, on %s", where);
	view.private = s->dir;
	view.layout = layout;
	view.fs = files;
	mnt = layout->mount(&view);
	return mnt < 0 ? EXIT_SNAPSHOT_MOUNT : attach(ct, s, mnt, target);
}

int snapshot_umount(const struct container *ct, const struct snapshot *s)
{
	cleanup_free char *note = note_of(ct, s);
	cleanup_free char *where = snapshot_mounted(ct, s);

	if (!where)
		return fail(EXIT_SNAPSHOT_UMOUNT, "Snapshot %s is not mounted", s->uuid);
	if (umount2(where, UMOUNT_NOFOLLOW))
		return fail_errno(EXIT_SNAPSHOT_UMOUNT, "Cannot unmount %s (fuser -vm %s shows "
				  "who uses it)", where, where);
	unlink(note);
	return 0;
}
