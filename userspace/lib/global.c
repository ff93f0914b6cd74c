// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <string.h>

#include "conf.h"
#include "error.h"
#include "global.h"
#include "util.h"
#include "value.h"

struct global global;

/* Its values live as long as the process. */
static struct conf *conf;

/* What was asked for. */
static const char *keys[32];
static size_t key_count;

static const char *get(const char *key, const char *fallback)
{
	const char *value = conf_get(conf, key);

	assert(key_count < ARRAY_SIZE(keys));
	keys[key_count++] = key;
	return value && *value ? value : fallback;
}

static int get_seconds(const char *key, unsigned int fallback, unsigned int *out)
{
	const char *value = get(key, NULL);
	uint64_t n = fallback;

	if (value && !parse_number(value, 0, 86400, &n))
		return fail(EXIT_BAD_VALUE, "%s: %s=\"%s\" is not a number of seconds",
			    GLOBAL_CONF, key, value);
	*out = n;
	return 0;
}

static int get_level(const char *key, unsigned int *out)
{
	const char *value = get(key, "0");
	uint64_t n;

	if (!parse_number(value, 0, 10, &n))
		return fail(EXIT_BAD_VALUE, "%s: %s=\"%s\" is not 0 to 10", GLOBAL_CONF, key,
			    value);
	*out = n;
	return 0;
}

static int get_yes_no(const char *key, bool fallback, bool *out)
{
	const char *value = get(key, fallback ? "yes" : "no");

	*out = strcmp(value, "yes") == 0;
	if (!*out && strcmp(value, "no") != 0)
		return fail(EXIT_BAD_VALUE, "%s: %s=\"%s\" is neither yes nor no", GLOBAL_CONF,
			    key, value);
	return 0;
}

static int get_log(void)
{
	int ret = get_yes_no("LOGGING", true, &global.logging);

	global.logfile = get("LOGFILE", "/var/log/cloison.log");
	if (!ret)
		ret = get_yes_no("LOG_SYSLOG", false, &global.log_syslog);
	if (!ret)
		ret = get_level("LOG_LEVEL", &global.log_level);
	return ret ? ret : get_level("VERBOSE", &global.verbose);
}

static int get_sched(void)
{
	const char *sched = get("SCHED", "auto"), *units = get("VE0CPUUNITS", "1000");
	uint64_t n;

	global.sched_auto = strcmp(sched, "auto") == 0;
	if (!global.sched_auto && strcmp(sched, "kernel") != 0)
		return fail(EXIT_BAD_VALUE, "%s: SCHED=\"%s\" is neither auto nor kernel",
			    GLOBAL_CONF, sched);
	if (!parse_number(units, 8, 500000, &n))
		return fail(EXIT_BAD_VALUE, "%s: VE0CPUUNITS=\"%s\" is not 8 to 500000",
			    GLOBAL_CONF, units);
	global.host_cpuunits = n;
	return 0;
}

int global_load(void)
{
	int ret = conf_load(GLOBAL_CONF, &conf);

	if (ret == EXIT_NO_CONF)
		return fail(EXIT_NO_GLOBAL_CONF,
			    "There is no %s: install Cloison again, or copy the one it comes with",
			    GLOBAL_CONF);
	if (ret)
		return ret;

	global.lockdir = get("LOCKDIR", "/run/cloison/lock");
	global.backup_dir = get("BACKUP_DIR", STATEDIR "/backup");
	global.dumpdir = get("DUMPDIR", STATEDIR "/dump");
	global.template = get("TEMPLATE", STATEDIR "/template");
	global.ve_root = get("VE_ROOT", STATEDIR "/root/$VEID");
	global.ve_private = get("VE_PRIVATE", STATEDIR "/private/$VEID");
	global.ve_layout = get("VE_LAYOUT", "dir");
	global.def_ostemplate = get("DEF_OSTEMPLATE", NULL);
	global.configfile = get("CONFIGFILE", NULL);
	global.neighbour_devs = get("NEIGHBOUR_DEVS", "all");
	global.route_src_dev = get("VE_ROUTE_SRC_DEV", NULL);
	ret = get_log();
	if (ret)
		return ret;
	ret = get_seconds("START_TIMEOUT", 300, &global.start_timeout);
	if (!ret)
		ret = get_seconds("STOP_TIMEOUT", 120, &global.stop_timeout);
	if (!ret)
		ret = get_yes_no("SHORTCUT", false, &global.shortcut);
	if (!ret)
		ret = get_yes_no("SKIP_ARPDETECT", false, &global.skip_arpdetect);
	if (!ret)
		ret = get_yes_no("ERROR_ON_ARPFAIL", true, &global.error_on_arpfail);
	if (!ret)
		ret = get_yes_no("PROVE_CHECKPOINT", false, &global.prove_checkpoint);
	if (!ret)
		ret = get_yes_no("LOAD_VIEW", true, &global.load_view);
	if (!ret)
		ret = get_yes_no("LOAD_ACCT", true, &global.load_acct);
	if (!ret)
		ret = get_yes_no("LOAD_SCHED", true, &global.load_sched);
	return ret ? ret : get_sched();
}

const char *global_next(size_t *at, const char **value)
{
	return conf_next(conf, at, value);
}

bool global_reads(const char *key)
{
	for (size_t i = 0; i < key_count; i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}
