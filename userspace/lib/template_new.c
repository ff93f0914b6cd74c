// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "global.h"
#include "lock.h"
#include "sum.h"
#include "tarball.h"
#include "template.h"
#include "template_new.h"
#include "template_sum.h"
#include "tree.h"
#include "util.h"
#include "value.h"

/* The dot hides them from who looks for archives. */
static const char *const suffixes[] = { ".tar.zst", ".unpacked" };

static char *hidden_path(const char *name, const char *suffix)
{
	return xasprintf("%s/cache/.%s%s", global.template, name, suffix);
}

static char *lock_of(const char *name)
{
	return xasprintf("template-%s", name);
}

void template_unfinished(void (*found)(const char *name, void *arg), void *arg)
{
	cleanup_free char *cache = xasprintf("%s/cache", global.template);
	cleanup_dir DIR *dir = opendir(cache);
	struct dirent *de;

	while (dir && (de = readdir(dir))) {
		size_t len = strlen(de->d_name);

		for (size_t i = 0; i < ARRAY_SIZE(suffixes) && de->d_name[0] == '.'; i++) {
			size_t tail = strlen(suffixes[i]);
			cleanup_free char *name = NULL, *lock = NULL;

			if (len <= tail + 1 || strcmp(de->d_name + len - tail, suffixes[i]) != 0)
				continue;
			name = xstrndup(de->d_name + 1, len - tail - 1);
			lock = lock_of(name);
			if (!lock_held(lock))
				found(name, arg);
		}
	}
}

/* With the lock held. */
static int clear(const char *name, int lock)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < ARRAY_SIZE(suffixes); i++) {
		cleanup_free char *path = hidden_path(name, suffixes[i]);

		if (access(path, F_OK) == 0)
			ret = remove_tree(path, lock, EXIT_SYSTEM);
	}
	return ret;
}

int template_clear(const char *name)
{
	cleanup_free char *lock_name = lock_of(name);
	cleanup_close int lock = -1;
	int ret = lock_take(lock_name, false, &lock);

	if (ret == EXIT_LOCKED)
		return fail(ret, "it is being built again");
	return ret ? ret : clear(name, lock);
}

int template_begin(struct template_new *t, const char *name)
{
	cleanup_free char *cache = xasprintf("%s/cache", global.template);
	cleanup_free char *lock_name = lock_of(name);
	int ret;

	if (!valid_template_name(name))
		return fail(EXIT_BAD_VALUE, "Bad template name %s", name);
	if (mkdir_parents(cache, 0755))
		return fail_errno(EXIT_SYSTEM, "Cannot make %s", cache);
	ret = lock_take(lock_name, false, &t->lock);
	if (ret == EXIT_LOCKED)
		return fail(ret, "Template %s is being built already", name);
	if (ret)
		return ret;
	t->name = name;
	t->archive = hidden_path(name, suffixes[0]);
	t->dir = hidden_path(name, suffixes[1]);
	return clear(name, t->lock);
}

void template_end(struct template_new *t)
{
	if (t->name) {
		cleanup_free char *why = xstrdup(error_text());

		/* what is left the next one clears away */
		if (clear(t->name, t->lock)) {
			warn("%s", error_text());
			error_clear();
			if (*why)
				fail(EXIT_SYSTEM, "%s", why);
		}
	}
	free(t->archive);
	free(t->dir);
	cleanup_close_fn(&t->lock);
	*t = (struct template_new)TEMPLATE_NEW_INIT;
}

int template_remove_archives(const char *name, const char *keep)
{
	cleanup_free char *cache = xasprintf("%s/cache", global.template);

	for (size_t i = 0; i < TARBALL_FORMATS; i++) {
		cleanup_free char *path = xasprintf("%s/%s%s", cache, name,
						    tarball_formats[i].suffix);

		if (keep && strcmp(path, keep) == 0)
			continue;
		if (template_sum_remove(path))
			return EXIT_SYSTEM;
		if (unlink(path) && errno != ENOENT)
			return fail_errno(EXIT_SYSTEM, "Cannot remove %s", path);
	}
	return sync_file(cache) ? fail_errno(EXIT_SYSTEM, "Cannot write %s", cache) : 0;
}

int template_put(struct template_new *t, const char *suffix)
{
	cleanup_free char *done = xasprintf("%s/cache/%s%s", global.template, t->name, suffix);
	cleanup_close int fd = open(t->archive, O_RDONLY | O_CLOEXEC);
	char sum[SUM_SIZE];
	int ret;

	if (fd < 0 || fsync(fd))
		return fail_errno(EXIT_SYSTEM, "Cannot write %s", t->archive);
	ret = sum_file(fd, "Checksum", sum);
	/* cut off from here on, it is one without a checksum */
	if (!ret)
		ret = template_sum_remove(done);
	if (!ret && (rename(t->archive, done) || sync_parent(done)))
		ret = fail_errno(EXIT_SYSTEM, "Cannot write %s", done);
	if (!ret)
		ret = template_sum_write(done, sum);
	if (!ret)
		ret = template_remove_archives(t->name, done);
	/* what of old trees is left there is no failure */
	if (!ret && tree_prune(t->name, done)) {
		warn("%s", error_text());
		error_clear();
	}
	return ret;
}
