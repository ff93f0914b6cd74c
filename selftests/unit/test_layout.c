// SPDX-License-Identifier: GPL-2.0-only
/* Layouts by name, and what configurations limit. */
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "error.h"
#include "layout.h"

#include "tap.h"

static void names(void)
{
	ok(layout_named("dir") == &layout_dir, "dir");
	ok(layout_named("simfs") == &layout_dir, "simfs");
	ok(layout_named("overlay") == &layout_overlay, "overlay");
	ok(layout_named("image") == &layout_image, "image");
	ok(layout_named("ploop:expanded") == &layout_image, "ploop with a format");
	ok(layout_named("image:xfs") == &layout_image, "an image with xfs");
	ok(!layout_named("image:btrfs") && !layout_named("image:") && !layout_named("dir:xfs"),
	   "no other formats");
	ok(!layout_named("") && !layout_named("ploopy") && !layout_named("di"), "no others");
}

static void plain_is(const char *name, const char *want)
{
	char *plain = layout_plain(name);

	ok(want ? plain && strcmp(plain, want) == 0 : !plain, name);
	free(plain);
}

static void plain(void)
{
	plain_is("simfs", "dir");
	plain_is("ploop:expanded", "image");
	plain_is("ploop:xfs", "image:xfs");
	plain_is("image:ext4", "image");
	plain_is("dir:xfs", NULL);
}

static int limits_of(const char *space, const char *inodes, const char *time,
		     struct disk_limits *limits)
{
	struct conf *conf = conf_new();
	int ret;

	if (space)
		conf_set(conf, "DISKSPACE", space);
	if (inodes)
		conf_set(conf, "DISKINODES", inodes);
	if (time)
		conf_set(conf, "QUOTATIME", time);
	ret = disk_limits_read(conf, limits);
	conf_free(conf);
	error_clear();
	return ret;
}

static void limits(void)
{
	struct disk_limits l;

	ok(!limits_of(NULL, NULL, NULL, &l) && !l.space_soft && !l.space_hard && !l.inodes_hard &&
	   !l.at_once, "nothing is no limit");
	ok(!limits_of("2G:2.2G", "131072:144179", "0", &l) && l.space_soft == 2 << 20 &&
	   l.space_hard == 2306867 && l.inodes_soft == 131072 && l.inodes_hard == 144179 &&
	   l.at_once, "as OpenVZ's samples have it");
	ok(!limits_of("1048576", "10", "3600", &l) && l.space_soft == 1048576 &&
	   l.space_hard == 1048576 && l.inodes_soft == 10 && l.grace == 3600 && !l.at_once,
	   "one for both, KiB");
	ok(!limits_of("unlimited", "unlimited", NULL, &l) && !l.space_soft && !l.space_hard &&
	   !l.inodes_soft && !l.inodes_hard, "unlimited");
	ok(!limits_of("9223372036854775807:9223372036854775807", "9223372036854775807", NULL, &l) &&
	   !l.space_hard && !l.inodes_hard, "unlimited, as OpenVZ writes it");
	ok(limits_of("much", NULL, NULL, &l) == EXIT_BAD_VALUE, "no size");
	ok(limits_of("1G", NULL, "-1", &l) == EXIT_BAD_VALUE, "no time");
}

int main(void)
{
	names();
	plain();
	limits();
	return tap_done();
}
