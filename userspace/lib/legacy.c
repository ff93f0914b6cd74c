// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "global.h"
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

static bool is_no(const char *value)
{
	return strcmp(value, "no") == 0;
}

struct line {
	const char *key;
	bool (*applies)(const char *value);	/* to this value */
	const char *advice;
};

static const struct line lines[] = {
	{ "CPUUWEIGHT", always, "use CPUUNITS" },
	{ "DCACHE", always, "use DCACHESIZE" },
	{ "FEATURES", wants_nfs, "NFS cannot be had in a user namespace: mount it on the host" },
	{ "IPTABLES", always, "a container's netfilter is its own, and whole" },
	{ "IPTENTRIES", always, "use NUMIPTENT" },
	{ "MEMINFO", always, "it is not read" },
	{ "MOUNT_OPTS", always, "it is not read" },
	{ "NETDEV", always, "devices of the host's are not moved" },
	{ "NETFILTER", is_partial, "a container's netfilter is its own, and whole" },
	{ "PCI", always, "PCI devices cannot be given to a container" },
};

static const struct line global_lines[] = {
	{ "DISK_QUOTA", is_no, "each container has its own: cloisonctl set CTID --diskquota" },
	{ "FORCE_ROUTE", always, "a route that is in the way is not replaced" },
	{ "IPTABLES", always, "a container's netfilter is its own, and whole" },
	{ "IPTABLES_MODULES", always, "a container's netfilter is its own, and whole" },
	{ "IPV6", is_no, "a container has the addresses that it is given" },
	{ "LOCAL_GID", always, "create chooses ids for each container, of its own" },
	{ "LOCAL_UID", always, "create chooses ids for each container, of its own" },
	{ "MODULES_DISABLED", always, "modules-load.d/cloison.conf says what is loaded" },
	{ "NAMESERVER", always, "put it into the sample that CONFIGFILE names" },
	{ "SEARCHDOMAIN", always, "put it into the sample that CONFIGFILE names" },
	{ "SKIP_SYSCTL_SETUP", always, "sysctls are the host's: cloisonctl check settings" },
	{ "VE_PARALLEL", always, "as many start at once as BOOTORDER and the processors allow" },
	{ "VE_STOP_MODE", always,
	  "containers are stopped with the host; to have them suspended: cloisonctl host-upgrade" },
	{ "VIRTUOZZO", is_no, "systemctl disable cloison keeps them from starting with the host" },
	{ "VZFASTBOOT", always, "there are no quotas to be counted at boot" },
	{ "VZWDOG", always, "there is no such module; to watch the host: cloisonctl metrics" },
};

/* True if it is one of these; then *@advice is NULL if its value makes no difference. */
static bool look_up(const struct line *list, size_t count, const char *key, const char *value,
		    const char **advice)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i].key, key) != 0)
			continue;
		*advice = list[i].applies(value) ? list[i].advice : NULL;
		return true;
	}
	return false;
}

const char *legacy_global_advice(const char *key, const char *value)
{
	const char *advice;

	if (global_reads(key))
		return NULL;
	if (look_up(global_lines, ARRAY_SIZE(global_lines), key, value, &advice))
		return advice;
	return params_key_applies(key) ? "it is for the file of a container" :
	       "it is no key of this file, see cloison.conf(5)";
}

const char *legacy_advice(const char *key, const char *value)
{
	const char *advice;

	if (look_up(lines, ARRAY_SIZE(lines), key, value, &advice))
		return advice;
	if (params_key_applies(key) & (APPLIES_NOWHERE | APPLIES_BEANCOUNTERS))
		return "it is recorded, not enforced";
	return NULL;
}
