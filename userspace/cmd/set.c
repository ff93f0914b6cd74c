// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>

#include "../lib/attach.h"
#include "../lib/error.h"
#include "../lib/limits.h"
#include "../lib/params.h"
#include "cmd.h"

static int apply(struct container *ct, const struct kernel_container *kc, unsigned int applies)
{
	struct attached in;
	struct limits limits;
	int ret = 0;

	if (applies & LIMIT_ALL) {
		ret = limits_read(ct->conf, &limits);
		/* only those: others may have been set without --save */
		if (!ret)
			ret = limits_apply(ct->id, &limits, applies & LIMIT_ALL);
		if (!ret)
			say("Limits were set successfully");
	}
	if (!ret && (applies & APPLIES_HOSTNAME)) {
		ret = attach_open(ct, kc, &in);
		if (ret)
			return ret;
		ret = attach_sethostname(&in, conf_get(ct->conf, "HOSTNAME"));
		attach_close(&in);
		if (!ret)
			say("Set hostname: %s", conf_get(ct->conf, "HOSTNAME"));
	}
	return ret;
}

/* Put the options into @conf. Called twice: to check all, and to use them. */
static int parse(int argc, char **argv, struct conf *conf, bool *save, unsigned int *applies)
{
	static const struct option own[] = {
		{ "save", no_argument, NULL, 's' },
		{}
	};
	cleanup_free struct option *options = params_options(own);
	int opt, ret = 0;

	optind = 0;
	while (!ret && (opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt >= PARAM_FIRST)
			ret = params_set(conf, opt, optarg, applies);
		else if (opt == 's')
			*save = true;
		else
			ret = cmd_bad_option(argv);
	}
	return ret ? ret : cmd_no_more(argc, argv);
}

int cmd_set(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	cleanup_conf struct conf *trial = conf_new();
	struct kernel_container kc = {};
	bool save = false, running;
	unsigned int applies = 0;
	int ret;

	ret = cmd_container(argc, argv, NEED_CONF, &ct);
	if (!ret)
		ret = parse(argc - 1, argv + 1, trial, &save, &applies);
	if (!ret && !applies)
		ret = fail(EXIT_BAD_OPTION, "Nothing to set: see cloisonctl --help");
	if (!ret)
		ret = container_lock(&ct);
	if (!ret)
		ret = parse(argc - 1, argv + 1, ct.conf, &save, &applies);
	if (!ret && kernel_loaded())
		ret = kernel_get(ct.id, &kc);
	running = kernel_runs(&kc);
	if (!ret && running)
		ret = apply(&ct, &kc, applies);
	if (ret)
		return ret;
	if (!save) {
		warn("Settings were not saved and will be lost after CT restart (use --save flag)");
		return 0;
	}
	ret = conf_save(ct.conf, ct.conf_path);
	if (!ret)
		say("CT configuration saved to %s", ct.conf_path);
	return ret;
}
