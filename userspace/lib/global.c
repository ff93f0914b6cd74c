// SPDX-License-Identifier: GPL-2.0-only
#include "conf.h"
#include "error.h"
#include "global.h"
#include "util.h"
#include "value.h"

#define GLOBAL_CONF	SYSCONFDIR "/cloison.conf"

struct global global;

/* Its values live as long as the process. */
static struct conf *conf;

static const char *get(const char *key, const char *fallback)
{
	const char *value = conf_get(conf, key);

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
	global.template = get("TEMPLATE", STATEDIR "/template");
	global.ve_root = get("VE_ROOT", STATEDIR "/root/$VEID");
	global.ve_private = get("VE_PRIVATE", STATEDIR "/private/$VEID");
	global.def_ostemplate = get("DEF_OSTEMPLATE", NULL);
	global.configfile = get("CONFIGFILE", NULL);
	ret = get_seconds("START_TIMEOUT", 300, &global.start_timeout);
	if (ret)
		return ret;
	return get_seconds("STOP_TIMEOUT", 120, &global.stop_timeout);
}
