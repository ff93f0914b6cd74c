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
#include "../lib/util.h"
#include "../lib/value.h"
#include "cmd.h"

/* From so many percent of a bound on it is near. */
#define NEAR	80

struct request {
	bool json, brief;
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
static bool is_near(uint64_t held, const struct acct_figures *a)
{
	return held && ((bounded(a->limit) && percent(held, a->limit) >= NEAR) ||
			(a->barrier && bounded(a->barrier) && percent(held, a->barrier) >= NEAR));
}

/* ! was refused, * is near, + was near */
static char mark(const struct acct_figures *a)
{
	if (!a->known)
		return ' ';
	if (a->failcnt)
		return '!';
	return is_near(a->held, a) ? '*' : is_near(a->maxheld, a) ? '+' : ' ';
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

static void print_row(const char *name, char unit, const struct acct_figures *a, bool brief)
{
	static const struct {
		char mark;
		enum colour colour;
	} colours[] = { { '!', COLOUR_RED }, { '*', COLOUR_YELLOW }, { '+', COLOUR_BOLD } };
	enum colour c = COLOUR_NONE;
	char m = mark(a);

	if (brief && m == ' ')
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
	printf("%s\n", c ? colour(stdout, COLOUR_NONE) : "");
}

static void print_table(const struct acct_container *c, bool brief)
{
	const char *name;
	uint32_t r;

	printf("CTID %u\n", c->id);
	printf("  %-12s %9s %4s %9s %4s %9s %9s %9s\n", "resource", "held", "of", "maxheld", "of",
	       "barrier", "limit", "failcnt");
	for (size_t i = 0; (name = beancounter_name(i, &r)); i++)
		print_row(name, beancounter_unit(i), &c->of[r], brief);
}

static json_t *figures_json(const struct acct_figures *a, char unit)
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
	json_object_set_new(object, "near", json_boolean(a->known && is_near(a->held, a)));
	return object;
}

static json_t *to_json(const struct acct_container *c, bool brief)
{
	json_t *resources = json_object();
	const char *name;
	uint32_t r;

	for (size_t i = 0; (name = beancounter_name(i, &r)); i++)
		if (!brief || mark(&c->of[r]) != ' ')
			json_object_set_new(resources, name,
					    figures_json(&c->of[r], beancounter_unit(i)));
	return json_pack("{s:I, s:o}", "ctid", (json_int_t)c->id, "beancounters", resources);
}

static void show(struct request *req, const struct acct_container *c)
{
	if (req->json)
		json_array_append_new(req->out, to_json(c, req->brief));
	else
		print_table(c, req->brief);
}

static int show_named(struct request *req, char **args)
{
	struct acct_container c;
	uint32_t id;
	int ret = 0;

	for (; !ret && *args; args++) {
		if (!parse_ctid(*args, &id) && !names_find(*args, &id))
			return fail(EXIT_NO_CONF, "There is no container %s", *args);
		ret = acct_get(id, &c);
		if (!ret && !c.id)
			ret = fail(EXIT_NOT_RUNNING, "Container %s is not running", *args);
		if (!ret)
			show(req, &c);
	}
	return ret;
}

static int show_all(struct request *req)
{
	cleanup_free struct acct_container *list = NULL;
	size_t count = 0;
	int ret = acct_list(&list, &count);

	for (size_t i = 0; i < count; i++)
		show(req, &list[i]);
	return ret;
}

int cmd_ubc(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "near", no_argument, NULL, 'q' },
		{}
	};
	struct request req = {};
	int opt, ret;

	while ((opt = getopt_long(argc, argv, "jq", options, NULL)) != -1) {
		switch (opt) {
		case 'j':
			req.json = true;
			break;
		case 'q':
			req.brief = true;
			break;
		default:
			return cmd_bad_option(argv);
		}
	}
	req.out = req.json ? json_array() : NULL;
	ret = argv[optind] ? show_named(&req, argv + optind) : show_all(&req);
	if (req.json && !ret)
		return json_print(req.out);
	json_decref(req.out);
	return ret;
}
