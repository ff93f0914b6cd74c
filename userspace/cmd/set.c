// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <string.h>

#include "../lib/beancounters.h"
#include "../lib/dist.h"
#include "../lib/error.h"
#include "../lib/global.h"
#include "../lib/limits.h"
#include "../lib/names.h"
#include "../lib/params.h"
#include "../lib/sample.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "../net/network.h"
#include "../storage/block.h"
#include "../storage/layout.h"
#include "../storage/snapshot.h"
#include "apply.h"
#include "cmd.h"

/* What to do about that which a running container takes up at its start only. */
enum setmode { SETMODE_WARN, SETMODE_RESTART, SETMODE_IGNORE };

struct options {
	bool save, force;
	bool reset;	/* the limits, to what the file has */
	bool map_name;
	const char *sample;
	enum setmode mode;
	char *passwords;	/* USER:PASSWORD, one a line */
	bool parsed;
	struct params params;
};

/* "": none */
static const char *name_of(const struct container *ct)
{
	const char *name = conf_get(ct->conf, "NAME");

	return name ? name : "";
}

/* The one group there is in vzctl too. */
static int parse_map(const char *arg, bool *name)
{
	if (strcmp(arg, "name") != 0)
		return fail(EXIT_BAD_VALUE, "Bad value for --applyconfig_map: %s; it takes name",
			    arg);
	*name = true;
	return 0;
}

static int parse_setmode(const char *arg, enum setmode *mode)
{
	if (strcmp(arg, "restart") == 0)
		*mode = SETMODE_RESTART;
	else if (strcmp(arg, "ignore") == 0)
		*mode = SETMODE_IGNORE;
	else
		return fail(EXIT_BAD_VALUE,
			    "Bad value for --setmode: %s; it takes restart or ignore", arg);
	return 0;
}

/* Others read our command line: it is not there for longer than it must. */
static int take_password(struct options *o, char *arg)
{
	int ret = 0;

	if (!o->parsed) {
		ret = dist_check_password(arg);
		if (!o->passwords)
			o->passwords = xstrdup("");
		text_append(&o->passwords, "%s\n", arg);
	}
	memset(arg, '*', strlen(arg));
	return ret;
}

static int set_passwords(struct container *ct, char *lines)
{
	char *line;
	int ret = 0;

	while (!ret && (line = strsep(&lines, "\n")) && *line)
		ret = dist_set_password(ct, line);
	return ret;
}

/* Put the options into o->params.conf. Called twice: to check all, and to use them. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option own[] = {
		{ "save", no_argument, NULL, 's' },
		{ "applyconfig", required_argument, NULL, 'a' },
		{ "setmode", required_argument, NULL, 'm' },
		{ "userpasswd", required_argument, NULL, 'p' },
		{ "skip_arpdetect", no_argument, NULL, 'k' },
		{ "force", no_argument, NULL, 'f' },
		{ "reset_ub", no_argument, NULL, 'r' },
		/* an image grows while it is used, and cannot do otherwise */
		{ "offline-resize", no_argument, NULL, 'o' },
		{ "offline", no_argument, NULL, 'o' },
		{ "applyconfig_map", required_argument, NULL, 'M' },
		{ "netdev_add", required_argument, NULL, 'd' },
		{ "netdev_del", required_argument, NULL, 'd' },
		{ "pci_add", required_argument, NULL, 'P' },
		{ "pci_del", required_argument, NULL, 'P' },
		{}
	};
	cleanup_free struct option *options = params_options(own);
	int opt, ret = 0;

	optind = 0;
	while (!ret && (opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt >= PARAM_FIRST)
			ret = params_set(&o->params, opt, optarg);
		else if (opt == 's')
			o->save = true;
		else if (opt == 'a')
			o->sample = optarg;
		else if (opt == 'm')
			ret = parse_setmode(optarg, &o->mode);
		else if (opt == 'p')
			ret = take_password(o, optarg);
		else if (opt == 'k')
			global.skip_arpdetect = true;
		else if (opt == 'f')
			o->force = true;
		else if (opt == 'r')
			o->reset = true;
		else if (opt == 'o')
			continue;
		else if (opt == 'M')
			ret = parse_map(optarg, &o->map_name);
		else if (opt == 'd')
			ret = fail(EXIT_NETDEV,
				   "Devices of the host's are not moved into containers: see --netif_add");
		else if (opt == 'P')
			ret = fail(EXIT_DEVICES, "PCI devices cannot be given to containers");
		else
			ret = cmd_bad_option(argv);
	}
	o->parsed = true;
	return ret ? ret : cmd_no_more(argc, argv);
}

/*
 * It may have others than its file says: what was set without --save. So the options
 * are put to what it has, as they are to the file.
 */
static int apply_addresses(struct container *ct, const struct kernel_container *kc,
			   const char *netif, int argc, char **argv)
{
	cleanup_addresses struct addresses has = {}, wanted = {};
	cleanup_conf struct conf *live = conf_new();
	struct options o = { .params.conf = live, .parsed = true };
	cleanup_free char *text = NULL;
	int ret = network_addresses(ct->id, &has);

	if (ret)
		return ret;
	text = addresses_text(&has);
	conf_set(live, "IP_ADDRESS", text);
	/* for the options about interfaces, which go without saying here */
	conf_set(live, "NETIF", netif);
	ret = parse(argc, argv, &o);
	if (!ret)
		ret = addresses_parse(conf_get(live, "IP_ADDRESS"), &wanted);
	if (!ret)
		ret = network_change(ct->id, kc->init, &wanted);
	return ret;
}

static bool sets_something(const struct options *o)
{
	return o->params.applies || o->sample || o->passwords || o->map_name;
}

static int check(const struct options *o)
{
	if (o->reset && (sets_something(o) || o->save || o->force))
		return fail(EXIT_BAD_OPTION, "--reset_ub goes with no other option");
	if (o->reset)
		return 0;
	/* scripts of vzctl's have their options in a variable, which may be empty */
	if (!sets_something(o) && !(o->save && called_vz()))
		return fail(EXIT_BAD_OPTION, "Nothing to set: see cloisonctl --help");
	if (o->force && !o->save)
		return fail(EXIT_BAD_OPTION, "--force needs --save: it is about the file");
	if ((o->params.applies & APPLIES_PLACE) && !o->save)
		return fail(EXIT_BAD_OPTION, "--root, --private and --device need --save");
	if (((o->params.applies & APPLIES_NAME) || o->map_name) && !o->save)
		return fail(o->map_name ? EXIT_BAD_OPTION : EXIT_NAME,
			    "--name needs --save: a name is found by the file");
	if (o->mode == SETMODE_RESTART && !o->save)
		return fail(EXIT_BAD_OPTION,
			    "--setmode restart needs --save: it starts from the file");
	return 0;
}

static int apply_sample(struct options *o, const struct layout *layout, struct conf *conf)
{
	cleanup_conf struct conf *sample = NULL;
	const char *key, *value;

	if (sample_load(o->sample, &sample))
		return EXIT_SAMPLE;
	/* an image becomes neither smaller nor larger in passing */
	if (layout->own_fs)
		sample_drop_disk(sample);
	sample_apply(sample, o->sample, conf);
	for (size_t at = 0; (key = conf_next(sample, &at, &value));)
		if (sample_takes(key))
			o->params.applies |= params_key_applies(key);
	return 0;
}

/* Under the names' lock, if it has a new one. */
static int save_file(struct container *ct, const char *new_name)
{
	cleanup_close int lock = -1;
	int ret = *new_name ? names_claim(new_name, ct->id, &lock) : 0;

	return ret ? ret : conf_save(ct->conf, ct->conf_path);
}

static int save(struct container *ct, unsigned int applies, const char *old_name)
{
	const char *name = name_of(ct);
	int ret = save_file(ct, applies & APPLIES_NAME ? name : "");

	if (!ret && (applies & APPLIES_NAME) && *old_name && strcmp(old_name, name) != 0)
		names_release(old_name, ct->id);
	if (!ret)
		say("CT configuration saved to %s", ct->conf_path);
	return ret;
}

/* The registry has no other name than the file. */
static int name_back(const struct container *ct, const char *old_name, int ret)
{
	cleanup_free char *why = xstrdup(error_text());

	if (kernel_set_name(ct->id, old_name))
		warn("%s", error_text());
	return fail(ret, "%s", why);
}

static int restart(struct container *ct)
{
	static const struct start_options o = { .force = true };
	int ret;

	say("Restarting container");
	ret = do_stop(ct, false, true);
	return ret ? ret : do_start(ct, &o);
}

/* The name its file has, as after the file was copied here. */
static int map_name(const struct container *ct, struct params *params)
{
	const char *name = conf_get(ct->conf, "NAME");

	if (!name || !valid_name(name))
		return fail(EXIT_BAD_VALUE, "%s has no NAME", ct->conf_path);
	params->applies |= APPLIES_NAME;
	return 0;
}

/* With --force the file is written though nobody can say whether it runs. */
static int ask_kernel(const struct container *ct, bool force, struct kernel_container *kc)
{
	int ret = kernel_get(ct->id, kc);

	if (!ret || !force)
		return ret;
	warn("%s", error_text());
	error_clear();
	return 0;
}

/* They are found beside its private area, and would not be any more. */
static int check_private(const struct container *ct)
{
	cleanup_free char *beside = snapshots_dir(ct);

	return strcmp(conf_get(ct->conf, "VE_PRIVATE"), ct->private) == 0 ||
	       !snapshots_refuse(ct, EXIT_PRIVATE_EXISTS) ? 0 :
	       fail_wrap(EXIT_PRIVATE_EXISTS, "Move %s first", beside);
}

/* A file system of its own has a size, and room for so many files from the beginning. */
static void warn_own_fs(const struct container *ct, const struct params *p)
{
	struct disk_limits limits;

	if (!ct->layout->own_fs)
		return;
	if (params_seen(p, "DISKINODES"))
		warn("--diskinodes has no effect on an image or device that is there: cloisonctl "
		     "convert %u makes a new one", ct->id);
	if (params_seen(p, "QUOTATIME"))
		warn("--quotatime has no effect: an image or device has no soft limit");
	if (params_seen(p, "DISKSPACE") && !disk_limits_read(ct->conf, &limits) &&
	    limits.space_soft != limits.space_hard)
		warn("--diskspace: the soft limit has no effect: an image or device has a size");
}

/* Limits as the file has them, for one that somebody edited. */
static int reset(struct container *ct, bool running)
{
	int ret;

	if (!running)
		return fail(EXIT_NOT_RUNNING, "Container is not running");
	ret = apply_limits(ct, LIMIT_ALL);
	return ret ? ret : beancounters_apply(ct->id, ct->conf, NULL);
}

int cmd_set(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	cleanup_conf struct conf *trial = conf_new();
	struct options o = { .params.conf = trial };
	cleanup_free char *old_name = NULL, *old_netif = NULL;
	struct kernel_container kc = {};
	bool running, at_once;
	int ret;

	ret = cmd_container(argc, argv, NEED_CONF, &ct);
	/* its options speak of interfaces that are there */
	if (!ret)
		conf_set(trial, "NETIF", conf_get(ct.conf, "NETIF"));
	if (!ret)
		ret = parse(argc - 1, argv + 1, &o);
	if (!ret)
		ret = check(&o);
	if (!ret && !o.reset && !sets_something(&o)) {
		say("No changes in CT configuration, not saving");
		return 0;
	}
	if (!ret)
		ret = container_lock(&ct);
	if (ret)
		return ret;
	old_name = xstrdup(name_of(&ct));
	old_netif = conf_get(ct.conf, "NETIF") ? xstrdup(conf_get(ct.conf, "NETIF")) : NULL;
	o.params = (struct params){ .conf = ct.conf };
	if (o.sample)
		ret = apply_sample(&o, ct.layout, ct.conf);
	if (!ret)
		ret = parse(argc - 1, argv + 1, &o);
	if (!ret && o.map_name)
		ret = map_name(&ct, &o.params);
	if (!ret && kernel_loaded())
		ret = ask_kernel(&ct, o.force, &kc);
	running = kernel_runs(&kc);
	if (!ret && o.reset)
		return reset(&ct, running);
	if (!ret && (o.params.applies & APPLIES_PLACE) && (running || container_mounted(&ct)))
		ret = fail(running ? EXIT_RUNNING : EXIT_MOUNTED,
			   "Container is mounted at %s: stop it first", ct.root);
	if (!ret && params_seen(&o.params, "VE_PRIVATE"))
		ret = check_private(&ct);
	at_once = running && !(o.mode == SETMODE_RESTART && (o.params.applies & APPLIES_RESTART));
	/* before the kernel has it: in its registry those that do not run are missing */
	if (!ret && (o.params.applies & APPLIES_NAME))
		ret = names_check(name_of(&ct), ct.id);
	/* what grew stays so, whatever the file says */
	if (!ret && (o.params.applies & APPLIES_DISK) && ct.layout->own_fs && !o.save)
		ret = fail(EXIT_BAD_OPTION, "Disk limits of an image or device need --save");
	if (!ret && at_once)
		/* a sample sets any of the beancounters */
		ret = apply(&ct, &kc, o.params.applies, o.sample ? NULL : &o.params);
	if (!ret && at_once && (o.params.applies & APPLIES_ADDRESSES))
		ret = apply_addresses(&ct, &kc, old_netif, argc - 1, argv + 1);
	if (!ret && at_once && (o.params.applies & APPLIES_PORTS))
		ret = apply_ports(&ct);
	/* else it would be stopped, and could not be started again */
	if (!ret && running && !at_once && (o.params.applies & (APPLIES_ADDRESSES | APPLIES_NETIF)))
		ret = network_check(ct.id, ct.conf);
	if (!ret && params_seen(&o.params, "VE_DEVICE"))
		ret = block_rename(&ct, conf_get(ct.conf, "VE_DEVICE"));
	/* of files, that are there whether it runs or not */
	if (!ret && (o.params.applies & APPLIES_DISK) && container_exists(&ct))
		ret = ct.layout->resize(&ct);
	if (!ret && o.save)
		ret = save(&ct, o.params.applies, old_name);
	if (ret && at_once && (o.params.applies & APPLIES_NAME))
		ret = name_back(&ct, old_name, ret);
	if (!ret && at_once)
		ret = apply_files(&ct, o.params.applies);
	if (!ret && o.passwords)
		ret = set_passwords(&ct, o.passwords);
	if (ret)
		return ret;

	params_warn(&o.params, &ct);
	warn_own_fs(&ct, &o.params);
	if (!o.save && (o.params.applies || o.sample))
		warn("Settings were not saved and will be lost after CT restart (use --save flag)");
	if (!running || !(o.params.applies & APPLIES_RESTART) || o.mode == SETMODE_IGNORE)
		return 0;
	if (o.mode == SETMODE_RESTART)
		return restart(&ct);
	warn("Some of the parameters count from the next start on: see --setmode");
	return 0;
}
