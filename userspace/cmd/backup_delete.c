// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>

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

/* Children first: whatever stops it, what is left has all it needs. */
static int delete(const char *dir, const char *id, bool all)
{
	struct backup *list = NULL;
	size_t count = 0;
	int ret = store_list(dir, 0, &list, &count);

	for (size_t i = 0; !ret && i < count; i++) {
		if (!store_is_child(&list[i], id))
			continue;
		ret = all ? delete(dir, backup_id(&list[i]), true) :
			    fail(EXIT_BACKUP,
				 "Backup %s needs %s: delete that one before, or both by --with-children",
				 backup_id(&list[i]), id);
	}
	store_free(list, count);
	if (!ret)
		ret = store_remove(dir, id);
	if (!ret)
		say("Backup %s was deleted", id);
	return ret;
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
