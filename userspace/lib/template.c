// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "global.h"
#include "lock.h"
#include "rootfs.h"
#include "shut_in.h"
#include "sum.h"
#include "template.h"
#include "template_sum.h"
#include "terminal.h"
#include "tree.h"
#include "util.h"
#include "value.h"

#define RECIPES		DATADIR "/templates"

/* What tar(1) must be told about an archive's compression. */
static const struct {
	const char *suffix, *option;
} formats[] = {
	{ ".tar", NULL }, { ".tar.zst", "--zstd" }, { ".tar.xz", "--xz" },
	{ ".tar.gz", "--gzip" }, { ".tar.bz2", "--bzip2" },
};

/* Recipes write this one. */
#define BUILT_SUFFIX	".tar.zst"

static int format_of(const char *file)
{
	size_t len = strlen(file);

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		size_t n = strlen(formats[i].suffix);

		if (len > n && strcmp(file + len - n, formats[i].suffix) == 0)
			return i;
	}
	return -1;
}

static int bad_name(const char *name)
{
	return fail(EXIT_BAD_VALUE, "Bad template name %s", name);
}

int template_find(const char *name, char **archive)
{
	if (!valid_template_name(name))
		return bad_name(name);
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		char *path = xasprintf("%s/cache/%s%s", global.template, name, formats[i].suffix);

		if (access(path, F_OK) == 0) {
			*archive = path;
			return 0;
		}
		free(path);
	}
	return fail(EXIT_NO_TEMPLATE,
		    "There is no template %s in %s/cache; see: cloisonctl template list",
		    name, global.template);
}

static struct template *entry(struct template **list, size_t *count, const char *name)
{
	struct template *t;

	for (size_t i = 0; i < *count; i++)
		if (strcmp((*list)[i].name, name) == 0)
			return &(*list)[i];
	*list = xrealloc(*list, (*count + 1) * sizeof(**list));
	t = &(*list)[(*count)++];
	*t = (struct template){ .name = xstrdup(name) };
	return t;
}

static void add_archives(struct template **list, size_t *count)
{
	cleanup_free char *cache = xasprintf("%s/cache", global.template);
	cleanup_dir DIR *dir = opendir(cache);
	struct dirent *de;

	while (dir && (de = readdir(dir))) {
		int format = format_of(de->d_name);
		cleanup_free char *name = NULL;
		struct template *t;
		struct stat st;

		if (format < 0 || fstatat(dirfd(dir), de->d_name, &st, 0))
			continue;
		name = xstrndup(de->d_name, strlen(de->d_name) - strlen(formats[format].suffix));
		if (!valid_template_name(name))
			continue;
		t = entry(list, count, name);
		/* the one that template_find() takes */
		if (t->archive && format_of(t->archive) < format)
			continue;
		free(t->archive);
		t->archive = xasprintf("%s/%s", cache, de->d_name);
		t->size = st.st_size;
		t->built = st.st_mtime;
	}
}

static void add_recipes(struct template **list, size_t *count)
{
	cleanup_dir DIR *dir = opendir(RECIPES);
	struct dirent *de;

	while (dir && (de = readdir(dir))) {
		cleanup_free char *build = xasprintf(RECIPES "/%s/build", de->d_name);

		if (valid_template_name(de->d_name) && access(build, X_OK) == 0)
			entry(list, count, de->d_name)->recipe = true;
	}
}

static int compare(const void *a, const void *b)
{
	const struct template *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int template_list(struct template **list, size_t *count)
{
	*list = NULL;
	*count = 0;
	add_archives(list, count);
	add_recipes(list, count);
	if (*count)
		qsort(*list, *count, sizeof(**list), compare);
	return 0;
}

void template_list_free(struct template *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(list[i].name);
		free(list[i].archive);
	}
	free(list);
}

/* The dot hides it from who looks for archives. */
static char *unfinished_path(const char *name)
{
	return xasprintf("%s/cache/.%s" BUILT_SUFFIX, global.template, name);
}

static char *lock_of(const char *name)
{
	return xasprintf("template-%s", name);
}

void template_unfinished(void (*found)(const char *name, void *arg), void *arg)
{
	cleanup_free char *cache = xasprintf("%s/cache", global.template);
	cleanup_dir DIR *dir = opendir(cache);
	const size_t tail = strlen(BUILT_SUFFIX);
	struct dirent *de;

	while (dir && (de = readdir(dir))) {
		size_t len = strlen(de->d_name);
		cleanup_free char *name = NULL, *lock = NULL;

		if (de->d_name[0] != '.' || len <= tail + 1 ||
		    strcmp(de->d_name + len - tail, BUILT_SUFFIX) != 0)
			continue;
		name = xstrndup(de->d_name + 1, len - tail - 1);
		lock = lock_of(name);
		if (!lock_held(lock))
			found(name, arg);
	}
}

int template_clear(const char *name)
{
	cleanup_free char *path = unfinished_path(name);
	cleanup_free char *lock_name = lock_of(name);
	cleanup_close int lock = -1;
	int ret = lock_take(lock_name, false, &lock);

	if (ret == EXIT_LOCKED)
		return fail(ret, "it is being built again");
	if (!ret && unlink(path) && errno != ENOENT)
		ret = fail_errno(EXIT_SYSTEM, "Cannot remove %s", path);
	return ret;
}

/* All archives of that name but @keep, which may be NULL. */
static int remove_archives(const char *name, const char *keep)
{
	cleanup_free char *cache = xasprintf("%s/cache", global.template);

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		cleanup_free char *path = xasprintf("%s/%s%s", cache, name, formats[i].suffix);

		if (keep && strcmp(path, keep) == 0)
			continue;
		if (template_sum_remove(path))
			return EXIT_SYSTEM;
		if (unlink(path) && errno != ENOENT)
			return fail_errno(EXIT_SYSTEM, "Cannot remove %s", path);
	}
	return sync_file(cache) ? fail_errno(EXIT_SYSTEM, "Cannot write %s", cache) : 0;
}

/*
 * The archive @tmp is that of @name from now on, at @done, and the only one. Whatever has that
 * name is whole, after a power cut too.
 */
static int put(const char *name, const char *tmp, const char *done)
{
	cleanup_close int fd = open(tmp, O_RDONLY | O_CLOEXEC);
	char sum[SUM_SIZE];
	int ret;

	if (fd < 0 || fsync(fd))
		return fail_errno(EXIT_SYSTEM, "Cannot write %s", tmp);
	ret = sum_file(fd, "Checksum", sum);
	/* cut off from here on, it is one without a checksum */
	if (!ret)
		ret = template_sum_remove(done);
	if (!ret && (rename(tmp, done) || sync_parent(done)))
		ret = fail_errno(EXIT_SYSTEM, "Cannot write %s", done);
	if (!ret)
		ret = template_sum_write(done, sum);
	if (!ret)
		ret = remove_archives(name, done);
	/* what of old trees is left there is no failure */
	if (!ret && tree_prune(name, done)) {
		warn("%s", error_text());
		error_clear();
	}
	return ret;
}

int template_build(const char *name)
{
	cleanup_free char *recipe = xasprintf(RECIPES "/%s/build", name);
	cleanup_free char *cache = xasprintf("%s/cache", global.template);
	cleanup_free char *done = xasprintf("%s/%s" BUILT_SUFFIX, cache, name);
	/* one that a killed build left is overwritten */
	cleanup_free char *tmp = unfinished_path(name);
	cleanup_free char *lock_name = lock_of(name);
	const char *const argv[] = { recipe, tmp, NULL };
	cleanup_close int lock = -1;
	int status;

	if (!valid_template_name(name))
		return bad_name(name);
	if (access(recipe, X_OK))
		return fail(EXIT_NO_TEMPLATE, "There is no recipe for %s in " RECIPES, name);
	if (mkdir_parents(cache, 0755))
		return fail_errno(EXIT_SYSTEM, "Cannot make %s", cache);
	status = lock_take(lock_name, false, &lock);
	if (status == EXIT_LOCKED)
		return fail(status, "Template %s is being built already", name);
	if (status)
		return status;
	unlink(tmp);
	status = run_program(argv, lock);
	status = status ? fail(EXIT_BAD_TEMPLATE,
			       "The recipe %s failed; its messages are above", recipe) :
		 put(name, tmp, done);
	if (status)
		unlink(tmp);
	return status;
}

int template_verify(const char *name, bool *known)
{
	cleanup_free char *archive = NULL;
	cleanup_close int fd = -1;
	int ret = template_find(name, &archive);

	if (ret)
		return ret;
	fd = open(archive, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? fail_errno(EXIT_SYSTEM, "Cannot open %s", archive) :
	       template_sum_check(archive, fd, known);
}

int template_remove(const char *name)
{
	cleanup_free char *archive = NULL;
	int ret = template_find(name, &archive);

	if (!ret)
		ret = tree_prune(name, NULL);
	return ret ? ret : remove_archives(name, NULL);
}

/* In an archive from anywhere, for an empty directory: see shut_in.h. */
static int start_tar(int archive, int dir, uint32_t base, const char *compression, pid_t *pid)
{
	const char *argv[] = {
		"tar", "--extract", "--file=-", "--numeric-owner", "--preserve-permissions",
		"--same-owner", "--acls", "--xattrs", "--xattrs-include=user.*",
		"--xattrs-include=security.capability",
		/* /dev is made at each start; nodes in it could not be unpacked */
		"--anchored", "--exclude=./dev/*", "--exclude=dev/*", "--warning=no-timestamp",
		compression, NULL,
	};

	return shut_in_start(&(struct shut_in){
		.argv = argv, .dir = dir, .base = base, .stdio = { archive, -1 },
		.keep = -1, .status = EXIT_CREATE,
	}, pid);
}

int template_unpack_in(const char *archive, int mnt, uint32_t base)
{
	cleanup_close int in = open(archive, O_RDONLY | O_CLOEXEC);
	cleanup_free char *dir = xasprintf("/proc/self/fd/%d", mnt);
	const char *slash = strrchr(archive, '/');
	cleanup_free char *what = xasprintf("Unpacking %s", slash ? slash + 1 : archive);
	int format = format_of(archive), ret;
	bool known;
	pid_t tar;

	if (in < 0 || format < 0)
		return fail_errno(EXIT_NO_TEMPLATE, "Cannot open %s", archive);
	ret = template_sum_check(archive, in, &known);
	if (ret)
		return ret;
	if (chown(dir, base, base) || chmod(dir, 0755))
		return fail_errno(EXIT_CREATE, "Cannot prepare the root directory");
	ret = start_tar(in, mnt, base, formats[format].option, &tar);
	if (ret)
		return ret;
	progress_child(what, tar, in);
	return shut_in_wait(tar) ? fail(EXIT_BAD_TEMPLATE,
					"Cannot unpack %s; tar's messages are above", archive) : 0;
}

int template_unpack(const char *archive, const char *dir, uint32_t base)
{
	cleanup_close int mnt = rootfs_detach(dir);

	return mnt < 0 ? EXIT_CREATE : template_unpack_in(archive, mnt, base);
}
