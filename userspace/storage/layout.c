// SPDX-License-Identifier: GPL-2.0-only
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "container.h"
#include "error.h"
#include "fields.h"
#include "fs.h"
#include "layout.h"
#include "util.h"
#include "value.h"

static const struct layout *const layouts[] = {
	&layout_dir, &layout_overlay, &layout_image, &layout_block
};

/* OpenVZ's formats of images are one here. */
static bool is_format(const struct layout *layout, const char *name)
{
	static const char *const formats[] = { "ext4", "xfs", "expanded", "plain", "raw" };

	for (size_t i = 0; layout == &layout_image && i < ARRAY_SIZE(formats); i++)
		if (strcmp(formats[i], name) == 0)
			return true;
	return false;
}

const struct layout *layout_named(const char *name)
{
	size_t len = strcspn(name, ":");
	cleanup_free char *word = xstrndup(name, len);

	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
		if (strcmp(layouts[i]->name, word) == 0 ||
		    (layouts[i]->alias && strcmp(layouts[i]->alias, word) == 0))
			return !name[len] || is_format(layouts[i], name + len + 1) ? layouts[i] :
										     NULL;
	return NULL;
}

static char *label(const struct layout *layout, const struct fs_type *type)
{
	return layout == &layout_image && type != &fs_ext4 ?
	       xasprintf("%s:%s", layout->name, type->name) : xstrdup(layout->name);
}

char *layout_plain(const char *name)
{
	const struct layout *layout = layout_named(name);

	return layout ? label(layout, fs_type_named(name)) : NULL;
}

char *layout_label(const char *private)
{
	const struct layout *layout = layout_of(private);
	cleanup_free char *files = xasprintf("%s/%s", private, layout->files);

	return label(layout, layout == &layout_image ? fs_type_in(files) : &fs_ext4);
}

void layout_note(struct conf *conf, const char *is)
{
	const char *named = conf_get(conf, "VE_LAYOUT");
	cleanup_free char *said = layout_plain(named ? named : layout_dir.name);

	if (!said || strcmp(said, is) != 0)
		conf_set(conf, "VE_LAYOUT", is);
}

const struct layout *layout_of(const char *private)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		cleanup_free char *path = xasprintf("%s/%s", private, layouts[i]->files);

		if (access(path, F_OK) == 0)
			return layouts[i];
	}
	return &layout_dir;
}

void layout_discard(const char *dir)
{
	const struct layout *layout = layout_of(dir);

	if (layout->discard)
		layout->discard(dir);
}

int layout_check_copy(const struct layout *layout, uint32_t id, int status)
{
	return layout->copy ? 0 :
	       fail(status, "Container %u has a device of its own, which is not copied here: take "
		    "a snapshot of the volume (lvcreate -s), or cloisonctl convert %u --layout "
		    "image", id, id);
}

static int read_pair(const struct conf *conf, const char *key, uint64_t unit, uint64_t *soft,
		     uint64_t *hard)
{
	const char *value = conf_get(conf, key);

	if (!value || !*value)
		return 0;
	if (!quota_parse(value, unit, soft, hard))
		return fail(EXIT_BAD_VALUE, "Bad value of %s: %s", key, value);
	/* as OpenVZ writes "unlimited" */
	if (*soft >= LONG_MAX / unit)
		*soft = 0;
	if (*hard >= LONG_MAX / unit)
		*hard = 0;
	return 0;
}

int disk_limits_read(const struct conf *conf, struct disk_limits *limits)
{
	const char *off = conf_get(conf, "DISK_QUOTA"), *grace = conf_get(conf, "QUOTATIME");
	const char *users = conf_get(conf, "QUOTAUGIDLIMIT");
	uint64_t count = 0;
	int ret;

	*limits = (struct disk_limits){};
	if (off && strcmp(off, "no") == 0)
		return 0;
	ret = read_pair(conf, "DISKSPACE", 1024, &limits->space_soft, &limits->space_hard);
	if (!ret)
		ret = read_pair(conf, "DISKINODES", 1, &limits->inodes_soft, &limits->inodes_hard);
	if (!ret && grace && *grace && !parse_number(grace, 0, INT_MAX, &limits->grace))
		ret = fail(EXIT_BAD_VALUE, "Bad value of QUOTATIME: %s", grace);
	if (!ret && users && *users && !parse_number(users, 0, LONG_MAX, &count))
		ret = fail(EXIT_BAD_VALUE, "Bad value of QUOTAUGIDLIMIT: %s", users);
	limits->at_once = grace && *grace && !limits->grace;
	/* ext4 counts as many as there are */
	limits->users = count;
	return ret;
}

const char *disk_unlimited(const struct container *ct)
{
	struct disk_limits limits;

	if (disk_limits_read(ct->conf, &limits)) {
		error_clear();
		return NULL;
	}
	return limits.space_hard || limits.inodes_hard ? ct->layout->unenforced(ct) : NULL;
}

const char *disk_users_unlimited(const struct container *ct)
{
	const char *users = conf_get(ct->conf, "QUOTAUGIDLIMIT");

	if (ct->layout->own_fs || !users || !*users || strcmp(users, "0") == 0)
		return NULL;
	return "quotas of users need a file system of its own: the layouts image and block";
}
