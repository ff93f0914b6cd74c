// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "host.h"
#include "module.h"
#include "util.h"
#include "venet.h"

#define IPV4	"/proc/sys/net/ipv4/"
#define IPV6	"/proc/sys/net/ipv6/"

static bool is_set(const char *path, const char *value)
{
	cleanup_free char *now = read_file(path, 64);

	if (now)
		now[strcspn(now, "\n")] = '\0';
	return now && strcmp(now, value) == 0;
}

void host_module(void)
{
	/* what is being loaded is waited for */
	if (!is_set("/sys/module/cloison_net/initstate", "live"))
		module_load("cloison_net", NULL);
}

static int set(const char *path, const char *value)
{
	if (is_set(path, value))
		return 0;
	if (write_file_at(-1, path, value))
		return fail_errno(EXIT_ADD_IP, "Cannot write %s to %s", value, path);
	detail("%s is now %s", path, value);
	return 0;
}

/*
 * A router takes no default route from router advertisements, unless it is told so: a
 * host that lives by them would lose its own.
 */
static void keep_advertised(void)
{
	cleanup_dir DIR *dir = opendir(IPV6 "conf");
	struct dirent *de;

	while (dir && (de = readdir(dir))) {
		cleanup_free char *path = xasprintf(IPV6 "conf/%s/accept_ra", de->d_name);

		/* links that come later may be a container's */
		if (de->d_name[0] != '.' && strcmp(de->d_name, "all") != 0 &&
		    strcmp(de->d_name, "default") != 0 && is_set(path, "1"))
			set(path, "2");
	}
	error_clear();
}

static bool any_of(const struct addresses *all, int family)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->list[i].family == family)
			return true;
	return false;
}

int host_forward(const struct addresses *of)
{
	int ret = 0;

	if (any_of(of, AF_INET)) {
		ret = set(IPV4 "ip_forward", "1");
		/* packets between containers come and go by one link, and are right so */
		if (!ret)
			ret = set(IPV4 "conf/all/send_redirects", "0");
		if (!ret && access(IPV4 "conf/" VENET, F_OK) == 0)
			ret = set(IPV4 "conf/" VENET "/send_redirects", "0");
	}
	if (ret || !any_of(of, AF_INET6) || is_set(IPV6 "conf/all/forwarding", "1"))
		return ret;
	keep_advertised();
	return set(IPV6 "conf/all/forwarding", "1");
}

void host_distrust(const char *link, bool bridged)
{
	cleanup_free char *rp = xasprintf(IPV4 "conf/%s/rp_filter", link);
	cleanup_free char *arp = xasprintf(IPV4 "conf/%s/arp_ignore", link);
	cleanup_free char *ra = xasprintf(IPV6 "conf/%s/accept_ra", link);
	cleanup_free char *off = xasprintf(IPV6 "conf/%s/disable_ipv6", link);

	/* from a link without addresses and routes the host takes no IPv4 at all then */
	set(rp, "1");
	if (bridged || is_set(arp, "8"))
		set(arp, bridged ? "8" : "0");
	set(ra, "0");
	set(off, bridged || is_set(IPV6 "conf/default/disable_ipv6", "1") ? "1" : "0");
	/* a host without IPv6 has neither of these */
	error_clear();
}

void host_answer(const struct neighbour *n)
{
	cleanup_free char *ndp = xasprintf(IPV6 "conf/%s/proxy_ndp", n->name);
	cleanup_free char *delay4 = xasprintf(IPV4 "neigh/%s/proxy_delay", n->name);
	cleanup_free char *delay6 = xasprintf(IPV6 "neigh/%s/proxy_delay", n->name);

	set(ndp, "1");
	set(delay4, "0");
	set(delay6, "0");
	/* a link without IPv6 has not all of them */
	error_clear();
}
