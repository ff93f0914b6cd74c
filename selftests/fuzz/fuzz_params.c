// SPDX-License-Identifier: GPL-2.0-only
/*
 * The options of create and set: lines NAME=ARGUMENT, one command line together. An
 * unknown name stands for some option, by its length. What is accepted is a
 * configuration that can be written, read and applied; what is not has changed
 * nothing.
 */
#include <stdbool.h>

#include "cleanup.h"
#include "error.h"
#include "fuzz.h"
#include "limits.h"
#include "netif.h"
#include "params.h"

static const struct option *options;
static int count;

static void load_options(void)
{
	static const struct option none[] = { {} };

	options = params_options(none);
	while (options[count].name)
		count++;
}

static int option_of(const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(options[i].name, name) == 0)
			return options[i].val;
	return options[strlen(name) % count].val;
}

static void one_option(struct params *p, char *line)
{
	cleanup_free char *before = conf_text(p->conf), *after = NULL;
	char *arg = strchr(line, '=');
	int ret;

	if (!arg)
		return;
	*arg++ = '\0';
	/* an argument of several lines */
	for (char *s = arg; *s; s++)
		if (*s == '\f')
			*s = '\n';
	ret = params_set(p, option_of(line), arg);
	after = conf_text(p->conf);
	if (ret) {
		must(ret > 0 && ret < 256 && *error_text());
		must(strcmp(before, after) == 0);
	}
}

/* Interfaces that were accepted are read again as they are. */
static void check_netif(const char *text)
{
	cleanup_netifs struct netifs all = {};
	cleanup_free char *again = NULL;

	must(netifs_parse(text, &all) == 0);
	again = netifs_text(&all);
	must(strcmp(again, text) == 0);
	netifs_check(&all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_conf struct conf *conf = conf_new(), *reread = conf_new();
	cleanup_free char *input = string(data, size), *text = NULL, *again = NULL;
	struct params p = { .conf = conf };
	struct limits limits;
	char *rest = input, *line;

	if (!options)
		load_options();
	error_clear();
	while ((line = strsep(&rest, "\n")))
		one_option(&p, line);

	text = conf_text(conf);
	must(conf_parse(reread, text, "what was accepted") == 0);
	again = conf_text(reread);
	must(strcmp(text, again) == 0);
	must(limits_read(reread, &limits) == 0);
	if (conf_get(reread, "NETIF"))
		check_netif(conf_get(reread, "NETIF"));
	return 0;
}
