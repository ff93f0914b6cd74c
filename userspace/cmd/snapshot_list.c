// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../lib/error.h"
#include "../lib/json.h"
#include "../lib/util.h"
#include "../storage/layout.h"
#include "../storage/snapshot.h"
#include "cmd.h"

struct view {
	const struct container *ct;
	const struct snapshots *all;
};

struct field {
	const char *name, *alias, *header;
	int width;
	/* to be freed */
	char *(*get)(const struct view *v, const struct snapshot *s);
};

static char *get_uuid(const struct view *v, const struct snapshot *s)
{
	(void)v;
	return xstrdup(s->uuid);
}

static char *get_parent(const struct view *v, const struct snapshot *s)
{
	const char *parent = snapshots_parent(v->all, s);

	return xstrdup(parent ? parent : "");
}

static bool is_current(const struct snapshots *all, const struct snapshot *s)
{
	return all->current && strcmp(all->current, s->uuid) == 0;
}

static char *get_current(const struct view *v, const struct snapshot *s)
{
	return xstrdup(is_current(v->all, s) ? "*" : "");
}

static char *get_date(const struct view *v, const struct snapshot *s)
{
	time_t date = snapshot_date(s);
	char text[64] = "";
	struct tm tm;

	(void)v;
	if (localtime_r(&date, &tm))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	return xstrdup(text);
}

static char *get_name(const struct view *v, const struct snapshot *s)
{
	(void)v;
	return xstrdup(snapshot_text(s, "name"));
}

static char *get_description(const struct view *v, const struct snapshot *s)
{
	(void)v;
	return xstrdup(snapshot_text(s, "description"));
}

static char *get_layout(const struct view *v, const struct snapshot *s)
{
	(void)v;
	return xstrdup(layout_of(s->dir)->name);
}

static char *get_memory(const struct view *v, const struct snapshot *s)
{
	(void)v;
	return xstrdup(s->memory ? "yes" : "no");
}

static char *get_mounted(const struct view *v, const struct snapshot *s)
{
	char *where = snapshot_mounted(v->ct, s);

	return where ? where : xstrdup("");
}

/* vzctl's, in its order, and ours. */
static const struct field fields[] = {
	{ "uuid", "id", "UUID", 38, get_uuid },
	{ "parent_uuid", "parent_id", "PARENT_UUID", 38, get_parent },
	{ "current", NULL, "C", 1, get_current },
	{ "date", NULL, "DATE", 19, get_date },
	{ "name", NULL, "NAME", 32, get_name },
	{ "desc", "description", "DESC", 32, get_description },
	{ "layout", NULL, "LAYOUT", 7, get_layout },
	{ "memory", NULL, "MEMORY", 6, get_memory },
	{ "mounted", "device", "MOUNTED", 32, get_mounted },
};

static const struct field *find_field(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strcmp(fields[i].name, name) == 0 ||
		    (fields[i].alias && strcmp(fields[i].alias, name) == 0))
			return &fields[i];
	return NULL;
}

struct options {
	const struct field *chosen[32];
	size_t count;
	const char *id;
	bool no_header, json, fields;
};

static int choose(struct options *o, const char *list)
{
	cleanup_free char *copy = xstrdup(list);
	char *rest = copy, *word;

	o->count = 0;
	while ((word = strsep(&rest, ","))) {
		const struct field *f = find_field(word);

		if (!f || o->count == ARRAY_SIZE(o->chosen))
			return fail(EXIT_BAD_VALUE, "Unknown field: %s (-L lists them)", word);
		o->chosen[o->count++] = f;
	}
	return 0;
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "no-header", no_argument, NULL, 'H' },
		{ "output", required_argument, NULL, 'o' },
		{ "id", required_argument, NULL, 'i' },
		{ "uuid", required_argument, NULL, 'i' },
		{ "list", no_argument, NULL, 'L' },
		{ "json", no_argument, NULL, 'j' },
		{}
	};
	int opt, ret = 0;

	while (!ret && (opt = getopt_long(argc, argv, "Ho:Lj", options, NULL)) != -1) {
		switch (opt) {
		case 'H':
			o->no_header = true;
			break;
		case 'o':
			ret = choose(o, optarg);
			break;
		case 'i':
			o->id = optarg;
			break;
		case 'L':
			o->fields = true;
			break;
		case 'j':
			o->json = true;
			break;
		default:
			ret = cmd_bad_option(argv);
		}
	}
	return ret ? ret : cmd_no_more(argc, argv);
}

static void print_row(const struct options *o, const struct view *v, const struct snapshot *s)
{
	for (size_t i = 0; i < o->count; i++) {
		const struct field *f = o->chosen[i];
		cleanup_free char *text = s ? f->get(v, s) : xstrdup(f->header);

		printf(i + 1 < o->count ? "%-*s " : "%-*s\n", i + 1 < o->count ? f->width : 0,
		       text);
	}
}

json_t *snapshot_json(const struct container *ct, const struct snapshots *all,
		      const struct snapshot *s)
{
	const char *parent = snapshots_parent(all, s);
	cleanup_free char *where = snapshot_mounted(ct, s);

	return json_pack("{s:s, s:o, s:b, s:I, s:o, s:o, s:s, s:b, s:o}", "uuid", s->uuid,
			 "parent", json_text(parent), "current", is_current(all, s),
			 "date", (json_int_t)snapshot_date(s),
			 "name", json_text(snapshot_text(s, "name")),
			 "description", json_text(snapshot_text(s, "description")),
			 "layout", layout_of(s->dir)->name, "memory", s->memory,
			 "mounted", json_text(where));
}

static int show(const struct options *o, const struct view *v, const struct snapshot *only)
{
	json_t *list = json_array();

	if (!o->json && !o->no_header)
		print_row(o, v, NULL);
	for (size_t i = 0; i < v->all->count; i++) {
		const struct snapshot *s = &v->all->list[i];

		if (only && s != only)
			continue;
		if (o->json)
			json_array_append_new(list, snapshot_json(v->ct, v->all, s));
		else
			print_row(o, v, s);
	}
	if (o->json)
		return json_print(list);
	json_decref(list);
	return 0;
}

int cmd_snapshot_list(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	cleanup_snapshots struct snapshots all = {};
	const struct snapshot *only = NULL;
	struct options o = {};
	int ret = choose(&o, "parent_uuid,current,uuid,date,name");

	if (!ret)
		ret = cmd_container(argc, argv, NEED_CONF, &ct);
	if (!ret)
		ret = parse(argc - 1, argv + 1, &o);
	if (ret)
		return ret;
	if (o.fields) {
		for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
			printf("%-15s %s\n", fields[i].name, fields[i].header);
		return 0;
	}
	ret = o.id ? snapshots_choose(&ct, o.id, EXIT_SNAPSHOT_LIST, &all, &only) :
		     snapshots_read(&ct, &all);
	return ret ? ret : show(&o, &(struct view){ &ct, &all }, only);
}
