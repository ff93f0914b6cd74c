// SPDX-License-Identifier: GPL-2.0-only
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/error.h"
#include "../lib/fields.h"
#include "../lib/names.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "cmd.h"

#define MAX_COLUMNS	256

struct row {
	struct listed l;
	struct cell key;	/* what it is sorted by */
};

struct listing {
	const char *output;	/* names of columns, NULL: the usual ones */
	const struct field *columns[MAX_COLUMNS];
	size_t count;
	const struct field *sort;
	bool reverse, header, trim, json, all, stopped;
	/* patterns of shells, NULL: any */
	const char *hostname, *name, *description;
	/* those that were asked for */
	uint32_t *ids;
	size_t ids_count;
	struct row *rows;
	size_t rows_count;
};

static int choose_columns(struct listing *l)
{
	cleanup_free char *copy = NULL;
	char *rest, *name;

	if (l->json && !l->output)
		return 0;
	copy = xstrdup(l->output ? l->output : "ctid,numproc,status,ip,hostname");
	rest = copy;
	while ((name = strsep(&rest, ","))) {
		const struct field *f = field_find(name);

		if (!f)
			return fail(EXIT_BAD_VALUE, "Unknown field: %s", name);
		if (l->json && field_is_part(f))
			return fail(EXIT_BAD_VALUE, "Field `%s' is not available in JSON output",
				    name);
		if (l->count == MAX_COLUMNS)
			return fail(EXIT_BAD_VALUE, "More than %d fields", MAX_COLUMNS);
		l->columns[l->count++] = f;
	}
	return 0;
}

static int choose_sort(struct listing *l, const char *arg)
{
	l->reverse = *arg == '-';
	l->sort = field_find(arg + l->reverse);
	if (!l->sort)
		return fail(EXIT_BAD_VALUE, "Invalid sort field name: %s", arg);
	return 0;
}

/* The line without trailing blanks, as vzlist has it. */
static void print_line(char *line)
{
	size_t len = strlen(line);

	while (len && line[len - 1] == ' ')
		line[--len] = '\0';
	puts(line);
	free(line);
}

static void add_column(char **line, int width, const char *text)
{
	text_append(line, "%s%*s", **line ? " " : "", width, text);
}

/* A single column is for scripts: no padding, but where vzlist has it. */
static int width_of(const struct listing *l, const struct field *f)
{
	return l->count > 1 || called_vz() ? f->width : 0;
}

static void print_header(const struct listing *l)
{
	char *line = xstrdup("");

	for (size_t i = 0; i < l->count; i++)
		add_column(&line, width_of(l, l->columns[i]), l->columns[i]->header);
	print_line(line);
}

/* Cut at a whole character of UTF-8; of several words leave the first. */
static void trim(char *text, const struct cell *c, int width)
{
	size_t max = abs(width);

	if (c->kind == CELL_WORDS)
		text[strcspn(text, " \t")] = '\0';
	if (strlen(text) <= max)
		return;
	while (max && (text[max] & 0xc0) == 0x80)
		max--;
	text[max] = '\0';
}

static void print_row(const struct listing *l, struct listed *ct)
{
	char *line = xstrdup("");

	for (size_t i = 0; i < l->count; i++) {
		const struct field *f = l->columns[i];
		cleanup_free char *text = NULL;
		struct cell c;

		field_get(f, ct, &c);
		text = cell_text(&c);
		if (l->trim && (f->flags & FIELD_TRIM) && i + 1 < l->count)
			trim(text, &c, f->width);
		cell_free(&c);
		add_column(&line, width_of(l, f), text);
	}
	print_line(line);
}

static json_t *row_json(const struct listing *l, struct listed *ct)
{
	json_t *object = json_object();
	size_t count;
	const struct field *all = fields(&count);

	for (size_t i = 0; !l->count && i < count; i++)
		if (!field_is_part(&all[i]))
			json_object_set_new(object, all[i].name, field_json(&all[i], ct));
	for (size_t i = 0; i < l->count; i++)
		json_object_set_new(object, l->columns[i]->name,
				    field_json(l->columns[i], ct));
	return object;
}

static void print_fields(void)
{
	size_t count;
	const struct field *all = fields(&count);

	for (size_t i = 0; i < count; i++)
		printf("%-15s %s\n", all[i].name, all[i].header);
}

static void usage(void)
{
	printf("Usage: %s [-a | -S] [-n] [-H] [-t] [-j] [-o FIELD[,FIELD...] | -1] [-s [-]FIELD]\n"
	       "       [-h PATTERN] [-N PATTERN] [-d PATTERN] [CTID|NAME ...]\n"
	       "       %s -L\n\n"
	       "  -a, --all                all containers, not only the running ones\n"
	       "  -S, --stopped            those that do not run\n"
	       "  -n, --name               names instead of numbers\n"
	       "  -H, --no-header          no line of headers\n"
	       "  -t, --no-trim            long values whole\n"
	       "  -j, --json               JSON, all fields unless -o names some\n"
	       "  -o, --output FIELDS      these columns\n"
	       "  -1                       numbers only, as -H -octid\n"
	       "  -s, --sort FIELD         sorted by it; by -FIELD from the other end\n"
	       "  -h, --hostname PATTERN   those whose host name matches\n"
	       "  -N, --name_filter PATTERN  those whose name matches\n"
	       "  -d, --description PATTERN  those whose description matches\n"
	       "  -L, --list               the names of all fields\n",
	       called_vz() ? called_as : "cloisonctl list",
	       called_vz() ? called_as : "cloisonctl list");
}

/* *@done: there is nothing to list, all is said. */
static int parse(int argc, char **argv, struct listing *l, bool *done)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "stopped", no_argument, NULL, 'S' },
		{ "name", no_argument, NULL, 'n' },
		{ "no-header", no_argument, NULL, 'H' },
		{ "no-trim", no_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },
		{ "output", required_argument, NULL, 'o' },
		{ "sort", required_argument, NULL, 's' },
		{ "hostname", required_argument, NULL, 'h' },
		{ "name_filter", required_argument, NULL, 'N' },
		{ "description", required_argument, NULL, 'd' },
		{ "list", no_argument, NULL, 'L' },
		{ "help", no_argument, NULL, 'e' },
		{}
	};
	int opt, ret = 0;

	while (!ret && !*done &&
	       (opt = getopt_long(argc, argv, "aSnHtjo:1s:h:N:d:L", options, NULL)) != -1) {
		switch (opt) {
		case 'a':
			l->all = true;
			break;
		case 'S':
			l->stopped = true;
			break;
		case 'n':
			l->output = "smart_name,numproc,status,ip,hostname";
			break;
		case 'H':
			l->header = false;
			break;
		case 't':
			l->trim = false;
			break;
		case 'j':
			l->json = true;
			break;
		case 'o':
			l->output = optarg;
			break;
		case '1':
			l->header = false;
			l->output = "ctid";
			break;
		case 's':
			ret = choose_sort(l, optarg);
			break;
		case 'h':
			l->hostname = optarg;
			break;
		case 'N':
			l->name = optarg;
			break;
		case 'd':
			l->description = optarg;
			break;
		case 'L':
			print_fields();
			*done = true;
			break;
		case 'e':
			usage();
			*done = true;
			break;
		default:
			return cmd_bad_option(argv);
		}
	}
	return ret || *done ? ret : choose_columns(l);
}

/* Numbers, or names; what is not there does not match, what cannot be is an error. */
static int choose_containers(struct listing *l, char **args)
{
	for (; *args; args++) {
		uint32_t id;

		if (!parse_ctid(*args, &id) && !names_find(*args, &id))
			return fail(EXIT_BAD_VALUE, "CT ID %s is invalid.", *args);
		l->ids = xrealloc(l->ids, (l->ids_count + 1) * sizeof(*l->ids));
		l->ids[l->ids_count++] = id;
	}
	if (l->ids_count)
		qsort(l->ids, l->ids_count, sizeof(*l->ids), container_compare_ids);
	return 0;
}

/* Nothing is read for a pattern that was not given. */
static bool matches(const char *pattern, struct listed *ct, const char *key)
{
	const char *value;

	if (!pattern)
		return true;
	value = listed_conf(ct, key);
	return value && fnmatch(pattern, value, 0) == 0;
}

static bool wanted(const struct listing *l, struct listed *ct)
{
	bool running = listed_runs(ct);

	if (l->ids_count &&
	    !bsearch(&ct->id, l->ids, l->ids_count, sizeof(*l->ids), container_compare_ids))
		return false;
	/* who asks for one by name wants to see it whatever its state */
	if (running ? l->stopped : !(l->all || l->stopped || l->ids_count))
		return false;
	/* a file alone is no container */
	if (!running && !container_exists(listed_container(ct)))
		return false;
	return matches(l->hostname, ct, "HOSTNAME") && matches(l->name, ct, "NAME") &&
	       matches(l->description, ct, "DESCRIPTION");
}

static void add(struct listing *l, const struct container_entry *e)
{
	struct row *row = &l->rows[l->rows_count];

	*row = (struct row) { .l = { .id = e->id, .kc = e->kc, .as_vzlist = called_vz() } };
	if (wanted(l, &row->l))
		l->rows_count++;
	else
		listed_close(&row->l);
}

static int collect(struct listing *l)
{
	cleanup_free struct container_entry *list = NULL;
	size_t count;
	/* for what runs the files need not even be looked for */
	int ret = container_list(l->all || l->stopped || l->ids_count, &list, &count);

	if (ret)
		return ret;
	l->rows = xcalloc(count + 1, sizeof(*l->rows));
	for (size_t i = 0; i < count; i++)
		add(l, &list[i]);
	return 0;
}

static const struct field *sorted_by;

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int ret = cell_compare(sorted_by, &x->key, &y->key);

	return ret ? ret : (x->l.id > y->l.id) - (x->l.id < y->l.id);
}

static void sort(struct listing *l)
{
	sorted_by = l->sort;
	if (!sorted_by || !l->rows_count)
		return;
	for (size_t i = 0; i < l->rows_count; i++)
		field_get(sorted_by, &l->rows[i].l, &l->rows[i].key);
	qsort(l->rows, l->rows_count, sizeof(*l->rows), compare_rows);
}

static int print(struct listing *l)
{
	json_t *list = l->json ? json_array() : NULL;

	if (l->rows_count && l->header && !l->json)
		print_header(l);
	for (size_t i = 0; i < l->rows_count; i++) {
		struct row *row = &l->rows[l->reverse ? l->rows_count - 1 - i : i];

		if (l->json)
			json_array_append_new(list, row_json(l, &row->l));
		else
			print_row(l, &row->l);
	}
	return l->json ? json_print(list) : 0;
}

static void listing_free(struct listing *l)
{
	for (size_t i = 0; i < l->rows_count; i++) {
		cell_free(&l->rows[i].key);
		listed_close(&l->rows[i].l);
	}
	free(l->rows);
	free(l->ids);
}

int cmd_list(int argc, char **argv)
{
	struct listing l = { .header = true, .trim = true };
	bool done = false;
	int ret = parse(argc, argv, &l, &done);

	if (!ret && !done)
		ret = choose_containers(&l, argv + optind);
	if (!ret && !done)
		ret = collect(&l);
	if (!ret && !done) {
		sort(&l);
		ret = print(&l);
		if (!ret && !l.rows_count && l.ids_count)
			ret = fail(1, "Container(s) not found");
		/* a host that has none is not a failure */
		else if (!ret && !l.rows_count && !l.json)
			fputs("Container(s) not found\n", stderr);
	}
	listing_free(&l);
	return ret;
}
