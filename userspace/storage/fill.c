// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <unistd.h>

#include "error.h"
#include "fill.h"
#include "util.h"

/* All in it is on disk. */
static int sync_all(int mnt, const char *path)
{
	cleanup_close int files = openat(mnt, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (files < 0 || dir < 0 || syncfs(files) || syncfs(dir))
		return fail_errno(EXIT_NO_SPACE, "Cannot write %s to disk", path);
	return 0;
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
