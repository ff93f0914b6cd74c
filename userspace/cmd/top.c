// SPDX-License-Identifier: GPL-2.0-only
/*
 * Containers that use the most, again and again: what changed between two looks, as rates.
 * On a terminal by ncurses; with --batch as text, for files and pipes.
 */
#include <curses.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/cleanup.h"
#include "../lib/error.h"
#include "../lib/figures.h"
#include "../lib/genl.h"
#include "../lib/json.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "cmd.h"

enum column { CPU, MEM, SWAP, PROCS, READ, WRITTEN, RECEIVED, SENT, WAIT, LOAD, COLUMNS };

static const struct {
	const char *name, *header;
	char key;
	int width;
	enum { PERCENT, SIZE, COUNT, AVERAGE } kind;
} columns[COLUMNS] = {
	[CPU] = { "cpu", "CPU%", 'c', 6, PERCENT },
	[MEM] = { "mem", "MEM", 'm', 7, SIZE },
	[SWAP] = { "swap", "SWAP", 's', 7, SIZE },
	[PROCS] = { "procs", "PROCS", 'p', 5, COUNT },
	[READ] = { "read", "READ/s", 'r', 7, SIZE },
	[WRITTEN] = { "write", "WRITE/s", 'w', 7, SIZE },
	[RECEIVED] = { "recv", "RECV/s", 'n', 7, SIZE },
	[SENT] = { "sent", "SENT/s", 't', 7, SIZE },
	/* what 80 columns have no room for comes last */
	[WAIT] = { "wait", "WAIT%", 'i', 6, PERCENT },
	[LOAD] = { "load", "LOAD", 'l', 6, AVERAGE },
};

#define NAME_WIDTH	10

struct row {
	uint32_t id;
	const char *name;
	/* percent of a CPU, bytes, bytes/s, a number, an average; NAN: unknown */
	double of[COLUMNS];
};

/* One look at all, and when. */
struct look {
	struct usage *list;
	size_t count;
	int64_t ms;
};

struct top {
	bool batch, json;
	uint64_t times;		/* 0: without end */
	unsigned int delay_ms;
	enum column sort;
	struct look before, now;
	struct row *rows;
};

/* Sooner a second look is not worth it, whatever is typed. */
#define SOONEST_MS	250

/* The module may be loaded again meanwhile: it is not there, or cannot be asked yet. */
#define TRIES		10

static int take(struct look *look)
{
	int ret, tries = 0;

	do {
		if (tries)
			sleep_ms(100);
		/* its family has another id then */
		genl_close();
		error_clear();
		look->ms = now_ms();
		ret = usage_list(NULL, &look->list, &look->count);
	} while (ret && ++tries < TRIES);
	return ret;
}

static void drop(struct look *look)
{
	usage_list_free(look->list, look->count);
	*look = (struct look){};
}

static const struct usage *find(const struct look *look, uint32_t id)
{
	for (size_t i = 0; i < look->count; i++)
		if (look->list[i].id == id)
			return &look->list[i];
	return NULL;
}

/* How much a counter grew; what fell has been started anew. */
static uint64_t grown(uint64_t before, uint64_t now)
{
	return now > before ? now - before : 0;
}

static double figure(const struct usage *u, enum figure_index i)
{
	return u->known[i] ? u->of[i] : NAN;
}

/* Percent of the time: both count us. */
static double percent(const struct usage *old, const struct usage *u, enum figure_index i,
		      double seconds)
{
	return u->known[i] && old->known[i] ? grown(old->of[i], u->of[i]) / seconds / 1e4 : NAN;
}

/* Each device and interface by itself: one that was not there before, or is gone, has no rate. */
static void add_devices(struct row *row, const struct usage *old, const struct usage *u)
{
	for (size_t i = 0; i < u->devices_count; i++) {
		const struct device_io *d = &u->devices[i];

		for (size_t j = 0; j < old->devices_count; j++) {
			const struct device_io *o = &old->devices[j];

			if (o->major != d->major || o->minor != d->minor)
				continue;
			row->of[READ] += grown(o->read_bytes, d->read_bytes);
			row->of[WRITTEN] += grown(o->written_bytes, d->written_bytes);
		}
	}
}

static void add_links(struct row *row, const struct usage *old, const struct usage *u)
{
	for (size_t i = 0; i < u->links_count; i++) {
		const struct link_counters *l = &u->links[i];

		for (size_t j = 0; j < old->links_count; j++) {
			const struct link_counters *o = &old->links[j];

			if (strcmp(o->ifname, l->ifname) != 0)
				continue;
			row->of[RECEIVED] += grown(o->received.bytes, l->received.bytes);
			row->of[SENT] += grown(o->sent.bytes, l->sent.bytes);
		}
	}
}

static struct row compare(const struct usage *old, const struct usage *u, double seconds)
{
	struct row row = { .id = u->id, .name = u->name ? u->name : "" };

	/* what was not there before, or was another one, has no rates yet */
	if (!old || old->uptime > u->uptime)
		old = u;
	add_devices(&row, old, u);
	add_links(&row, old, u);
	for (int c = 0; c < COLUMNS; c++)
		row.of[c] /= seconds;
	row.of[CPU] = percent(old, u, FIGURE_CPU_USAGE, seconds);
	row.of[WAIT] = percent(old, u, FIGURE_CPU_WAITING, seconds);
	row.of[MEM] = figure(u, FIGURE_MEMORY_USED);
	row.of[SWAP] = figure(u, FIGURE_SWAP_USED);
	row.of[PROCS] = figure(u, FIGURE_PROCESSES_CURRENT);
	row.of[LOAD] = figure(u, FIGURE_LOAD_1) / 100;
	return row;
}

/* The largest first, what is unknown last. */
static int order(const void *a, const void *b, void *arg)
{
	const enum column *by = arg;
	const struct row *x = a, *y = b;
	double m = isnan(x->of[*by]) ? -1 : x->of[*by], n = isnan(y->of[*by]) ? -1 : y->of[*by];

	if (m != n)
		return m < n ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

static void make_rows(struct top *t)
{
	double seconds = (t->now.ms - t->before.ms) / 1000.0;

	free(t->rows);
	t->rows = xcalloc(t->now.count + 1, sizeof(*t->rows));
	for (size_t i = 0; i < t->now.count; i++)
		t->rows[i] = compare(find(&t->before, t->now.list[i].id), &t->now.list[i], seconds);
	qsort_r(t->rows, t->now.count, sizeof(*t->rows), order, &t->sort);
}

static double sum(const struct top *t, enum column c)
{
	double all = 0;

	for (size_t i = 0; i < t->now.count; i++)
		all += isnan(t->rows[i].of[c]) ? 0 : t->rows[i].of[c];
	return all;
}

static char *summary(const struct top *t)
{
	char memory[16];

	return xasprintf("%zu running, %.1f%% CPU, %s memory, %.0f processes", t->now.count,
			 sum(t, CPU), amount_text(sum(t, MEM), memory, sizeof(memory)),
			 sum(t, PROCS));
}

static const char *cell(const struct row *row, enum column c, char *text, size_t size)
{
	double n = row->of[c];

	if (isnan(n))
		return "-";
	if (columns[c].kind == SIZE)
		return amount_text(n, text, size);
	snprintf(text, size, "%.*f",
		 columns[c].kind == AVERAGE ? 2 : columns[c].kind == PERCENT ? 1 : 0, n);
	return text;
}

/* With a blank between; both are freed. */
static char *join(char *line, char *more)
{
	char *longer = xasprintf("%s %s", line, more);

	free(line);
	free(more);
	return longer;
}

/* A line of the table; without a row its head. */
static char *table_line(const struct row *row)
{
	char *line = row ? xasprintf("%7u %-*.*s", row->id, NAME_WIDTH, NAME_WIDTH, row->name) :
			   xasprintf("%7s %-*s", "CTID", NAME_WIDTH, "NAME");
	char text[24];

	for (int c = 0; c < COLUMNS; c++)
		line = join(line, xasprintf("%*s", columns[c].width,
					    row ? cell(row, c, text, sizeof(text)) :
						  columns[c].header));
	return line;
}

static int show_text(struct top *t)
{
	cleanup_free char *first = summary(t), *head = table_line(NULL);

	printf("%s\n%s\n", first, head);
	for (size_t i = 0; i < t->now.count; i++) {
		cleanup_free char *line = table_line(&t->rows[i]);

		puts(line);
	}
	puts("");
	return fflush(stdout) || ferror(stdout) ? fail_errno(EXIT_SYSTEM, "Cannot print") : 0;
}

/* A line for each look. */
static int show_json(struct top *t)
{
	cleanup_json json_t *list = json_array();

	for (size_t i = 0; i < t->now.count; i++) {
		const struct row *row = &t->rows[i];
		json_t *object = json_pack("{s:I, s:o}", "ctid", (json_int_t)row->id, "name",
					   json_text(*row->name ? row->name : NULL));

		for (int c = 0; c < COLUMNS; c++)
			json_object_set_new(object, columns[c].name, isnan(row->of[c]) ?
					    json_null() : json_real(row->of[c]));
		json_array_append_new(list, object);
	}
	if (json_dumpf(list, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12)) ||
	    putchar('\n') == EOF || fflush(stdout))
		return fail_errno(EXIT_SYSTEM, "Cannot print");
	return 0;
}

static void put_line(int y, const char *text)
{
	mvaddnstr(y, 0, text, getmaxx(stdscr));
}

static char *keys_line(const struct top *t)
{
	char *line = xasprintf("sorted by %s; q:quit", columns[t->sort].name);

	for (int c = 0; c < COLUMNS; c++)
		line = join(line, xasprintf("%c:%s", columns[c].key, columns[c].name));
	return line;
}

static void show_screen(struct top *t)
{
	cleanup_free char *first = summary(t), *keys = keys_line(t), *head = table_line(NULL);

	erase();
	put_line(0, first);
	put_line(1, keys);
	attron(A_REVERSE);
	mvhline(2, 0, ' ', getmaxx(stdscr));
	put_line(2, head);
	attroff(A_REVERSE);
	for (size_t i = 0; i < t->now.count && (int)i + 3 < getmaxy(stdscr); i++) {
		cleanup_free char *line = table_line(&t->rows[i]);

		put_line(i + 3, line);
	}
	refresh();
}

/* What is typed until the next look is due. False: the end is wanted. */
static bool obey(struct top *t)
{
	int64_t due = t->now.ms + t->delay_ms, left;

	/* at least once, however long a look takes */
	do {
		int key;

		left = due - now_ms();
		timeout(left > 0 ? left : 0);
		key = getch();
		/* nothing came; or the terminal is gone, and nothing will */
		if (key == 'q' || (key == ERR && !isatty(STDIN_FILENO)))
			return false;
		if (key == ERR)
			continue;
		if (key == ' ' && due > t->now.ms + SOONEST_MS)
			due = t->now.ms + SOONEST_MS;
		for (int c = 0; c < COLUMNS; c++)
			if (key == columns[c].key)
				t->sort = c;
		make_rows(t);
		clearok(stdscr, TRUE);
		show_screen(t);
	} while (left > 0);
	return true;
}

static bool wait_for_next(struct top *t)
{
	if (!t->batch)
		return obey(t);
	sleep_ms(t->delay_ms);
	return true;
}

/* The first look is only for the rates of the second one. */
static int run(struct top *t)
{
	uint64_t n = 0;
	int ret = take(&t->before);

	sleep_ms(t->delay_ms < SOONEST_MS ? t->delay_ms : SOONEST_MS);
	while (!ret) {
		ret = take(&t->now);
		if (ret)
			break;
		make_rows(t);
		if (t->batch)
			ret = t->json ? show_json(t) : show_text(t);
		else
			show_screen(t);
		n++;
		if (ret || n == t->times || !wait_for_next(t))
			break;
		drop(&t->before);
		t->before = t->now;
		t->now = (struct look){};
	}
	drop(&t->before);
	drop(&t->now);
	free(t->rows);
	return ret;
}

/*
 * Warnings, of files that cannot be read for instance, would be written over the screen:
 * they wait in a pipe, what it has no room for is dropped, and the first are shown at the end,
 * but when a signal ends us.
 */
static void tell(int kept)
{
	char text[4096];
	ssize_t len = read(kept, text, sizeof(text));

	if (len > 0)
		fprintf(stderr, "%.*s%s", (int)len, text, text[len - 1] == '\n' ? "" : "\n");
}

static int on_screen(struct top *t)
{
	cleanup_close int own = dup(STDERR_FILENO), in = -1, out = -1;
	int pipes[2], ret;

	if (own < 0 || pipe2(pipes, O_NONBLOCK | O_CLOEXEC))
		return fail_errno(EXIT_SYSTEM, "Cannot make a pipe");
	in = pipes[0];
	out = pipes[1];
	setlocale(LC_CTYPE, "");
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || !newterm(NULL, stdout, stdin))
		return fail(EXIT_BAD_OPTION,
			    "This is no terminal that can be drawn on; try: cloisonctl top --batch");
	cbreak();
	noecho();
	curs_set(0);
	dup2(out, STDERR_FILENO);
	ret = run(t);
	endwin();
	dup2(own, STDERR_FILENO);
	tell(in);
	return ret;
}

static int choose_sort(const char *name, enum column *sort)
{
	cleanup_free char *known = NULL;

	for (int c = 0; c < COLUMNS; c++)
		if (strcmp(columns[c].name, name) == 0) {
			*sort = c;
			return 0;
		}
	known = xasprintf("There is no column %s; there are:", name);
	for (int c = 0; c < COLUMNS; c++)
		known = join(known, xstrdup(columns[c].name));
	return fail(EXIT_BAD_VALUE, "%s", known);
}

static int parse_delay(const char *text, unsigned int *ms)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds >= 0.1 && seconds <= 3600))
		return fail(EXIT_BAD_VALUE, "The delay is 0.1 to 3600 seconds, not %s", text);
	*ms = seconds * 1000;
	return 0;
}

static int parse_option(struct top *t, int opt, char **argv)
{
	switch (opt) {
	case 'j':
	case 'b':
		t->json |= opt == 'j';
		t->batch = true;
		return 0;
	case 'n':
		return parse_number(optarg, 1, UINT32_MAX, &t->times) ? 0 :
			fail(EXIT_BAD_VALUE, "How often? %s is no number from 1 on", optarg);
	case 'd':
		return parse_delay(optarg, &t->delay_ms);
	case 's':
		return choose_sort(optarg, &t->sort);
	default:
		return cmd_bad_option(argv);
	}
}

int cmd_top(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "batch", no_argument, NULL, 'b' },
		{ "times", required_argument, NULL, 'n' },
		{ "delay", required_argument, NULL, 'd' },
		{ "sort", required_argument, NULL, 's' },
		{}
	};
	struct top t = { .delay_ms = 3000 };
	int opt, ret = 0;

	while (!ret && (opt = getopt_long(argc, argv, "bjn:d:s:", options, NULL)) != -1)
		ret = parse_option(&t, opt, argv);
	if (!ret)
		ret = cmd_no_more(argc, argv);
	if (ret)
		return ret;
	return t.batch ? run(&t) : on_screen(&t);
}
