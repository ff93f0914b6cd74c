// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <strings.h>
#include <sys/capability.h>

#include "assignments.h"
#include "capability.h"
#include "error.h"
#include "util.h"

#define BIT(cap)	(UINT64_C(1) << (cap))

/*
 * In a user namespace these give power over the container only, if any; what is
 * not needed is not offered. Who has CAP_SYS_RESOURCE, in whatever namespace, has
 * triggers of pressure watched by a real-time thread of the host. CAP_SYS_BOOT
 * stays: reboot(2) ends the container.
 */
#define DEFAULT_DROPPED	(BIT(CAP_SYS_MODULE) | BIT(CAP_SYS_RAWIO) | BIT(CAP_SYS_TIME) | \
			 BIT(CAP_SYSLOG) | BIT(CAP_MAC_ADMIN) | BIT(CAP_MAC_OVERRIDE) | \
			 BIT(CAP_WAKE_ALARM) | BIT(CAP_BLOCK_SUSPEND) | BIT(CAP_PERFMON) | \
			 BIT(CAP_BPF) | BIT(CAP_CHECKPOINT_RESTORE) | BIT(CAP_SYS_RESOURCE))

/* NET_ADMIN, net_admin and cap_net_admin are the same. */
static bool parse_name(const char *name, cap_value_t *cap)
{
	bool prefixed = strncasecmp(name, "cap_", 4) == 0;
	cleanup_free char *full = xasprintf("%s%s", prefixed ? "" : "cap_", name);

	return cap_from_name(full, cap) == 0;
}

static bool parse_switch(const char *value, bool *on)
{
	*on = strcasecmp(value, "on") == 0;
	return *on || strcasecmp(value, "off") == 0;
}

static bool accept(const char *name, const char **value)
{
	cap_value_t cap;
	bool on;

	if (!parse_name(name, &cap) || !parse_switch(*value, &on))
		return false;
	*value = on ? "on" : "off";
	return true;
}

char *capability_merge(const char *arg, const char *old)
{
	return assignments_merge(arg, old, accept);
}

int capability_dropped(const struct conf *conf, uint64_t *dropped)
{
	const char *list = conf ? conf_get(conf, "CAPABILITY") : NULL;
	char *name, *value;
	cap_value_t cap;
	bool on;

	*dropped = DEFAULT_DROPPED;
	while (list && assignment_next(&list, &name, &value)) {
		cleanup_free char *n = name, *v = value;

		/* OpenVZ's own, which stood for root's usual powers in a container */
		if (strcasecmp(n, "VE_ADMIN") == 0)
			continue;
		if (!parse_name(n, &cap) || !parse_switch(v, &on))
			return fail(EXIT_BAD_VALUE,
				    "CAPABILITY: \"%s:%s\" is not a capability followed by :on or :off",
				    n, v);
		if (on)
			*dropped &= ~BIT(cap);
		else
			*dropped |= BIT(cap);
	}
	return 0;
}
