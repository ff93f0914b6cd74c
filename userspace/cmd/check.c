// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../lib/diagnose.h"
#include "../lib/error.h"
#include "../lib/json.h"
#include "../lib/names.h"
#include "../lib/repair.h"
#include "../lib/terminal.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "../upgrade/upgrade.h"
#include "cmd.h"

/* In this order: what the later ones need is explained by the earlier ones. */
static const struct check {
	const char *name;
	void (*look)(struct findings *f);
} checks[] = {
	{ "kernel", diagnose_kernel },
	{ "modules", diagnose_modules },
	{ "cgroups", diagnose_cgroups },
	{ "programs", diagnose_programs },
	{ "criu", diagnose_criu },
	{ "settings", diagnose_settings },
	{ "configuration", diagnose_configuration },
	{ "templates", diagnose_templates },
	{ "containers", diagnose_containers },
	{ "upgrade", diagnose_upgrade },
};

/* The last one, which can do more than look. */
#define REMAINS	"remains"

/* Without names, all of them. */
static bool chosen(const char *check, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (strcmp(*names, check) == 0)
			return true;
	return false;
}

static bool is_check(const char *name)
{
	bool known = strcmp(name, REMAINS) == 0;

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		known |= strcmp(name, checks[i].name) == 0;
	return known;
}

static int choose(char **names)
{
	for (; *names; names++)
		if (!is_check(*names))
			return fail(EXIT_BAD_OPTION, "Check of what: %s? See cloisonctl-check(8)",
				    *names);
	return 0;
}

static const char *const verdicts[] = { "ok", "hint", "failed", "mended" };

static void print_finding(const struct finding *finding)
{
	static const struct {
		const char *word;
		enum colour colour;
	} marks[] = {
		{ "ok    ", COLOUR_GREEN }, { "hint  ", COLOUR_YELLOW }, { "FAILED", COLOUR_RED },
		{ "mended", COLOUR_GREEN },
	};

	printf("%s%s%s  %s\n", colour(stdout, marks[finding->verdict].colour),
	       marks[finding->verdict].word, colour(stdout, COLOUR_NONE), finding->text);
	if (finding->mend)
		printf("        %s\n", finding->mend);
	fflush(stdout);
}

static json_t *one_to_json(const struct finding *finding)
{
	return json_pack("{s:s, s:s, s:o, s:o}", "check", finding->check,
			 "verdict", verdicts[finding->verdict],
			 "text", json_text(finding->text), "mend", json_text(finding->mend));
}

static json_t *to_json(const struct findings *f, bool failed)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->count; i++)
		json_array_append_new(list, one_to_json(&f->list[i]));
	return json_pack("{s:b, s:o}", "ok", !failed, "findings", list);
}

struct request {
	bool json, repair;
	uint32_t id;	/* 0: all */
	char **names;	/* of checks, if there is no id */
};

struct remains {
	struct findings *f;
	bool repair;
	bool left;	/* not all is well */
};

static void on_repair(enum repair_verdict verdict, const char *text, void *arg)
{
	static const struct {
		enum verdict as;
		const char *mend;
	} said[] = {
		[REPAIR_FOUND] = { FINDING_HINT, "cloisonctl check --repair" },
		[REPAIR_MENDED] = { FINDING_MENDED, NULL },
		[REPAIR_FAILED] = { FINDING_HINT, NULL },
		[REPAIR_BUSY] = { FINDING_HINT, "check again when that has ended" },
	};
	struct remains *r = arg;
	enum verdict as = said[verdict].as;

	r->left |= verdict != REPAIR_MENDED;
	if (verdict == REPAIR_FAILED && r->repair)
		as = FINDING_BAD;
	finding(r->f, as, said[verdict].mend, "%s", text);
}

/* What commands that were killed left; EXIT_SYSTEM if it was to be mended and is there. */
static int look_for_remains(struct findings *f, const struct request *req)
{
	struct remains r = { f, req->repair, false };
	int ret;

	f->check = REMAINS;
	ret = repair(req->id, req->repair, on_repair, &r);
	if (ret) {
		finding_error(f, FINDING_HINT, NULL);
		return req->repair ? fail(ret, "Not all could be looked at") : 0;
	}
	if (!r.left)
		finding(f, FINDING_OK, NULL, "nothing is left of commands that were cut off");
	return r.left && req->repair ? fail(EXIT_SYSTEM, "Not all could be mended") : 0;
}

/* An upgrade of the host: what was suspended for it runs again. */
static int mend_upgrade(struct findings *f)
{
	cleanup_upgrade struct upgrade u = {};
	size_t count, failed;
	int ret = upgrade_read(&u);

	if (!ret && (!u.kernel || (u.leaving && upgrade_same_boot(&u))))
		return 0;
	if (!ret)
		ret = do_upgrade_back(&count, &failed);
	if (!ret && !failed) {
		finding(f, FINDING_MENDED, NULL,
			"an upgrade of the host that was cut off: %zu containers run again", count);
		return 0;
	}
	if (ret)
		finding_error(f, FINDING_BAD, NULL);
	else
		finding(f, FINDING_BAD, NULL,
			"an upgrade of the host that was cut off: %zu of %zu containers could not be resumed",
			failed, count);
	return fail(EXIT_SYSTEM, "Not all could be mended");
}

static int parse(int argc, char **argv, struct request *req)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "repair", no_argument, NULL, 'r' },
		{}
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "j", options, NULL)) != -1) {
		if (opt == 'j')
			req->json = true;
		else if (opt == 'r')
			req->repair = true;
		else
			return cmd_bad_option(argv);
	}
	req->names = argv + optind;
	if (optind == argc)
		return 0;
	/* a container that has such a name has a number, too */
	if (!req->repair && is_check(argv[optind]))
		return choose(req->names);
	if (!parse_ctid(argv[optind], &req->id) && !names_find(argv[optind], &req->id))
		return req->repair ? fail(EXIT_BAD_VALUE, "Bad CT ID %s", argv[optind]) :
				     choose(req->names);
	optind++;
	return cmd_no_more(argc, argv);
}

int cmd_check(int argc, char **argv)
{
	struct findings f = { .found = print_finding };
	struct request req = {};
	bool failed = false, only;
	int ret = parse(argc, argv, &req);

	if (ret)
		return ret;
	if (req.json)
		f.found = NULL;
	/* who has something mended does not wait for the rest */
	only = req.id || req.repair;
	for (size_t i = 0; !only && i < ARRAY_SIZE(checks); i++) {
		if (!chosen(checks[i].name, req.names))
			continue;
		f.check = checks[i].name;
		checks[i].look(&f);
	}
	for (size_t i = 0; i < f.count; i++)
		failed |= f.list[i].verdict == FINDING_BAD;
	if (only || chosen(REMAINS, req.names))
		ret = look_for_remains(&f, &req);
	if (!ret && req.repair && !req.id)
		ret = mend_upgrade(&f);
	if (req.json && json_print(to_json(&f, failed || ret)))
		ret = EXIT_SYSTEM;
	findings_free(&f);
	if (!ret && failed)
		ret = fail(EXIT_KERNEL, "This host cannot run containers yet");
	return ret;
}
