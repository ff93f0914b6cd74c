// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "global.h"
#include "rootfs.h"
#include "tarball.h"
#include "template.h"
#include "template_new.h"
#include "template_sum.h"
#include "tree.h"
#include "util.h"
#include "value.h"

#define RECIPES		DATADIR "/templates"

/* Recipes write this one. */
#define BUILT_SUFFIX	".tar.zst"

static int bad_name(const char *name)
{
	return fail(EXIT_BAD_VALUE, "Bad template name %s", name);
}

int template_find(const char *name, char **archive)
{
	if (!valid_template_name(name))
		return bad_name(name);
	for (size_t i = 0; i < TARBALL_FORMATS; i++) {
		char *path = xasprintf("%s/cache/%s%s", global.template, name,
				       tarball_formats[i].suffix);

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
		const struct tarball_format *format = tarball_named(de->d_name);
		cleanup_free char *name = NULL;
		struct template *t;
		struct stat st;

		if (!format || fstatat(dirfd(dir), de->d_name, &st, 0))
			continue;
		name = xstrndup(de->d_name, strlen(de->d_name) - strlen(format->suffix));
		if (!valid_template_name(name))
			continue;
		t = entry(list, count, name);
		/* the one that template_find() takes */
		if (t->archive && tarball_named(t->archive) < format)
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

int template_build(const char *name)
{
	cleanup_template_new struct template_new t = TEMPLATE_NEW_INIT;
	cleanup_free char *recipe = xasprintf(RECIPES "/%s/build", name);
	int ret;

	if (!valid_template_name(name))
		return bad_name(name);
	if (access(recipe, X_OK))
		return fail(EXIT_NO_TEMPLATE, "There is no recipe for %s in " RECIPES, name);
	ret = template_begin(&t, name);
	if (ret)
		return ret;
	return run_program((const char *const []){ recipe, t.archive, NULL }, t.lock) ?
	       fail(EXIT_BAD_TEMPLATE, "The recipe %s failed; its messages are above", recipe) :
	       template_put(&t, BUILT_SUFFIX);
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
	return ret ? ret : template_remove_archives(name, NULL);
}

int template_unpack_in(const char *archive, int mnt, uint32_t base, const struct room *room)
{
	cleanup_close int in = open(archive, O_RDONLY | O_CLOEXEC);
	const struct tarball_format *format = tarball_named(archive);
	cleanup_free char *dir = xasprintf("/proc/self/fd/%d", mnt);
	bool known;
	int ret;

	if (in < 0 || !format)
		return fail_errno(EXIT_NO_TEMPLATE, "Cannot open %s", archive);
	ret = template_sum_check(archive, in, &known);
	if (ret)
		return ret;
	if (chown(dir, base, base) || chmod(dir, 0755))
		return fail_errno(EXIT_CREATE, "Cannot prepare the root directory");
	return tarball_unpack(in, format, mnt, base, basename(archive), false, room);
}

int template_unpack(const char *archive, const char *dir, uint32_t base, const struct room *room)
{
	cleanup_close int mnt = rootfs_detach(dir);

	return mnt < 0 ? EXIT_CREATE : template_unpack_in(archive, mnt, base, room);
}
