// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/error.h"
#include "../lib/global.h"
#include "../lib/limits.h"
#include "../lib/params.h"
#include "../lib/template.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "cmd.h"

/* A new file begins as a copy of a sample, conf/ve-NAME.conf-sample. */
static int load_sample(const char *name, struct conf **conf)
{
	cleanup_free char *path = NULL;
	int ret;

	if (!name) {
		*conf = conf_new();
		return 0;
	}
	if (!valid_template_name(name))
		return fail(EXIT_BAD_VALUE, "Bad value for --config: %s", name);
	path = xasprintf(SYSCONFDIR "/conf/ve-%s.conf-sample", name);
	ret = conf_load(path, conf);
	if (ret == EXIT_NO_CONF)
		ret = fail(EXIT_BAD_VALUE, "There is no sample configuration %s", path);
	return ret;
}

static int sync_to_disk(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -1 : syncfs(fd);
}

/*
 * Unpack beside, then rename: the private area is there whole or not at all. The
 * configuration is written before the rename, so that a container that exists
 * has its ids; without the private area, create may be called again.
 */
static int fill_private(struct container *ct, const char *archive)
{
	cleanup_free char *staging = xasprintf("%s.creating", ct->private);
	cleanup_free char *fs = xasprintf("%s/fs", staging);
	cleanup_free char *copy = xstrdup(ct->private);
	const char *const rm[] = { "rm", "-rf", "--one-file-system", "--", staging, NULL };
	uint32_t base;
	int ret = container_ids(ct, &base);

	if (ret)
		return ret;
	if (mkdir_parents(dirname(copy), 0700))
		return fail_errno(EXIT_CREATE, "Cannot make %s", copy);
	/* an earlier create that was killed */
	if (run_program(rm))
		return fail(EXIT_CREATE, "Cannot remove %s", staging);
	if (mkdir(staging, 0700) || mkdir(fs, 0755))
		return fail_errno(EXIT_CREATE, "Cannot make %s", fs);

	ret = template_unpack(archive, fs, base);
	if (!ret && sync_to_disk(staging))
		ret = fail_errno(EXIT_NO_SPACE, "Cannot write %s to disk", staging);
	if (!ret && rename(staging, ct->private))
		ret = fail_errno(EXIT_CREATE, "Cannot rename %s", staging);
	if (!ret)
		return 0;
	run_program(rm);
	return ret;
}

/* Ids are chosen and written down under one lock: no two get the same. */
static int save_with_ids(struct container *ct)
{
	cleanup_free char *text = NULL;
	cleanup_close int lock = -1;
	uint32_t base;
	int ret;

	if (conf_get(ct->conf, "LOCAL_UID")) {
		ret = container_ids(ct, &base);
		return ret ? ret : conf_save(ct->conf, ct->conf_path);
	}
	ret = container_lock_ids(&lock);
	if (!ret)
		ret = container_choose_ids(ct->id, &base);
	if (ret)
		return ret;
	text = xasprintf("%u", base);
	conf_set(ct->conf, "LOCAL_UID", text);
	conf_set(ct->conf, "LOCAL_GID", text);
	return conf_save(ct->conf, ct->conf_path);
}

/* Put the options into @conf. Called twice: to check them, and to use them. */
static int parse(int argc, char **argv, struct conf *conf, const char **config)
{
	static const struct {
		int opt;
		const char *key;
	} keys[] = { { 't', "OSTEMPLATE" }, { 'P', "VE_PRIVATE" }, { 'R', "VE_ROOT" } };
	static const struct option own[] = {
		{ "ostemplate", required_argument, NULL, 't' },
		{ "config", required_argument, NULL, 'c' },
		{ "private", required_argument, NULL, 'P' },
		{ "root", required_argument, NULL, 'R' },
		{}
	};
	cleanup_free struct option *options = params_options(own);
	unsigned int applies;
	int opt, ret = 0;

	optind = 0;
	while (!ret && (opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt >= PARAM_FIRST)
			ret = params_set(conf, opt, optarg, &applies);
		else if (opt == 'c')
			*config = optarg;
		else if (opt == '?')
			ret = cmd_bad_option(argv);
		else if (opt != 't' && !valid_path(optarg))
			ret = fail(EXIT_BAD_VALUE, "Bad value for --%s: %s; it takes a full path",
				   opt == 'P' ? "private" : "root", optarg);
		for (size_t i = 0; !ret && i < ARRAY_SIZE(keys); i++)
			if (opt == keys[i].opt)
				conf_set(conf, keys[i].key, optarg);
	}
	return ret ? ret : cmd_no_more(argc, argv);
}

/*
 * A configuration file without a private area is what an administrator wrote
 * before, or what a create that was killed left: either is gone on with.
 */
static int begin_conf(struct container *ct, const char *config)
{
	int ret;

	if (ct->conf)
		return 0;
	ret = load_sample(config, &ct->conf);
	if (!ret && config)
		conf_set(ct->conf, "ORIGIN_SAMPLE", config);
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

int cmd_create(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	const char *config = global.configfile;
	cleanup_conf struct conf *trial = conf_new();
	cleanup_free char *archive = NULL;
	cleanup_free char *before = NULL;
	struct limits limits;
	int ret;

	ret = cmd_container(argc, argv, NEED_GOOD_OR_NONE, &ct);
	if (!ret)
		ret = parse(argc - 1, argv + 1, trial, &config);
	if (!ret)
		ret = container_lock(&ct);
	if (ret)
		return ret;

	before = ct.conf ? conf_text(ct.conf) : NULL;
	ret = begin_conf(&ct, config);
	if (!ret)
		ret = parse(argc - 1, argv + 1, ct.conf, &config);
	if (ret)
		return ret;
	container_paths(&ct);
	if (access(ct.private, F_OK) == 0)
		return fail(EXIT_PRIVATE_EXISTS, "Container private area already exists: %s",
			    ct.private);
	ret = choose_template(&ct, &archive);
	if (!ret)
		ret = limits_read(ct.conf, &limits);
	if (ret)
		return ret;

	say("Creating container private area (%s)", conf_get(ct.conf, "OSTEMPLATE"));
	ret = save_with_ids(&ct);
	if (!ret)
		ret = fill_private(&ct, archive);
	if (!ret) {
		say("Container private area was created");
		return 0;
	}
	/* as it was, with the first error to tell */
	if (before ? write_file_atomic(ct.conf_path, before, 0644) : unlink(ct.conf_path))
		warn("%s stays as create left it", ct.conf_path);
	return ret;
}
