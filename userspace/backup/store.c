// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/error.h"
#include "../lib/global.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "store.h"

#define SUFFIX		".tar.zst"
#define UNFINISHED	".tmp"

/* Longer than anybody's chain: one that leads round in a circle ends. */
#define CHAIN_MAX	4096

char *store_dir(const char *dir, uint32_t ctid)
{
	return dir ? xstrdup(dir) : xasprintf("%s/%u", global.backup_dir, ctid);
}

char *store_file(const char *dir, const char *id)
{
	return xasprintf("%s/%s" SUFFIX, dir, id);
}

char *store_name(const struct backup *b)
{
	cleanup_free char *copy = xstrdup(b->path);
	const char *file = basename(copy);

	return xstrndup(file, strcspn(file, "."));
}

char *store_unfinished(const char *dir, const char *id)
{
	return xasprintf("%s/.%s" UNFINISHED, dir, id);
}

/* The id in a file's name, to be freed; NULL if it has none. */
static char *id_in(const char *name, const char *prefix, const char *suffix)
{
	size_t len = strlen(name), before = strlen(prefix), after = strlen(suffix);
	char *id;

	if (len <= before + after || strncmp(name, prefix, before) != 0 ||
	    strcmp(name + len - after, suffix) != 0)
		return NULL;
	id = xstrndup(name + before, len - before - after);
	if (backup_good_id(id))
		return id;
	free(id);
	return NULL;
}

static int open_at(struct backup *b, const char *path, bool lock)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return fail_errno(EXIT_NO_BACKUP, "Cannot open %s", path);
	/* where there are no locks nobody removes it either */
	if (lock && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK) {
		close(fd);
		return fail(EXIT_LOCKED, "Backup %s is being removed", path);
	}
	if (backup_read_head(b, fd, path))
		return EXIT_RESTORE;
	backup_look_at_tail(b);
	return 0;
}

int store_open_file(struct backup *b, const char *path)
{
	return open_at(b, path, true);
}

int store_find(const char *dir, const char *id, char **where)
{
	cleanup_free char *path = NULL;

	if (!backup_good_id(id))
		return fail(EXIT_NO_BACKUP,
			    "Bad name of a backup: %s; see: cloisonctl backup-list", id);
	*where = store_dir(dir, strtoul(id, NULL, 10));
	path = store_file(*where, id);
	if (access(path, F_OK) && errno == ENOENT)
		return fail(EXIT_NO_BACKUP,
			    "There is no backup %s in %s; see: cloisonctl backup-list", id, *where);
	return 0;
}

int store_open(struct backup *b, const char *dir, const char *id)
{
	cleanup_free char *where = NULL, *path = NULL;
	int ret = store_find(dir, id, &where);

	if (ret)
		return ret;
	path = store_file(where, id);
	return open_at(b, path, true);
}

static int by_date(const void *a, const void *b)
{
	const struct backup *x = a, *y = b;

	if (!x->head || !y->head)
		return !!x->head - !!y->head;
	return (backup_date(x) > backup_date(y)) - (backup_date(x) < backup_date(y));
}

/*
 * Of those that were made within a second a child has its parent before it. That is nothing to
 * sort by: others are neither before nor after each other.
 */
static void parents_first(struct backup *list, size_t count)
{
	/* as often as there are some: files from anywhere may name each other */
	for (size_t i = 0; i < count; i++)
		for (size_t k = i + 1, moves = count; list[i].head && k < count && moves &&
		     backup_date(&list[k]) == backup_date(&list[i]); k++)
			if (store_is_child(&list[i], backup_id(&list[k]))) {
				struct backup child = list[i];

				list[i] = list[k];
				list[k] = child;
				/* whose parent may be behind it, too */
				k = i;
				moves--;
			}
}

static int add_all(const char *dir, uint32_t ctid, struct backup **list, size_t *count)
{
	cleanup_dir DIR *all = opendir(dir);
	struct dirent *de;

	if (!all)
		return errno == ENOENT ? 0 : fail_errno(EXIT_SYSTEM, "Cannot read %s", dir);
	while ((de = readdir(all))) {
		cleanup_free char *id = id_in(de->d_name, "", SUFFIX);
		cleanup_free char *path = xasprintf("%s/%s", dir, de->d_name);
		struct backup b = BACKUP_INIT;

		if (!id)
			continue;
		if (open_at(&b, path, false)) {
			json_decref(b.head);
			b.head = NULL;
			error_clear();
		}
		cleanup_close_fn(&b.fd);
		b.fd = -1;
		/* removed meanwhile, or another's */
		if (!b.path || (ctid && b.head && backup_ctid(&b) != ctid)) {
			backup_close(&b);
			continue;
		}
		*list = xrealloc(*list, (*count + 1) * sizeof(**list));
		(*list)[(*count)++] = b;
	}
	return 0;
}

static void sort(struct backup *list, size_t count)
{
	if (count)
		qsort(list, count, sizeof(*list), by_date);
	parents_first(list, count);
}

int store_list(const char *dir, uint32_t ctid, struct backup **list, size_t *count)
{
	int ret = add_all(dir, ctid, list, count);

	sort(*list, *count);
	return ret;
}

/* The directories of containers. */
static int each_dir(void (*found)(const char *dir, void *arg), void *arg)
{
	cleanup_dir DIR *all = opendir(global.backup_dir);
	struct dirent *de;

	if (!all)
		return errno == ENOENT ? 0 :
		       fail_errno(EXIT_SYSTEM, "Cannot read %s", global.backup_dir);
	while ((de = readdir(all))) {
		cleanup_free char *dir = xasprintf("%s/%s", global.backup_dir, de->d_name);
		uint32_t id;

		if (parse_ctid(de->d_name, &id))
			found(dir, arg);
	}
	return 0;
}

struct gathered {
	struct backup **list;
	size_t *count;
	int ret;
};

static void gather(const char *dir, void *arg)
{
	struct gathered *g = arg;

	if (!g->ret)
		g->ret = add_all(dir, 0, g->list, g->count);
}

int store_list_all(struct backup **list, size_t *count)
{
	struct gathered g = { list, count, 0 };
	int ret = each_dir(gather, &g);

	sort(*list, *count);
	return ret ? ret : g.ret;
}

void store_free(struct backup *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		backup_close(&list[i]);
	free(list);
}

bool store_is_child(const struct backup *child, const char *id)
{
	const char *parent = child->head ? backup_text(child, "parent") : NULL;

	return parent && strcmp(parent, id) == 0;
}

bool store_is_parent(const struct backup *parent, const struct backup *child)
{
	return parent->head && store_is_child(child, backup_id(parent)) &&
	       /* one without a tail has the sum "" */
	       strcmp(backup_text(child, "parent_sha256"), backup_sum(parent)) == 0;
}

static int open_parent(const struct backup *child, struct backup *parent)
{
	const char *id = backup_text(child, "parent");
	cleanup_free char *copy = xstrdup(child->path);
	cleanup_free char *path = store_file(dirname(copy), id);

	if (access(path, F_OK))
		return fail(EXIT_RESTORE, "%s is incremental, and its parent %s is not there",
			    child->path, path);
	if (open_at(parent, path, true))
		return fail_wrap(EXIT_RESTORE, "%s needs its parent", child->path);
	if (!store_is_parent(parent, child))
		return fail(EXIT_RESTORE, "%s is not what %s was made after, or is damaged", path,
			    child->path);
	return 0;
}

/* All of a chain are open at once: as many as we may. */
static void raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

int store_chain(struct backup *newest, struct backup **chain, size_t *count)
{
	struct backup *all = xmalloc(sizeof(*all));
	size_t n = 1;
	int ret = 0;

	raise_files();
	all[0] = *newest;
	*newest = (struct backup)BACKUP_INIT;
	while (!ret && backup_text(&all[n - 1], "parent")) {
		if (n == CHAIN_MAX) {
			ret = fail(EXIT_RESTORE, "%s needs too many others", all[0].path);
			break;
		}
		all = xrealloc(all, (n + 1) * sizeof(*all));
		all[n] = (struct backup)BACKUP_INIT;
		ret = open_parent(&all[n - 1], &all[n]);
		n++;
	}
	for (size_t i = 0; i < n / 2; i++) {
		struct backup b = all[i];

		all[i] = all[n - 1 - i];
		all[n - 1 - i] = b;
	}
	*chain = all;
	*count = n;
	return ret;
}

/* NFS locks for oneself only what can be written to. */
int store_clear(const char *path)
{
	cleanup_close int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat was, is;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return fail_errno(EXIT_SYSTEM, "Cannot open %s", path);
	/* where there are no locks nobody is known to be */
	if (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		return fail(EXIT_LOCKED, "it is at work again");
	/* finished meanwhile: it has another name */
	if (fstat(fd, &was) || stat(path, &is) || was.st_ino != is.st_ino)
		return 0;
	if (unlink(path) && errno != ENOENT)
		return fail_errno(EXIT_SYSTEM, "Cannot remove %s", path);
	return 0;
}

/* Nobody works on it. */
static bool is_left(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) == 0;
}

static void each_unfinished(const char *dir, void (*found)(const char *path, void *arg), void *arg)
{
	cleanup_dir DIR *all = opendir(dir);
	struct dirent *de;

	while (all && (de = readdir(all))) {
		cleanup_free char *id = id_in(de->d_name, ".", UNFINISHED);
		cleanup_free char *path = xasprintf("%s/%s", dir, de->d_name);

		if (id && is_left(path))
			found(path, arg);
	}
}

struct visitor {
	void (*found)(const char *path, void *arg);
	void *arg;
};

static void visit(const char *dir, void *arg)
{
	struct visitor *v = arg;

	each_unfinished(dir, v->found, v->arg);
}

void store_each_unfinished(void (*found)(const char *path, void *arg), void *arg)
{
	struct visitor v = { found, arg };

	if (each_dir(visit, &v))
		error_clear();
}

static void sweep_one(const char *path, void *arg)
{
	(void)arg;
	if (store_clear(path)) {
		warn("%s", error_text());
		error_clear();
	}
}

void store_sweep(const char *dir)
{
	each_unfinished(dir, sweep_one, NULL);
}

int store_remove(const char *dir, const char *id)
{
	cleanup_free char *path = store_file(dir, id), *doomed = store_unfinished(dir, id);
	cleanup_close int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	int ret;

	if (fd < 0)
		return fail_errno(EXIT_NO_BACKUP, "Cannot open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		return fail(EXIT_LOCKED, "Backup %s is in use", id);
	if (rename_synced(path, doomed))
		return fail_errno(EXIT_BACKUP, "Cannot remove %s", path);
	close(take_fd(&fd));
	ret = store_clear(doomed);
	/* somebody else removes what is left */
	return ret == EXIT_LOCKED ? 0 : ret;
}
