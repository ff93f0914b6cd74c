// SPDX-License-Identifier: GPL-2.0-only
#include "error.h"
#include "fill.h"
#include "util.h"

/* All in it is on disk. */
static int sync_all(int mnt, const char *path)
{
	return sync_file_system_at(mnt, ".") || sync_file_system(path) ?
	       fail_errno(EXIT_NO_SPACE, "Cannot write %s to disk", path) : 0;
}

int fill_layout(const struct container *ct, const struct layout *layout, const char *dir,
		const char *archive, fill_copy copy, void *arg)
{
	cleanup_free char *files = xasprintf("%s/%s", dir, layout->files);
	cleanup_close int mnt = -1;
	/* what the layout mounts is there */
	struct container new = *ct;
	int ret;

	new.private = (char *)dir;
	new.layout = layout;
	new.fs = files;
	ret = layout->create(&new, dir, archive);
	if (ret)
		return ret;
	mnt = layout->mount(&new);
	if (mnt < 0)
		return EXIT_MOUNT;
	ret = copy(&new, mnt, arg);
	return ret ? ret : sync_all(mnt, dir);
}
