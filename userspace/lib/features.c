// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <strings.h>

#include "assignments.h"
#include "error.h"
#include "features.h"
#include "module.h"
#include "util.h"

static const struct feature {
	const char *name;
	bool never;		/* the kernel does not do it in a user namespace */
	/* what the host must load, as guard.c keeps containers from asking for it */
	const char *modules[7];
} features[] = {
	{ "sysfs" },		/* a container always has it, read-only */
	{ "nfs", .never = true },
	{ "nfsd", .never = true },
	{ "sit", .modules = { "sit" } },
	{ "ipip", .modules = { "ipip" } },
	{ "ipgre", .modules = { "ip_gre" } },
	/* line disciplines and compressions are asked for by number */
	{ "ppp", .modules = { "ppp_generic", "ppp_async", "ppp_synctty", "ppp_deflate",
			      "bsd_comp", "ppp_mppe" } },
	{ "bridge", .modules = { "bridge" } },
	{ "wireguard", .modules = { "wireguard" } },	/* OpenVZ had none */
};

static const struct feature *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		if (strcasecmp(features[i].name, name) == 0)
			return &features[i];
	return NULL;
}

static bool is_on(const char *value)
{
	return strcasecmp(value, "on") == 0;
}

static bool good(const char *name, const char *value)
{
	const struct feature *f = find(name);

	return f && (is_on(value) ? !f->never : strcasecmp(value, "off") == 0);
}

static bool accept(const char *name, const char **value)
{
	return good(name, *value);
}

char *features_merge(const char *arg, const char *old)
{
	return assignments_merge(arg, old, accept);
}

bool feature_on(const struct conf *conf, const char *wanted)
{
	const char *list = conf_get(conf, "FEATURES");
	bool on = false;
	char *name, *value;

	while (list && assignment_next(&list, &name, &value)) {
		if (strcasecmp(name, wanted) == 0)
			on = is_on(value);
		free(name);
		free(value);
	}
	return on;
}

static int load(const struct feature *f)
{
	for (size_t i = 0; f->modules[i]; i++)
		if (!module_load(f->modules[i], NULL))
			return fail(EXIT_KERNEL,
				    "FEATURES: the host's module %s, for %s, cannot be loaded",
				    f->modules[i], f->name);
	return 0;
}

int features_load(const struct conf *conf)
{
	const char *list = conf_get(conf, "FEATURES");
	char *name, *value;
	int ret = 0;

	while (!ret && list && assignment_next(&list, &name, &value)) {
		const struct feature *f = find(name);

		/* a file that OpenVZ wrote must not keep its container from running */
		if (!good(name, value))
			warn("FEATURES: \"%s:%s\" %s", name, value, f && f->never ?
			     "is not possible in a user namespace" :
			     "is not known: it takes " FEATURES_TAKES);
		else if (is_on(value))
			ret = load(f);
		free(name);
		free(value);
	}
	return ret;
}
