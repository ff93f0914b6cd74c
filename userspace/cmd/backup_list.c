// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../backup/restore.h"
#include "../backup/store.h"
#include "../lib/error.h"
#include "../lib/global.h"
#include "../lib/json.h"
#include "../lib/terminal.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "cmd.h"

struct options {
	const char *from;
	bool verify, json, bare;
	uint32_t ctid;
};

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "from", required_argument, NULL, 'd' },
		{ "verify", no_argument, NULL, 'V' },
		{ "json", no_argument, NULL, 'j' },
		{ "no-header", no_argument, NULL, 'H' },
		{}
	};
	int opt;

	*o = (struct options){};
	while ((opt = getopt_long(argc, argv, "Hj", options, NULL)) != -1) {
		switch (opt) {
		case 'd':
			o->from = optarg;
			break;
		case 'V':
			o->verify = true;
			break;
		case 'j':
			o->json = true;
			break;
		case 'H':
			o->bare = true;
			break;
		default:
			return cmd_bad_option(argv);
		}
	}
	if (optind < argc) {
		cleanup_container struct container ct = CONTAINER_INIT;
		int ret = container_open(&ct, argv[optind++], NEED_NOTHING);

		if (ret)
			return ret;
		o->ctid = ct.id;
	}
	return cmd_no_more(argc, argv);
}

struct listing {
	struct backup *list;
	const char **status;	/* NULL: not known yet */
	size_t count;
	bool verify;
};

#define NOBODY	SIZE_MAX

/* Mostly the one before it. */
static size_t parent_of(const struct listing *l, size_t i)
{
	const char *id = l->list[i].head ? backup_text(&l->list[i], "parent") : NULL;
	cleanup_free char *copy = xstrdup(l->list[i].path), *path = NULL;

	if (!id)
		return NOBODY;
	/* as the list has it, whatever slashes somebody gave */
	*strrchr(copy, '/') = '\0';
	path = store_file(copy, id);
	for (size_t n = 1; n < l->count; n++) {
		size_t k = (i + l->count - n) % l->count;

		if (strcmp(l->list[k].path, path) == 0)
			return k;
	}
	return NOBODY;
}

/* Can it be restored, if its parent can? */
static const char *judge(const struct listing *l, size_t i, size_t parent)
{
	const struct backup *b = &l->list[i];
	cleanup_backup struct backup opened = BACKUP_INIT;

	if (!b->head || !b->tail)
		return "damaged";
	if (backup_text(b, "parent") &&
	    (parent == NOBODY || !store_is_parent(&l->list[parent], b)))
		return "parent missing";
	if (parent != NOBODY && strcmp(l->status[parent], "whole") != 0)
		return l->status[parent];
	if (!l->verify)
		return "whole";
	if (!store_open_file(&opened, b->path) && !backup_verify(&opened, 1))
		return "whole";
	warn("%s", error_text());
	error_clear();
	return "damaged";
}

/* What it needs first, each once. With verify all of it is read for that. */
static void look_at(const struct listing *l, size_t i)
{
	cleanup_free size_t *chain = l->status[i] ? NULL : xcalloc(l->count, sizeof(*chain));
	size_t n = 0;

	for (size_t k = i; k != NOBODY && !l->status[k]; k = parent_of(l, k)) {
		/* of one that leads round in a circle */
		l->status[k] = "parent missing";
		chain[n++] = k;
	}
	while (n--)
		l->status[chain[n]] = judge(l, chain[n], parent_of(l, chain[n]));
}

json_t *backup_json(const struct backup *b, const char *status)
{
	cleanup_free char *name = store_name(b);
	json_t *one = json_pack("{s:s, s:o, s:I, s:s}", "id", name, "file", json_text(b->path),
				"size", (json_int_t)b->size, "status", status);

	if (!b->head)
		return one;
	json_object_set_new(one, "ctid", json_integer(backup_ctid(b)));
	json_object_set_new(one, "type", json_string(backup_text(b, "parent") ? "incremental" :
										"full"));
	json_object_set_new(one, "parent", json_text(backup_text(b, "parent")));
	json_object_set_new(one, "date", json_integer(backup_date(b)));
	json_object_set_new(one, "description", json_text(backup_text(b, "description")));
	json_object_set_new(one, "layout", json_text(backup_text(b, "layout")));
	json_object_set_new(one, "state", json_text(backup_text(b, "state")));
	json_object_set(one, "changed", json_object_get(b->tail, "changed") ?: json_null());
	json_object_set(one, "left_out", json_object_get(b->tail, "left_out") ?: json_null());
	return one;
}

static void print(const struct backup *b, const char *status)
{
	cleanup_free char *name = store_name(b), *text = NULL;
	char when[32] = "-";
	time_t date;
	struct tm tm;

	if (!b->head) {
		printf("%-35s %-11s %-16s %11s  %s\n", name, "-", when, "-", status);
		return;
	}
	date = backup_date(b);
	if (localtime_r(&date, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm);
	text = xstrdup(backup_text(b, "description"));
	make_printable(text);
	printf("%-35s %-11s %-16s %10.1fM  %s%s%s\n", name,
	       backup_text(b, "parent") ? "incremental" : "full", when, b->size / 1048576.0,
	       status, *text ? "  " : "", text);
}

int cmd_backup_list(int argc, char **argv)
{
	cleanup_json json_t *all = json_array();
	struct listing l = {};
	struct options o;
	bool bad = false;
	const char *dir;
	int ret = parse(argc, argv, &o);

	if (ret)
		return ret;
	/* what is not mounted, say, is not whole */
	dir = o.from ? o.from : o.verify ? global.backup_dir : NULL;
	if (dir && access(dir, F_OK))
		return fail_errno(EXIT_NO_BACKUP, "Cannot open %s", dir);
	if (!o.from && !o.ctid) {
		ret = store_list_all(&l.list, &l.count);
	} else {
		cleanup_free char *one = store_dir(o.from, o.ctid);

		ret = store_list(one, o.ctid, &l.list, &l.count);
	}
	if (!ret && !o.json && !o.bare)
		printf("%-35s %-11s %-16s %11s  %s\n", "BACKUP", "TYPE", "DATE", "SIZE", "STATUS");
	l.status = xcalloc(l.count + 1, sizeof(*l.status));
	l.verify = o.verify;
	for (size_t i = 0; !ret && i < l.count; i++) {
		look_at(&l, i);
		bad |= strcmp(l.status[i], "whole") != 0;
		if (o.json)
			json_array_append_new(all, backup_json(&l.list[i], l.status[i]));
		else
			print(&l.list[i], l.status[i]);
	}
	store_free(l.list, l.count);
	free(l.status);
	if (!ret && o.json)
		ret = json_print(json_incref(all));
	if (!ret && o.verify && bad)
		ret = fail(EXIT_RESTORE, "Not all of them could be restored");
	return ret;
}
