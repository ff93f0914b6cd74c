// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <string.h>

#include "../backup/store.h"
#include "../lib/error.h"
#include "../lib/util.h"
#include "cmd.h"

static int parse(int argc, char **argv, const char **from, bool *all, const char **id)
{
	static const struct option options[] = {
		{ "from", required_argument, NULL, 'd' },
		{ "with-children", no_argument, NULL, 'c' },
		{}
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'd')
			*from = optarg;
		else if (opt == 'c')
			*all = true;
		else
			return cmd_bad_option(argv);
	}
	if (optind == argc)
		return fail(EXIT_BAD_OPTION, "Say which backup; see: cloisonctl backup-list");
	*id = argv[optind++];
	return cmd_no_more(argc, argv);
}

static void swap(struct backup *a, struct backup *b)
{
	struct backup was = *a;

	*a = *b;
	*b = was;
}

/*
 * To the front: the one at @path, those that need it, and those that need these. How many. Each
 * comes once, whoever leads round in a circle.
 */
static size_t find_children(struct backup *list, size_t count, const char *path)
{
	size_t n = 0;

	for (size_t i = 0; !n && i < count; i++)
		if (strcmp(list[i].path, path) == 0)
			swap(&list[n++], &list[i]);
	for (size_t at = 0; at < n; at++) {
		cleanup_free char *id = store_name(&list[at]);

		for (size_t i = n; i < count; i++)
			if (store_is_child(&list[i], id))
				swap(&list[n++], &list[i]);
	}
	return n;
}

static int remove_one(const char *dir, const char *id)
{
	int ret = store_remove(dir, id);

	if (!ret)
		say("Backup %s was deleted", id);
	return ret;
}

/* Children first: whatever stops it, what is left has all it needs. */
static int delete(const char *dir, const char *id, bool all)
{
	cleanup_free char *path = store_file(dir, id);
	struct backup *list = NULL;
	size_t count = 0, n;
	int ret = store_list(dir, 0, &list, &count);

	n = find_children(list, count, path);
	if (!ret && n > 1 && !all) {
		cleanup_free char *child = store_name(&list[1]);

		ret = fail(EXIT_BACKUP,
			   "Backup %s needs %s: delete that one before, or both by --with-children",
			   child, id);
	}
	while (!ret && n-- > 1) {
		cleanup_free char *child = store_name(&list[n]);

		ret = remove_one(dir, child);
	}
	store_free(list, count);
	return ret ? ret : remove_one(dir, id);
}

int cmd_backup_delete(int argc, char **argv)
{
	const char *from = NULL, *id = NULL;
	cleanup_free char *dir = NULL;
	bool all = false;
	int ret = parse(argc, argv, &from, &all, &id);

	if (!ret)
		ret = store_find(from, id, &dir);
	if (ret)
		return ret;
	store_sweep(dir);
	return delete(dir, id, all);
}
