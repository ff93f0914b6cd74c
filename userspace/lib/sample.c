// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "error.h"
#include "sample.h"
#include "util.h"
#include "value.h"

static const char *const own[] = {
	"VEID", "NAME", "HOSTNAME", "DESCRIPTION", "IP_ADDRESS", "NETIF", "VE_ROOT", "VE_PRIVATE",
	"VE_LAYOUT", "TEMPLATE", "OSTEMPLATE", "CONFIGFILE", "ORIGIN_SAMPLE", "LOCAL_UID",
	"LOCAL_GID", "LOCKDIR",
};

int sample_load(const char *name, struct conf **conf)
{
	cleanup_free char *path = NULL;
	int ret;

	if (!valid_template_name(name))
		return fail(EXIT_BAD_VALUE, "Bad name of a sample configuration: %s", name);
	path = xasprintf(SYSCONFDIR "/conf/ve-%s.conf-sample", name);
	ret = conf_load(path, conf);
	if (ret == EXIT_NO_CONF)
		ret = fail(EXIT_BAD_VALUE, "There is no sample configuration %s", path);
	return ret;
}

int sample_begin(const char *name, struct conf **conf)
{
	int ret;

	if (!name) {
		*conf = conf_new();
		return 0;
	}
	ret = sample_load(name, conf);
	if (ret)
		return EXIT_CREATE_SAMPLE;
	conf_set(*conf, "ORIGIN_SAMPLE", name);
	return 0;
}

bool sample_takes(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (strcmp(own[i], key) == 0)
			return false;
	return true;
}

void sample_drop_disk(struct conf *sample)
{
	static const char *const disk[] = { "DISKSPACE", "DISKINODES", "QUOTATIME" };

	for (size_t i = 0; i < ARRAY_SIZE(disk); i++)
		conf_set(sample, disk[i], NULL);
}

void sample_apply(const struct conf *from, const char *name, struct conf *to)
{
	const char *key, *value;

	for (size_t at = 0; (key = conf_next(from, &at, &value));)
		if (sample_takes(key))
			conf_set(to, key, value);
	conf_set(to, "ORIGIN_SAMPLE", name);
}
