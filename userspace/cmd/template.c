// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../lib/error.h"
#include "../lib/json.h"
#include "../lib/template.h"
#include "../lib/util.h"
#include "cmd.h"

static json_t *to_json(const struct template *t)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:b}", "name", t->name,
			 "archive", json_text(t->archive),
			 "size", t->archive ? json_integer(t->size) : json_null(),
			 "built", t->archive ? json_integer(t->built) : json_null(),
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
	printf("%-24s %10s  %-16s %s\n", "TEMPLATE", "SIZE", "BUILT", "RECIPE");
	for (size_t i = 0; i < count; i++) {
		char when[32] = "-", size[32] = "-";
		struct tm tm;

		if (all[i].archive) {
			strftime(when, sizeof(when), "%Y-%m-%d %H:%M",
				 localtime_r(&all[i].built, &tm));
			snprintf(size, sizeof(size), "%.1fM", all[i].size / 1048576.0);
		}
		printf("%-24s %10s  %-16s %s\n", all[i].name, size, when,
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
	for (size_t i = 0; argc == 3 && i < ARRAY_SIZE(verbs); i++)
		if (strcmp(what, verbs[i].word) == 0)
			return verbs[i].run(argv[2]);
	return fail(EXIT_BAD_OPTION, "Usage: cloisonctl template "
		    "list [--json] | build NAME | verify NAME | remove NAME");
}
