// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "conf.h"
#include "error.h"
#include "lock.h"
#include "names.h"
#include "util.h"
#include "value.h"

#define NAMES_DIR	SYSCONFDIR "/names"

/* Where the link leads: .../conf/CTID.conf, as vzctl made them. */
static bool link_target(const char *name, uint32_t *id)
{
	cleanup_free char *path = xasprintf(NAMES_DIR "/%s", name);
	char target[PATH_MAX], *base;
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	if (len < 0)
		return false;
	target[len] = '\0';
	base = strrchr(target, '/');
	base = base ? base + 1 : target;
	len = strlen(base);
	if (len <= 5 || strcmp(base + len - 5, ".conf") != 0)
		return false;
	base[len - 5] = '\0';
	return parse_ctid(base, id);
}

/* Does the file of container @id say that this is its name? */
static bool is_name_of(const char *name, uint32_t id)
{
	cleanup_free char *path = xasprintf(SYSCONFDIR "/conf/%u.conf", id);
	cleanup_conf struct conf *conf = NULL;
	const char *own;

	if (conf_load(path, &conf)) {
		error_clear();
		return false;
	}
	own = conf_get(conf, "NAME");
	return own && strcmp(own, name) == 0;
}

bool names_find(const char *name, uint32_t *id)
{
	return valid_name(name) && link_target(name, id) && is_name_of(name, *id);
}

int names_check(const char *name, uint32_t id)
{
	uint32_t holder;

	if (names_find(name, &holder) && holder != id)
		return fail(EXIT_NAME, "Name %s is already used by container %u", name, holder);
	return 0;
}

int names_claim(const char *name, uint32_t id, int *lock)
{
	cleanup_free char *target = xasprintf("../conf/%u.conf", id);
	cleanup_free char *path = xasprintf(NAMES_DIR "/%s", name);
	cleanup_free char *tmp = xasprintf(NAMES_DIR "/.%u", id);
	int ret;

	/* it may be any path: files are edited, and come from elsewhere */
	if (!valid_name(name))
		return fail(EXIT_NAME, "Bad name of a container: %s", name);
	ret = lock_take("names", true, lock);
	if (ret)
		return ret;
	ret = names_check(name, id);
	if (ret)
		return ret;
	if ((mkdir(NAMES_DIR, 0755) && errno != EEXIST) ||
	    (unlink(tmp) && errno != ENOENT) || symlink(target, tmp) || rename(tmp, path) ||
	    sync_file(NAMES_DIR)) {
		ret = fail_errno(EXIT_CONF_SAVE, "Cannot make %s", path);
		unlink(tmp);
	}
	return ret;
}

void names_release(const char *name, uint32_t id)
{
	cleanup_free char *path = xasprintf(NAMES_DIR "/%s", name);
	cleanup_close int lock = -1;
	uint32_t holder;

	if (!valid_name(name))
		return;
	if (lock_take("names", true, &lock)) {
		warn("%s", error_text());
		error_clear();
	} else if (link_target(name, &holder) && holder == id && unlink(path)) {
		warn("Cannot remove %s: %s", path, strerror(errno));
	}
}

static bool is_stale(const char *name)
{
	uint32_t id;

	/* the dot: of a claim that was killed, or one that is under way */
	return name[0] == '.' || !names_find(name, &id);
}

void names_stale(void (*found)(const char *name, void *arg), void *arg)
{
	cleanup_dir DIR *dir = opendir(NAMES_DIR);
	struct dirent *de;

	/* who claims one has the lock until the file is saved */
	while (dir && !lock_held("names") && (de = readdir(dir)))
		if (de->d_type == DT_LNK && is_stale(de->d_name))
			found(de->d_name, arg);
}

int names_clear(const char *name)
{
	cleanup_free char *path = xasprintf(NAMES_DIR "/%s", name);
	cleanup_close int lock = -1;
	int ret = lock_take("names", true, &lock);

	if (!ret && is_stale(name) && unlink(path) && errno != ENOENT)
		ret = fail_errno(EXIT_SYSTEM, "Cannot remove %s", path);
	return ret;
}
