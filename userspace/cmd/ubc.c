// SPDX-License-Identifier: GPL-2.0-only
/*
 * Beancounters for people, as vzubc has them: sizes in bytes that can be read, how far
 * they are from their bounds, and what stands out.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/beancounters.h"
#include "../lib/error.h"
#include "../lib/json.h"
#include "../lib/names.h"
#include "../lib/terminal.h"
#include "../lib/ubcstore.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "cmd.h"

/* From so many percent of a bound on it is near. */
#define NEAR	80
/* as vzubc has it for what is held now */
#define NEAR_VZ	50

struct request {
	bool json, brief;
	double near_held, near_max;	/* percent */
	bool relative;			/* failcnt since the last look */
	bool growth;			/* and how held has changed */
	bool forget;			/* the last looks */
	const char *store;
	const char *file;		/* instead of the module */
	bool watch;
	double interval;		/* seconds */
	json_t *out;
};

static bool bounded(uint64_t bound)
{
	return bound != CLOISON_ACCT_UNLIMITED;
}

static double percent(uint64_t held, uint64_t bound)
{
	return bound ? held * 100.0 / bound : held ? 100 : 0;
}

/* A barrier of 0 is no bound where OpenVZ has 0:LIMIT, of memory. */
static bool is_near(uint64_t held, const struct acct_figures *a, double near)
{
	return held && ((bounded(a->limit) && percent(held, a->limit) >= near) ||
			(a->barrier && bounded(a->barrier) && percent(held, a->barrier) >= near));
}

/* ! was refused, * is near, + was near */
static char mark(const struct request *req, const struct acct_figures *a)
{
	if (!a->known)
		return ' ';
	if (a->failcnt)
		return '!';
	return is_near(a->held, a, req->near_held) ? '*' :
	       is_near(a->maxheld, a, req->near_max) ? '+' : ' ';
}

static void print_amount(uint64_t n, char unit)
{
	double value = n;
	char text[16];

	if (!bounded(n)) {
		printf(" %9s", "-");
		return;
	}
	if (unit == 'n') {
		printf(" %9" PRIu64, n);
		return;
	}
	if (unit == 'p')
		value *= sysconf(_SC_PAGESIZE);
	printf(" %9s", amount_text(value, text, sizeof(text)));
}

static void print_held(uint64_t n, char unit, const struct acct_figures *a)
{
	print_amount(n, unit);
	if (bounded(a->limit))
		printf(" %3.0f%%", percent(n, a->limit));
	else
		printf(" %4s", "-");
}

/* Without a sign it is nothing. */
static void print_growth(uint64_t last, uint64_t now, char unit)
{
	double n = now > last ? now - last : last - now;
	char amount[16], text[24];

	if (unit == 'n')
		snprintf(amount, sizeof(amount), "%.0f", n);
	else
		amount_text(unit == 'p' ? n * sysconf(_SC_PAGESIZE) : n, amount, sizeof(amount));
	snprintf(text, sizeof(text), "%s%s", now > last ? "+" : now < last ? "-" : "", amount);
	printf(" %10s", text);
}

/* @last: what was held, if that is wanted. */
static void print_row(const struct request *req, const char *name, char unit,
		      const struct acct_figures *a, const uint64_t *last)
{
	static const struct {
		char mark;
		enum colour colour;
	} colours[] = { { '!', COLOUR_RED }, { '*', COLOUR_YELLOW }, { '+', COLOUR_BOLD } };
	enum colour c = COLOUR_NONE;
	char m = mark(req, a);

	if (req->brief && m == ' ')
		return;
	for (size_t i = 0; i < ARRAY_SIZE(colours); i++)
		if (colours[i].mark == m)
			c = colours[i].colour;
	printf("%s%c %-12s", c ? colour(stdout, c) : "", m, name);
	if (a->known) {
		print_held(a->held, unit, a);
		print_held(a->maxheld, unit, a);
	} else {
		printf(" %9s %4s %9s %4s", "?", "", "?", "");
	}
	print_amount(a->barrier, unit);
	print_amount(a->limit, unit);
	if (a->known)
		printf(" %9" PRIu64, a->failcnt);
	else
		printf(" %9s", "?");
	if (a->known && last)
		print_growth(*last, a->held, unit);
	printf("%s\n", c ? colour(stdout, COLOUR_NONE) : "");
}

static void print_table(const struct request *req, const struct acct_container *c,
			const struct acct_container *last)
{
	const char *name;
	uint32_t r;

	printf("CTID %u\n", c->id);
	printf("  %-12s %9s %4s %9s %4s %9s %9s %9s%s\n", "resource", "held", "of", "maxheld", "of",
	       "barrier", "limit", "failcnt", last ? "     change" : "");
	for (size_t i = 0; (name = beancounter_name(i, &r)); i++)
		print_row(req, name, beancounter_unit(i), &c->of[r],
			  last ? &last->of[r].held : NULL);
}

static json_t *figures_json(const struct request *req, const struct acct_figures *a, char unit,
			    const uint64_t *last)
{
	json_t *object = json_pack("{s:s, s:I, s:I, s:b, s:b}",
				   "unit", unit == 'p' ? "pages" : unit == 'b' ? "bytes" : "number",
				   "barrier", (json_int_t)a->barrier, "limit", (json_int_t)a->limit,
				   "enforced", a->flags & CLOISON_ACCT_F_LIMITED ? 1 : 0,
				   "accounted", a->known);

	json_object_set_new(object, "held", a->known ? json_integer(a->held) : json_null());
	json_object_set_new(object, "maxheld", a->known ? json_integer(a->maxheld) : json_null());
	json_object_set_new(object, "failcnt", a->known ? json_integer(a->failcnt) : json_null());
	json_object_set_new(object, "sampled",
			    json_boolean(a->known && !(a->flags & CLOISON_ACCT_F_PEAK)));
	json_object_set_new(object, "near",
			    json_boolean(a->known && is_near(a->held, a, req->near_held)));
	if (last)
		json_object_set_new(object, "change", a->known ?
				    json_integer((json_int_t)(a->held - *last)) : json_null());
	return object;
}

static json_t *to_json(const struct request *req, const struct acct_container *c,
		       const struct acct_container *last)
{
	json_t *resources = json_object();
	const char *name;
	uint32_t r;

	for (size_t i = 0; (name = beancounter_name(i, &r)); i++)
		if (!req->brief || mark(req, &c->of[r]) != ' ')
			json_object_set_new(resources, name,
					    figures_json(req, &c->of[r], beancounter_unit(i),
							 last ? &last->of[r].held : NULL));
	return json_pack("{s:I, s:o}", "ctid", (json_int_t)c->id, "beancounters", resources);
}

/* What was refused since the last look; a counter that fell has begun anew. */
static int make_relative(const struct request *req, struct acct_container *c)
{
	struct acct_container last;
	int ret = ubc_look(req->store, "failcnt", c, &last);

	for (size_t r = 0; !ret && r < CLOISON_ACCT_RESOURCES; r++)
		if (c->of[r].failcnt >= last.of[r].failcnt)
			c->of[r].failcnt -= last.of[r].failcnt;
	return ret;
}

static int show(struct request *req, const struct acct_container *found)
{
	struct acct_container c = *found, last;
	int ret = req->growth ? ubc_look(req->store, "held", &c, &last) : 0;

	if (!ret && req->relative)
		ret = make_relative(req, &c);
	if (ret)
		return ret;
	if (req->json)
		json_array_append_new(req->out, to_json(req, &c, req->growth ? &last : NULL));
	else
		print_table(req, &c, req->growth ? &last : NULL);
	return 0;
}

static int list_all(const struct request *req, struct acct_container **list, size_t *count)
{
	return req->file ? ubc_read(req->file, list, count) : acct_list(list, count);
}

/* All zeroes if there is none. */
static int get(const struct request *req, uint32_t id, struct acct_container *c)
{
	cleanup_free struct acct_container *list = NULL;
	size_t count = 0;
	int ret;

	if (!req->file)
		return acct_get(id, c);
	*c = (struct acct_container){};
	ret = ubc_read(req->file, &list, &count);
	for (size_t i = 0; i < count; i++)
		if (list[i].id == id)
			*c = list[i];
	return ret;
}

static int show_named(struct request *req, char **args)
{
	struct acct_container c;
	uint32_t id;
	int ret = 0;

	for (; !ret && *args; args++) {
		if (!parse_ctid(*args, &id) && !names_find(*args, &id))
			return fail(EXIT_NO_CONF, "There is no container %s", *args);
		ret = get(req, id, &c);
		if (!ret && !c.id)
			ret = req->file ?
			      fail(EXIT_NO_CONF, "%s has no container %s", req->file, *args) :
			      fail(EXIT_NOT_RUNNING, "Container %s is not running", *args);
		if (!ret)
			ret = show(req, &c);
	}
	return ret;
}

static int show_all(struct request *req)
{
	cleanup_free struct acct_container *list = NULL;
	size_t count = 0;
	int ret = list_all(req, &list, &count);

	for (size_t i = 0; !ret && i < count; i++)
		ret = show(req, &list[i]);
	return ret;
}

/* A part of one, as vzubc has it. */
static int parse_ratio(const char *text, double *near)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || *end || !(n > 0 && n <= 100))
		return fail(EXIT_BAD_VALUE, "%s is no part such as 0.8, or percentage such as 80",
			    text);
	*near = n > 1 ? n : n * 100;
	return 0;
}

static int parse_interval(const char *text, double *seconds)
{
	char *end;

	*seconds = strtod(text, &end);
	if (end == text || *end || !(*seconds >= 0.1 && *seconds <= 3600))
		return fail(EXIT_BAD_VALUE, "The interval is 0.1 to 3600 seconds, not %s", text);
	return 0;
}

/* vzubc has options of two letters after one dash: getopt_long_only() takes those too. */
enum { HELD = 256, MAXHELD, STORE, STORE_HELD, FORGET, FORGET_HELD, DIFFERENCES, INTERVAL };

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "near", no_argument, NULL, 'q' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "qh", required_argument, NULL, HELD },
	{ "qm", required_argument, NULL, MAXHELD },
	{ "relative", no_argument, NULL, 'r' },
	{ "rd", required_argument, NULL, STORE },
	{ "rc", no_argument, NULL, FORGET },
	{ "incremental", no_argument, NULL, 'i' },
	{ "id", required_argument, NULL, STORE_HELD },
	{ "ic", no_argument, NULL, FORGET_HELD },
	{ "file", required_argument, NULL, 'f' },
	{ "color", no_argument, NULL, 'c' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "watch", no_argument, NULL, 'w' },
	{ "wd", no_argument, NULL, DIFFERENCES },
	{ "wt", no_argument, NULL, 'w' },
	{ "wn", required_argument, NULL, INTERVAL },
	{}
};

static int parse_option(struct request *req, int opt, char **argv)
{
	switch (opt) {
	case 'j':
		req->json = true;
		return 0;
	case HELD:
	case MAXHELD:
		req->brief = true;
		return parse_ratio(optarg, opt == HELD ? &req->near_held : &req->near_max);
	case 'q':
		req->brief = true;
		return 0;
	case STORE:
		req->store = optarg;
		req->relative = true;
		return 0;
	case STORE_HELD:
		req->store = optarg;
		req->growth = true;
		return 0;
	case FORGET:
		req->forget = true;
		req->relative = true;
		return 0;
	case FORGET_HELD:
		req->forget = true;
		req->growth = true;
		return 0;
	case 'r':
		req->relative = true;
		return 0;
	case 'i':
		req->growth = true;
		return 0;
	case 'f':
		req->file = strcmp(optarg, "-") == 0 ? "/dev/stdin" : optarg;
		return 0;
	case 'c': /* terminals get colours, and there is nothing that is not shown */
	case 'v':
		return 0;
	case INTERVAL:
		req->watch = true;
		return parse_interval(optarg, &req->interval);
	case DIFFERENCES:
	case 'w':
		req->growth |= opt == DIFFERENCES;
		req->watch = true;
		return 0;
	default:
		return cmd_bad_option(argv);
	}
}

static int look(struct request *req, char **args)
{
	int ret;

	req->out = req->json ? json_array() : NULL;
	ret = *args ? show_named(req, args) : show_all(req);
	if (req->json && !ret)
		return json_print(req->out);
	json_decref(req->out);
	return ret;
}

/* Again and again, in the same place of a terminal. */
static int watch(struct request *req, char **args)
{
	const char *clear = isatty(STDOUT_FILENO) ? "\033[H\033[J" : "";
	int ret = 0;

	if (req->json)
		return fail(EXIT_BAD_OPTION, "--json and --watch exclude each other");
	while (!ret) {
		fputs(clear, stdout);
		ret = look(req, args);
		if (!ret && fflush(stdout))
			ret = fail_errno(EXIT_SYSTEM, "Cannot print");
		if (!ret)
			sleep_ms(req->interval * 1000);
	}
	return ret;
}

int cmd_ubc(int argc, char **argv)
{
	struct request req = {
		.near_held = called_vz() ? NEAR_VZ : NEAR, .near_max = NEAR,
		.store = UBC_STORE, .interval = 2,
	};
	int opt, ret = 0;

	while (!ret && (opt = getopt_long_only(argc, argv, "jqrif:cvw", options, NULL)) != -1)
		ret = parse_option(&req, opt, argv);
	if (!ret && req.forget && req.relative)
		ret = ubc_forget(req.store, "failcnt");
	if (!ret && req.forget && req.growth)
		ret = ubc_forget(req.store, "held");
	if (ret || req.forget)
		return ret;
	return req.watch ? watch(&req, argv + optind) : look(&req, argv + optind);
}
