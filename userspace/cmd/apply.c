// SPDX-License-Identifier: GPL-2.0-only
/* What set does to a container that runs. */
#include "../lib/attach.h"
#include "../lib/beancounters.h"
#include "../lib/cgroup.h"
#include "../lib/devnodes.h"
#include "../lib/dist.h"
#include "../lib/error.h"
#include "../lib/limits.h"
#include "../lib/suspended.h"
#include "../lib/util.h"
#include "../net/ethernet.h"
#include "../net/nat.h"
#include "../net/network.h"
#include "../net/rate.h"
#include "apply.h"

int apply_limits(struct container *ct, unsigned int which)
{
	struct limits limits;
	int ret = limits_read(ct->conf, &limits);

	/* only those: others may have been set without --save */
	if (!ret)
		ret = limits_apply(ct->id, container_disk(ct), &limits, which);
	if (!ret)
		limits_say(&limits, which);
	if (!ret)
		say("UB limits were set successfully");
	return ret;
}

/*
 * Nodes appear before they may be used and may no longer be used while they are
 * still there: the filter is what counts. It is set whatever the container's root
 * did to what is in the way of a node, whose loss it is.
 */
static int apply_devices(struct container *ct, const struct attached *in)
{
	cleanup_devices struct device_set set = {};
	cleanup_close int cgroup = -1;
	struct devnodes nodes;
	uint32_t base;
	int ret = container_ids(ct, &base);

	if (!ret)
		ret = devices_read(ct->conf, &set);
	if (!ret)
		ret = cgroup_open(ct->id, &cgroup);
	if (!ret)
		ret = devnodes_open(ct->id, base, &set, &nodes);
	if (ret)
		return ret;
	if (devnodes_add(in, &nodes)) {
		warn("%s", error_text());
		error_clear();
	}
	devnodes_close(&nodes);
	ret = devices_restrict(cgroup, &set);
	if (!ret)
		say("Setting devices");
	return ret;
}

static int apply_inside(struct container *ct, const struct kernel_container *kc,
			unsigned int applies)
{
	struct attached in;
	int ret = 0;

	if (applies & APPLIES_DEVICES) {
		ret = attach_open(ct, kc, &in);
		if (ret)
			return ret;
		ret = apply_devices(ct, &in);
		attach_close(&in);
	}
	return ret;
}

int apply_files(struct container *ct, unsigned int applies)
{
	int ret = 0;

	if (applies & APPLIES_HOSTNAME) {
		ret = dist_set_hostname(ct, conf_get(ct->conf, "HOSTNAME"));
		if (!ret)
			say("Set hostname: %s", conf_get(ct->conf, "HOSTNAME"));
	}
	if (!ret && (applies & APPLIES_DNS)) {
		ret = dist_set_dns(ct, conf_get(ct->conf, "NAMESERVER"),
				   conf_get(ct->conf, "SEARCHDOMAIN"));
		if (!ret)
			say("File resolv.conf was modified");
	}
	/* they are set, whatever its files say */
	if (!ret && (applies & (APPLIES_ADDRESSES | APPLIES_NETIF)) && dist_set_addresses(ct)) {
		warn("%s", error_text());
		error_clear();
	}
	return ret;
}

int apply_ports(struct container *ct)
{
	cleanup_addresses struct addresses has = {};
	cleanup_conf struct conf *live = nat_noted(ct->id);
	int ret = network_addresses(ct->id, &has);

	/* NAT counts from the next start on */
	conf_set(live, "PORTS", conf_get(ct->conf, "PORTS"));
	return ret ? ret : nat_set(ct->id, live, &has);
}

static int apply_netif(struct container *ct, const struct kernel_container *kc)
{
	const char *netif = conf_get(ct->conf, "NETIF");
	cleanup_routed struct routed routed = {};
	int ret = routed_ask(ct->id, netif, &routed);

	if (!ret)
		ret = suspended_hold(ct->id, &routed.fresh);
	if (!ret)
		ret = routed_settle(&routed);
	return ret ? ret : ethernet_change(ct->id, kc->init, netif);
}

int apply(struct container *ct, const struct kernel_container *kc, unsigned int applies,
	  const struct params *beancounters)
{
	const char *name = conf_get(ct->conf, "NAME");
	int ret = 0;

	if (applies & LIMIT_ALL)
		ret = apply_limits(ct, applies & LIMIT_ALL);
	if (!ret)
		ret = beancounters_apply(ct->id, ct->conf, beancounters);
	if (!ret)
		ret = apply_inside(ct, kc, applies);
	if (!ret && (applies & APPLIES_NETIF))
		ret = apply_netif(ct, kc);
	if (!ret && (applies & APPLIES_RATE))
		ret = rate_set(ct->id, rate_wanted(ct->conf));
	if (!ret && (applies & APPLIES_NAME))
		ret = kernel_set_name(ct->id, name ? name : "");
	return ret;
}
