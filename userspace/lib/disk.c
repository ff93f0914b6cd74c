// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "disk.h"
#include "util.h"

static int stat_nearest(const char *path, struct stat *st)
{
	cleanup_free char *copy = xstrdup(path);

	while (stat(copy, st)) {
		char *slash = strrchr(copy, '/');

		if (errno != ENOENT || !slash || slash == copy)
			return -1;
		*slash = '\0';
	}
	return 0;
}

bool disk_of(const char *path, dev_t *dev)
{
	cleanup_free char *sys = NULL, *partition = NULL, *whole = NULL, *text = NULL;
	unsigned int ma, mi;
	struct stat st;

	/* btrfs, overlay, tmpfs and the like have a number of no device, major 0 */
	if (stat_nearest(path, &st) || !major(st.st_dev))
		return false;
	*dev = st.st_dev;
	sys = xasprintf("/sys/dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
	partition = xasprintf("%s/partition", sys);
	if (access(partition, F_OK))
		return access(sys, F_OK) == 0;
	whole = xasprintf("%s/../dev", sys);
	text = read_file(whole, 64);
	if (!text || sscanf(text, "%u:%u", &ma, &mi) != 2)
		return false;
	*dev = makedev(ma, mi);
	return true;
}
