// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "legacy.h"
#include "params.h"
#include "util.h"

static bool always(const char *value)
{
	return *value;
}

static bool wants_nfs(const char *value)
{
	return strcasestr(value, "nfs:on") || strcasestr(value, "nfsd:on");
}

static bool is_partial(const char *value)
{
	return *value && strcmp(value, "full") != 0;
}

static const struct {
	const char *key;
	bool (*applies)(const char *value);	/* to this value */
	const char *advice;
} lines[] = {
	{ "CPUUWEIGHT", always, "use CPUUNITS" },
	{ "FEATURES", wants_nfs, "NFS cannot be had in a user namespace: mount it on the host" },
	{ "IPTABLES", always, "a container's netfilter is its own, and whole" },
	{ "MEMINFO", always, "it is not read" },
	{ "MOUNT_OPTS", always, "it is not read" },
	{ "NETDEV", always, "devices of the host's are not moved" },
	{ "NETFILTER", is_partial, "a container's netfilter is its own, and whole" },
	{ "PCI", always, "PCI devices cannot be given to a container" },
	{ "QUOTAUGIDLIMIT", always, "there are no quotas of users in a container" },
};

const char *legacy_advice(const char *key, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (strcmp(lines[i].key, key) == 0)
			return lines[i].applies(value) ? lines[i].advice : NULL;
	if (params_key_applies(key) & (APPLIES_NOWHERE | APPLIES_BEANCOUNTERS))
		return "it is recorded, not enforced";
	return NULL;
}
