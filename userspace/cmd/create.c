// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <unistd.h>

#include "../lib/error.h"
#include "../lib/global.h"
#include "../lib/limits.h"
#include "../lib/params.h"
#include "../lib/private.h"
#include "../lib/sample.h"
#include "../lib/template.h"
#include "../storage/layout.h"
#include "cmd.h"

struct options {
	const char *config;	/* the sample, or NULL: the usual one */
	bool sampled;		/* what no option says is from there */
	struct params params;
};

/* Put the options into o->params.conf. Called twice: to check them, and to use them. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option own[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "layout", required_argument, NULL, 'l' },
		{ "velayout", required_argument, NULL, 'l' },
		{ "ve_layout", required_argument, NULL, 'l' },
		{ "local_uid", required_argument, NULL, 'u' },
		{ "local_gid", required_argument, NULL, 'g' },
		{ "force", no_argument, NULL, 'f' },
		{}
	};
	cleanup_free struct option *options = params_options(own);
	struct conf *conf = o->params.conf;
	const char *layout = NULL;
	int opt, ret = 0;

	optind = 0;
	while (!ret && (opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt >= PARAM_FIRST)
			ret = params_set(&o->params, opt, optarg);
		else if (opt == 'c')
			o->config = optarg;
		else if (opt == 'u' || opt == 'g')
			conf_set(conf, opt == 'u' ? "LOCAL_UID" : "LOCAL_GID", optarg);
		else if (opt == 'f')
			global.overwrite_device = true;
		else if (opt == 'l')
			layout = optarg;
		else
			ret = cmd_bad_option(argv);
	}
	if (!ret && layout) {
		ret = cmd_layout(layout);
		conf_set(conf, "VE_LAYOUT", layout);
	}
	return ret ? ret : cmd_no_more(argc, argv);
}

/*
 * What a killed create or destroy left is not what this one begins with: neither
 * where the file says the private area is, nor where the options do.
 */
static int begin(struct container *ct, int argc, char **argv, struct options *o)
{
	int ret;

	do {
		ret = private_settle(ct);
		/* one without a private area an administrator wrote before */
		if (!ret && !ct->conf) {
			o->sampled = true;
			ret = sample_begin(o->config ?: global.configfile, &ct->conf);
		} else if (!ret && o->config && !o->sampled && access(ct->private, F_OK)) {
			ret = fail(EXIT_CREATE_SAMPLE, "%s is there already: leave --config out, "
				   "and take --applyconfig of set then", ct->conf_path);
		}
		o->params = (struct params){ .conf = ct->conf, .fresh = true };
		if (!ret)
			ret = parse(argc, argv, o);
		container_paths(ct);
	} while (!ret && private_left(ct) != PRIVATE_NOTHING);
	return ret;
}

static int choose_template(struct container *ct, char **archive)
{
	if (!conf_get(ct->conf, "OSTEMPLATE")) {
		if (!global.def_ostemplate)
			return fail(EXIT_NO_OSTEMPLATE, "Say which template with --ostemplate");
		conf_set(ct->conf, "OSTEMPLATE", global.def_ostemplate);
	}
	return template_find(conf_get(ct->conf, "OSTEMPLATE"), archive);
}

/*
 * A directory goes without saying, as it did when there was nothing else; and with a device, what
 * is on one.
 */
static int choose_layout(struct container *ct)
{
	const char *device = conf_get(ct->conf, "VE_DEVICE");
	const char *name = device && *device ? "block" : global.ve_layout;

	if (!conf_get(ct->conf, "VE_LAYOUT") && layout_named(name) != &layout_dir)
		conf_set(ct->conf, "VE_LAYOUT", name);
	name = conf_get(ct->conf, "VE_LAYOUT") ?: "dir";
	/* one that there is not is refused later, with the file's name */
	if (layout_named(name) && layout_named(name) != &layout_block &&
	    (global.overwrite_device || (device && *device)))
		return fail(EXIT_BAD_OPTION, "--device and --force go with --layout block, not %s",
			    name);
	return 0;
}

/*
 * What a sample says is for files among the host's. A device has its size; and how many files
 * there is room for on one, or in an image, goes by that, for it cannot be changed later.
 */
static void choose_limits(struct container *ct, const struct options *o)
{
	const struct layout *layout = layout_named(conf_get(ct->conf, "VE_LAYOUT") ?: "dir");

	if (!o->sampled || !layout || !layout->own_fs)
		return;
	if (!params_seen(&o->params, "DISKINODES"))
		conf_set(ct->conf, "DISKINODES", NULL);
	if (layout == &layout_block && !params_seen(&o->params, "DISKSPACE"))
		conf_set(ct->conf, "DISKSPACE", NULL);
}

int cmd_create(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	cleanup_conf struct conf *trial = conf_new();
	struct options o = { .params.conf = trial };
	cleanup_free char *archive = NULL;
	struct limits limits;
	int ret;

	ret = cmd_container(argc, argv, NEED_GOOD_OR_NONE, &ct);
	if (!ret)
		ret = parse(argc - 1, argv + 1, &o);
	if (!ret)
		ret = container_lock(&ct);
	if (!ret)
		ret = begin(&ct, argc - 1, argv + 1, &o);
	if (ret)
		return ret;
	if (access(ct.private, F_OK) == 0)
		return fail(EXIT_PRIVATE_EXISTS, "Container private area already exists: %s",
			    ct.private);
	ret = choose_template(&ct, &archive);
	if (!ret)
		ret = limits_read(ct.conf, &limits);
	if (!ret)
		ret = choose_layout(&ct);
	if (ret)
		return ret;
	choose_limits(&ct, &o);

	say("Creating container private area (%s)", conf_get(ct.conf, "OSTEMPLATE"));
	ret = private_create(&ct, archive);
	if (ret)
		return ret;
	say("Container private area was created");
	params_warn(&o.params, &ct);
	return 0;
}
