// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../lib/error.h"
#include "../lib/import.h"
#include "../lib/json.h"
#include "../lib/template.h"
#include "../lib/util.h"
#include "cmd.h"

/* Seconds since it was built; a clock may have been set back. */
static long long age(const struct template *t)
{
	time_t now = time(NULL);

	return now > t->built ? now - t->built : 0;
}

static char *age_text(const struct template *t)
{
	long long minutes = age(t) / 60;

	if (!t->archive)
		return xstrdup("-");
	return minutes < 60 ? xasprintf("%lldm", minutes) :
	       minutes < 48 * 60 ? xasprintf("%lldh", minutes / 60) :
	       xasprintf("%lldd", minutes / (24 * 60));
}

static json_t *to_json(const struct template *t)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:b}", "name", t->name,
			 "archive", json_text(t->archive),
			 "size", t->archive ? json_integer(t->size) : json_null(),
			 "built", t->archive ? json_integer(t->built) : json_null(),
			 "age", t->archive ? json_integer(age(t)) : json_null(),
			 "recipe", t->recipe);
}

static int list_json(const struct template *all, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, to_json(&all[i]));
	return json_print(list);
}

static int list(bool json)
{
	struct template *all;
	size_t count;
	int ret = template_list(&all, &count);

	if (ret)
		return ret;
	if (json) {
		ret = list_json(all, count);
		template_list_free(all, count);
		return ret;
	}
	printf("%-24s %10s  %-16s %6s %s\n", "TEMPLATE", "SIZE", "BUILT", "AGE", "RECIPE");
	for (size_t i = 0; i < count; i++) {
		char when[32] = "-", size[32] = "-";
		cleanup_free char *old = age_text(&all[i]);
		struct tm tm;

		if (all[i].archive) {
			strftime(when, sizeof(when), "%Y-%m-%d %H:%M",
				 localtime_r(&all[i].built, &tm));
			snprintf(size, sizeof(size), "%.1fM", all[i].size / 1048576.0);
		}
		printf("%-24s %10s  %-16s %6s %s\n", all[i].name, size, when, old,
		       all[i].recipe ? "yes" : "no");
	}
	template_list_free(all, count);
	return 0;
}

static int build(const char *name)
{
	int ret;

	say("Building template %s", name);
	ret = template_build(name);
	if (!ret)
		say("Template %s was built", name);
	return ret;
}

/* One that cannot be built keeps nobody from the next, nor is what was there lost. */
static int build_all(char **names, size_t count)
{
	int first = 0;

	for (size_t i = 0; i < count; i++) {
		int ret = build(names[i]);

		if (!ret)
			continue;
		warn("%s: %s", names[i], error_text());
		error_clear();
		first = first ?: ret;
	}
	return first ? fail(first, "Not all templates could be built") : 0;
}

/* Those that are named, or all that have been built by a recipe that is there. */
static int update(char **names, size_t count)
{
	struct template *all;
	size_t n, old = 0;
	int ret;

	if (count)
		return build_all(names, count);
	ret = template_list(&all, &n);
	if (ret)
		return ret;
	names = xcalloc(n + 1, sizeof(*names));
	for (size_t i = 0; i < n; i++)
		if (all[i].archive && all[i].recipe)
			names[old++] = all[i].name;
	ret = build_all(names, old);
	free(names);
	template_list_free(all, n);
	return ret;
}

static int import(int argc, char **argv)
{
	static const struct option options[] = {
		{ "sha256", required_argument, NULL, 's' },
		{ "force", no_argument, NULL, 'f' },
		{}
	};
	struct import im = {};
	const char *name;
	int opt, ret;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 's')
			im.sum = optarg;
		else if (opt == 'f')
			im.replace = true;
		else
			return cmd_bad_option(argv);
	}
	if (argc - optind < 2)
		return fail(EXIT_BAD_OPTION,
			    "Say the template's name, and the archive or OCI image that it comes from");
	name = argv[optind++];
	im.from = argv[optind++];
	ret = cmd_no_more(argc, argv);
	if (ret)
		return ret;
	say("Importing template %s", name);
	ret = template_import(name, &im);
	if (!ret)
		say("Template %s was imported", name);
	return ret;
}

static int remove_one(const char *name)
{
	int ret = template_remove(name);

	if (!ret)
		say("Template %s was removed", name);
	return ret;
}

static int verify(const char *name)
{
	bool known;
	int ret = template_verify(name, &known);

	if (!ret)
		say(known ? "Template %s is what its checksum says" :
			    "Template %s has no checksum", name);
	return ret;
}

int cmd_template(int argc, char **argv)
{
	static const struct {
		const char *word;
		int (*run)(const char *name);
	} verbs[] = { { "build", build }, { "verify", verify }, { "remove", remove_one } };
	const char *what = argc > 1 ? argv[1] : "";

	if (argc == 2 && strcmp(what, "list") == 0)
		return list(false);
	if (argc == 3 && strcmp(what, "list") == 0 && strcmp(argv[2], "--json") == 0)
		return list(true);
	if (strcmp(what, "import") == 0)
		return import(argc - 1, argv + 1);
	if (strcmp(what, "update") == 0)
		return update(argv + 2, argc - 2);
	for (size_t i = 0; argc == 3 && i < ARRAY_SIZE(verbs); i++)
		if (strcmp(what, verbs[i].word) == 0)
			return verbs[i].run(argv[2]);
	return fail(EXIT_BAD_OPTION, "Usage: cloisonctl template list [--json] | build NAME | "
		    "import NAME FILE|DIR|- [--sha256 SUM] [--force] | update [NAME ...] | "
		    "verify NAME | remove NAME");
}
