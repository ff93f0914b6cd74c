// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <unistd.h>

#include "../lib/error.h"
#include "../lib/params.h"
#include "../lib/private.h"
#include "../storage/clone.h"
#include "cmd.h"

struct options {
	const char *id;		/* of the snapshot */
	struct params params;
};

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option own[] = {
		{ "id", required_argument, NULL, 'i' },
		{}
	};
	cleanup_free struct option *options = params_options(own);
	int opt, ret = 0;

	optind = 0;
	while (!ret && (opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt >= PARAM_FIRST)
			ret = params_set(&o->params, opt, optarg);
		else if (opt == 'i')
			o->id = optarg;
		else
			ret = cmd_bad_option(argv);
	}
	return ret ? ret : cmd_no_more(argc, argv);
}

static int open_source(int argc, char **argv, struct container *source)
{
	int ret = cmd_container(argc, argv, NEED_CONF, source);

	if (!ret && argc < 3)
		ret = fail(EXIT_BAD_VALUE, "The CT ID of the clone is missing");
	if (!ret)
		ret = container_lock(source);
	if (!ret && !container_exists(source))
		ret = fail(EXIT_NO_PRIVATE, "There is no private area %s", source->private);
	return ret;
}

static int open_new(const char *arg, const struct container *source, struct container *ct)
{
	int ret = container_open(ct, arg, NEED_GOOD_OR_NONE);

	/* whose lock we have */
	if (!ret && ct->id == source->id)
		ret = fail(EXIT_PRIVATE_EXISTS, "The clone of container %u needs a number of its "
			   "own", ct->id);
	if (!ret)
		ret = container_lock(ct);
	if (!ret)
		ret = private_settle(ct);
	if (!ret && (ct->conf || access(ct->private, F_OK) == 0))
		ret = fail(EXIT_PRIVATE_EXISTS, "There is a container %u, or its configuration "
			   "file, already", ct->id);
	return ret;
}

/* Its configuration, with what the command line says. */
static int configure(struct container *ct, const struct container *source, int argc, char **argv,
		     struct options *o)
{
	int ret;

	ct->conf = clone_conf(source);
	o->params.conf = ct->conf;
	ret = parse(argc, argv, o);
	container_paths(ct);
	if (!ret && access(ct->private, F_OK) == 0)
		ret = fail(EXIT_PRIVATE_EXISTS, "Container private area already exists: %s",
			   ct->private);
	return ret;
}

int cmd_clone(int argc, char **argv)
{
	cleanup_container struct container source = CONTAINER_INIT;
	cleanup_container struct container ct = CONTAINER_INIT;
	cleanup_snapshots struct snapshots all = {};
	const struct snapshot *s = NULL;
	struct options o = {};
	int ret = open_source(argc, argv, &source);

	if (!ret)
		ret = open_new(argv[2], &source, &ct);
	if (!ret)
		ret = configure(&ct, &source, argc - 2, argv + 2, &o);
	if (!ret && o.id)
		ret = snapshots_choose(&source, o.id, EXIT_BAD_VALUE, &all, &s);
	if (ret)
		return ret;
	say("Cloning container %u to %u", source.id, ct.id);
	ret = clone_create(&ct, &source, s);
	if (ret)
		return ret;
	say("Container %u was created", ct.id);
	if (!conf_get(ct.conf, "IP_ADDRESS") && !conf_get(ct.conf, "NETIF"))
		say("It has no addresses and interfaces: cloisonctl set %u --ipadd or --netif_add",
		    ct.id);
	params_warn(&o.params, &ct);
	return 0;
}
