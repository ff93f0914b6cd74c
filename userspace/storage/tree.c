// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container.h"
#include "error.h"
#include "global.h"
#include "idmap.h"
#include "lock.h"
#include "private.h"
#include "snapshot.h"
#include "template.h"
#include "tree.h"
#include "util.h"

/* Names that begin with a dot are of trees that are being made or removed. */
#define UNFINISHED	'.'

static char *trees(void)
{
	return xasprintf("%s/tree", global.template);
}

static char *lock_of(const char *name, size_t len)
{
	return xasprintf("tree-%.*s", (int)len, name);
}

/* NULL and errno: there is no such archive. */
static char *tree_name(const char *name, const char *archive)
{
	struct stat st;

	if (stat(archive, &st))
		return NULL;
	return xasprintf("%s@%llx.%lx.%llx", name, (unsigned long long)st.st_mtim.tv_sec,
			 st.st_mtim.tv_nsec, (unsigned long long)st.st_size);
}

static int unpack(const char *archive, const char *dir, uint32_t base)
{
	cleanup_room struct room room = ROOM_INIT;
	cleanup_close int mnt = -1;
	int ret;

	if (mkdir(dir, 0755))
		return fail_errno(disk_status(EXIT_CREATE), "Cannot make %s", dir);
	mnt = idmap_clone(dir, base);
	if (mnt < 0)
		return EXIT_CREATE;
	ret = room_take(&room, dir);
	if (!ret)
		ret = template_unpack_in(archive, mnt, base, &room);
	if (!ret && sync_file_system(dir))
		ret = fail_errno(EXIT_NO_SPACE, "Cannot write %s to disk", dir);
	return ret;
}

/* All or nothing, on disk when this returns 0. */
static int build(const char *archive, const char *dir, const char *name, uint32_t base, int lock)
{
	cleanup_free char *tmp = xasprintf("%s/%c%s", dir, UNFINISHED, name);
	cleanup_free char *path = xasprintf("%s/%s", dir, name);
	int ret = remove_tree(tmp, lock, EXIT_SYSTEM);

	if (!ret)
		ret = unpack(archive, tmp, base);
	if (!ret && rename_synced(tmp, path))
		ret = fail_errno(EXIT_CREATE, "Cannot make %s", path);
	if (ret) {
		cleanup_free char *why = xstrdup(error_text());

		remove_tree(tmp, lock, EXIT_SYSTEM);
		return fail(ret, "%s", why);
	}
	return 0;
}

int tree_use(const char *name, const char *archive, uint32_t base, char **path, int *lock)
{
	cleanup_free char *dir = trees(), *lock_name = lock_of(name, strlen(name));
	cleanup_free char *tree = tree_name(name, archive);
	cleanup_free char *made = xasprintf("%s/%s", dir, tree ? tree : "");
	int ret;

	if (!tree)
		return fail_errno(EXIT_NO_TEMPLATE, "Cannot open %s", archive);
	if (mkdir_parents(dir, 0700) || chmod(dir, 0700))
		return fail_errno(EXIT_CREATE, "Cannot make %s", dir);
	/* twenty creates at once wait for the one that unpacks */
	ret = lock_take(lock_name, true, lock);
	if (!ret && access(made, F_OK))
		ret = build(archive, dir, tree, base, *lock);
	if (ret)
		return ret;
	*path = made;
	made = NULL;
	return 0;
}

/* Does the private area @private use it? One that cannot be read might. */
static bool uses(const char *private, const char *tree)
{
	cleanup_free char *link = xasprintf("%s/" TREE_LINK, private);
	char target[PATH_MAX];
	ssize_t n = readlink(link, target, sizeof(target) - 1);

	if (n < 0)
		return errno != ENOENT && errno != ENOTDIR && errno != EINVAL;
	target[n] = '\0';
	return strcmp(target, tree) == 0;
}

static bool in_snapshots(const struct container *ct, const char *tree)
{
	cleanup_free char *path = snapshots_dir(ct);
	cleanup_dir DIR *dir = opendir(path);
	struct dirent *de;

	if (!dir)
		return errno != ENOENT;
	while ((de = readdir(dir))) {
		cleanup_free char *one = xasprintf("%s/%s", path, de->d_name);

		if (uses(one, tree))
			return true;
	}
	return false;
}

/* Who keeps a tree from being removed; none if @id is 0. */
struct user {
	uint32_t id;
	bool moved;	/* given to another host, and kept, too */
	bool away;	/* whose files are not there to be looked at */
};

static bool is_made_of(const struct container *ct, const char *name)
{
	const char *own = ct->conf ? conf_get(ct->conf, "OSTEMPLATE") : NULL;

	return own && strcmp(own, name) == 0;
}

/*
 * Of those with a file CTID.conf@kept. What cannot be read might be one: so might one of the
 * template @name that has no area at all, on a disk that is not mounted, say. Where an area comes
 * from is looked at before where it goes, as it may go there meanwhile: a snapshot is made of the
 * area, and the area of a snapshot.
 */
static int find_in(const char *kept, const char *name, const char *tree, struct user *user)
{
	static const char *const suffixes[] = {
		".creating", ".converting", "", ".destroyed", PRIVATE_KEPT,
	};
	cleanup_free uint32_t *ids = NULL;
	size_t count;
	int ret = container_ids_with(kept, &ids, &count);

	*user = (struct user){};
	for (size_t i = 0; !ret && !user->id && i < count; i++) {
		cleanup_container struct container ct = CONTAINER_INIT;
		bool away = true;

		ret = container_open_with(&ct, ids[i], kept, NEED_GOOD_OR_NONE);
		if (!ret && in_snapshots(&ct, tree))
			user->id = ids[i];
		for (size_t j = 0; !ret && j < ARRAY_SIZE(suffixes); j++) {
			cleanup_free char *area = xasprintf("%s%s", ct.private, suffixes[j]);

			away = away && access(area, F_OK);
			if (uses(area, tree))
				user->id = ids[i];
		}
		if (!ret && in_snapshots(&ct, tree))
			user->id = ids[i];
		if (!ret && !user->id && away && is_made_of(&ct, name))
			*user = (struct user){ .id = ids[i], .away = true };
	}
	return ret;
}

/* One that was given to another host: its files go there first, then its name. */
static int find_user(const char *name, const char *tree, struct user *user)
{
	int ret = find_in("", name, tree, user);

	if (ret || user->id)
		return ret;
	ret = find_in(PRIVATE_KEPT, name, tree, user);
	user->moved = true;
	return ret;
}

static int refuse(const struct user *user, const char *name)
{
	if (user->away)
		return fail(EXIT_TEMPLATE_USED,
			    "Container %u may share the files of template %s, and its own are not "
			    "there: is their disk mounted?", user->id, name);
	return fail(EXIT_TEMPLATE_USED, "%s %u shares the files of template %s: %s it before",
		    user->moved ? "What migrate --keep has left of container" : "Container",
		    user->id, name, user->moved ? "remove" : "destroy");
}

static int drop(const char *dir, const char *name, int lock)
{
	cleanup_free char *path = xasprintf("%s/%s", dir, name);
	cleanup_free char *tmp = xasprintf("%s/%c%s", dir, UNFINISHED, name);

	if (rename_synced(path, tmp))
		return fail_errno(EXIT_SYSTEM, "Cannot remove %s", path);
	return remove_tree(tmp, lock, EXIT_SYSTEM);
}

static bool is_of(const char *tree, const char *name)
{
	size_t len = strlen(name);

	return strncmp(tree, name, len) == 0 && tree[len] == '@';
}

int tree_prune(const char *name, const char *keep)
{
	cleanup_free char *dir = trees(), *lock_name = lock_of(name, strlen(name));
	cleanup_free char *kept = keep ? tree_name(name, keep) : NULL;
	cleanup_dir DIR *all = opendir(dir);
	cleanup_close int lock = -1;
	struct dirent *de;
	int ret;

	if (!all)
		return errno == ENOENT ? 0 : fail_errno(EXIT_SYSTEM, "Cannot read %s", dir);
	ret = lock_take(lock_name, true, &lock);
	while (!ret && (de = readdir(all))) {
		cleanup_free char *path = xasprintf("%s/%s", dir, de->d_name);
		struct user user;

		if (!is_of(de->d_name, name) || (kept && strcmp(de->d_name, kept) == 0))
			continue;
		ret = find_user(name, path, &user);
		if (!ret && !user.id)
			ret = drop(dir, de->d_name, lock);
		else if (!ret && !keep)
			ret = refuse(&user, name);
	}
	return ret;
}

void tree_unfinished(void (*found)(const char *name, void *arg), void *arg)
{
	cleanup_free char *dir = trees();
	cleanup_dir DIR *all = opendir(dir);
	struct dirent *de;

	while (all && (de = readdir(all))) {
		const char *at = strchr(de->d_name, '@');
		cleanup_free char *lock = NULL;

		if (de->d_name[0] != UNFINISHED || !at)
			continue;
		lock = lock_of(de->d_name + 1, at - de->d_name - 1);
		if (!lock_held(lock))
			found(de->d_name, arg);
	}
}

int tree_clear(const char *name)
{
	cleanup_free char *path = xasprintf("%s/tree/%s", global.template, name);
	cleanup_free char *lock_name = lock_of(name + 1, strcspn(name, "@") - 1);
	cleanup_close int lock = -1;
	int ret = lock_take(lock_name, false, &lock);

	if (ret == EXIT_LOCKED)
		return fail(ret, "it is at work again");
	return ret ? ret : remove_tree(path, lock, EXIT_SYSTEM);
}
