// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "capability.h"
#include "container.h"
#include "device.h"
#include "devices.h"
#include "error.h"
#include "features.h"
#include "fields.h"
#include "layout.h"
#include "legacy.h"
#include "nat.h"
#include "netif.h"
#include "params.h"
#include "rate.h"
#include "scx.h"
#include "util.h"
#include "value.h"

#define UNUSED	__attribute__((unused))

struct param {
	const char *option, *key;
	unsigned int applies;
	const char *takes;	/* for people, when the value is bad */
	/*
	 * The text for the configuration file, NULL if @arg is bad. @old is what is
	 * there, for those that change a list or add to it.
	 */
	char *(*text)(const char *arg, const char *old);
	bool repeats;		/* @old only if the option was used before */
};

/* The shortest exact way to write it. */
static char *size_text(uint64_t bytes)
{
	static const char suffixes[] = "TGMK";

	if (bytes == VALUE_UNLIMITED)
		return xstrdup("unlimited");
	for (int i = 0; suffixes[i]; i++) {
		uint64_t unit = 1ULL << (40 - 10 * i);

		if (bytes && bytes % unit == 0)
			return xasprintf("%" PRIu64 "%c", bytes / unit, suffixes[i]);
	}
	return xasprintf("%" PRIu64 "B", bytes);
}

/* OpenVZ's VSwap parameters have a barrier of 0; bytes unless it says otherwise. */
static char *swap(const char *arg, const char *old UNUSED)
{
	cleanup_free char *size = NULL;
	uint64_t bytes;

	if (!parse_size(arg, 1, &bytes))
		return NULL;
	size = size_text(bytes);
	return xasprintf("0:%s", size);
}

/* With none at all nothing could run. */
static char *ram(const char *arg, const char *old UNUSED)
{
	uint64_t bytes;

	return parse_size(arg, 1, &bytes) && bytes ? swap(arg, NULL) : NULL;
}

static char *count_text(uint64_t n)
{
	return n == VALUE_UNLIMITED ? xstrdup("unlimited") : xasprintf("%" PRIu64, n);
}

static char *count(const char *arg, const char *old UNUSED)
{
	cleanup_free char *b = NULL, *l = NULL;
	uint64_t barrier, limit;

	if (!parse_count_pair(arg, &barrier, &limit) || limit == 0)
		return NULL;
	b = count_text(barrier);
	l = count_text(limit);
	return xasprintf("%s:%s", b, l);
}

static char *number(const char *arg, uint64_t min, uint64_t max)
{
	uint64_t n;

	return parse_number(arg, min, max, &n) ? xasprintf("%" PRIu64, n) : NULL;
}

static char *cpuunits(const char *arg, const char *old UNUSED)
{
	return number(arg, 8, 500000);
}

/* The kernel's number in OpenVZ, where less was more. */
static char *cpuweight(const char *arg, const char *old UNUSED)
{
	uint64_t n;

	return parse_number(arg, 1, 62500, &n) ? xasprintf("%" PRIu64, 500000 / n) : NULL;
}

static char *cpulimit(const char *arg, const char *old UNUSED)
{
	size_t len = strlen(arg);
	cleanup_free char *n = xstrndup(arg, len && arg[len - 1] == '%' ? len - 1 : len);

	return number(n, 0, 1000000);
}

static char *cpus(const char *arg, const char *old UNUSED)
{
	return number(arg, 0, 8192);
}

static char *hostname(const char *arg, const char *old UNUSED)
{
	return valid_hostname(arg) ? xstrdup(arg) : NULL;
}

static char *yes_no(const char *arg, const char *old UNUSED)
{
	return strcmp(arg, "yes") == 0 || strcmp(arg, "no") == 0 ? xstrdup(arg) : NULL;
}

static char *any_number(const char *arg, const char *old UNUSED)
{
	return number(arg, 0, 2147483647);
}

static char *seconds(const char *arg, const char *old UNUSED)
{
	return number(arg, 0, 86400);
}

static char *ioprio(const char *arg, const char *old UNUSED)
{
	return number(arg, 0, 7);
}

/* Bytes per second; a bare number is in megabytes, as vzctl has it. */
static char *iolimit(const char *arg, const char *old UNUSED)
{
	uint64_t bytes;

	if (!parse_size(arg, 1 << 20, &bytes) || bytes == VALUE_UNLIMITED)
		return strcmp(arg, "unlimited") == 0 ? xstrdup("0") : NULL;
	return bytes <= 2ULL << 30 ? xasprintf("%" PRIu64, bytes) : NULL;
}

static char *iopslimit(const char *arg, const char *old UNUSED)
{
	return strcmp(arg, "unlimited") == 0 ? xstrdup("0") : any_number(arg, NULL);
}

static char *cpumask(const char *arg, const char *old UNUSED)
{
	return valid_cpumask(arg) ? xstrdup(arg) : NULL;
}

static char *nodemask(const char *arg, const char *old UNUSED)
{
	return valid_nodemask(arg) ? xstrdup(arg) : NULL;
}

static char *name(const char *arg, const char *old UNUSED)
{
	return !*arg || valid_name(arg) ? xstrdup(arg) : NULL;
}

/* One line of text; a file has nothing else. */
static char *line(const char *arg, const char *old UNUSED)
{
	for (const char *s = arg; *s; s++)
		if (iscntrl((unsigned char)*s))
			return NULL;
	return xstrdup(arg);
}

/* A decimal fraction of RAM and swap, such as 1.5 */
static char *overcommit(const char *arg, const char *old UNUSED)
{
	size_t whole = strspn(arg, "0123456789");
	size_t rest = arg[whole] == '.' ? 1 + strspn(arg + whole + 1, "0123456789") : 0;

	return whole && whole <= 6 && !arg[whole + rest] ? xstrdup(arg) : NULL;
}

static bool inherits(const char *words)
{
	return strcmp(words, "inherit") == 0;
}

/* Words, each @valid, added to @old; "inherit" alone is the host's, and goes with no other. */
static char *words(const char *arg, const char *old, bool (*valid)(const char *))
{
	cleanup_free char *copy = xstrdup(arg);
	char *list = xstrdup(old ? old : ""), *rest = copy, *word;

	if (!*arg || (inherits(arg) && (!*list || inherits(list)))) {
		free(list);
		return xstrdup(arg);
	}
	while ((word = strsep(&rest, " ,"))) {
		if (!*word)
			continue;
		if (!valid(word) || inherits(word) || inherits(list)) {
			free(list);
			return NULL;
		}
		text_append(&list, "%s%s", *list ? " " : "", word);
	}
	return list;
}

static char *nameserver(const char *arg, const char *old)
{
	return words(arg, old, valid_address);
}

static char *searchdomain(const char *arg, const char *old)
{
	return words(arg, old, valid_domain);
}

/* Those words of @old that are not in @arg, and with @keep all of @arg. */
static char *addresses_merge(const char *arg, const char *old, bool keep)
{
	cleanup_addresses struct addresses given = {}, has = {}, all = {};

	if (addresses_parse(arg, &given) || !given.count)
		return NULL;
	/* what is no address there is not kept: nothing could be done with it */
	if (addresses_parse(old, &has)) {
		warn("Dropped from IP_ADDRESS: %s", error_text());
		error_clear();
	}
	for (size_t i = 0; i < has.count; i++)
		if (!addresses_have(&given, &has.list[i]))
			addresses_add(&all, &has.list[i]);
	for (size_t i = 0; keep && i < given.count; i++)
		addresses_add(&all, &given.list[i]);
	return addresses_text(&all);
}

static char *ipadd(const char *arg, const char *old)
{
	return addresses_merge(arg, old, true);
}

static char *ipdel(const char *arg, const char *old)
{
	return strcmp(arg, "all") == 0 ? xstrdup("") : addresses_merge(arg, old, false);
}

static char *netif_bridge(const char *arg, const char *old)
{
	return netif_change("bridge", arg, old);
}

static char *netif_mac(const char *arg, const char *old)
{
	return netif_change("mac", arg, old);
}

static char *netif_host_mac(const char *arg, const char *old)
{
	return netif_change("host_mac", arg, old);
}

static char *netif_host_ifname(const char *arg, const char *old)
{
	return netif_change("host_ifname", arg, old);
}

static char *netif_vlan(const char *arg, const char *old)
{
	return netif_change("vlan", arg, old);
}

static char *netif_filter(const char *arg, const char *old)
{
	return netif_change("mac_filter", arg, old);
}

/* Beancounters are kept as they were typed, with both numbers. */
static char *pair_text(const char *arg, bool good)
{
	if (!good)
		return NULL;
	return strchr(arg, ':') ? xstrdup(arg) : xasprintf("%s:%s", arg, arg);
}

static char *bytes(const char *arg, const char *old UNUSED)
{
	return pair_text(arg, parse_size_pair(arg, 1, NULL, NULL));
}

/* Without a suffix a number of pages. */
static char *pages(const char *arg, const char *old UNUSED)
{
	return pair_text(arg, parse_size_pair(arg, sysconf(_SC_PAGESIZE), NULL, NULL));
}

static char *physpages(const char *arg, const char *old UNUSED)
{
	uint64_t limit;

	return pair_text(arg, parse_size_pair(arg, sysconf(_SC_PAGESIZE), NULL, &limit) && limit);
}

static char *items(const char *arg, const char *old UNUSED)
{
	return pair_text(arg, parse_count_pair(arg, NULL, NULL));
}

/* A hard limit of 0 is none. */
static char *quota(const char *arg, uint64_t unit)
{
	uint64_t soft, hard;

	return pair_text(arg, quota_parse(arg, unit, &soft, &hard) && (soft <= hard || !hard));
}

static char *space(const char *arg, const char *old UNUSED)
{
	return quota(arg, 1024);
}

static char *inodes(const char *arg, const char *old UNUSED)
{
	return quota(arg, 1);
}

static char *path(const char *arg, const char *old UNUSED)
{
	return valid_path(arg) ? xstrdup(arg) : NULL;
}

static char *device(const char *arg, const char *old UNUSED)
{
	return valid_path(arg) ? device_lasting_name(arg) : NULL;
}

static char *template(const char *arg, const char *old UNUSED)
{
	return valid_template_name(arg) ? xstrdup(arg) : NULL;
}

static char *one_of(const char *arg, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(arg, *list) == 0)
			return xstrdup(arg);
	return NULL;
}

static char *sched(const char *arg, const char *old UNUSED)
{
	uint32_t policy;

	return scx_policy_parse(arg, &policy) ? xstrdup(arg) : NULL;
}

static char *netfilter(const char *arg, const char *old UNUSED)
{
	static const char *const modes[] = {
		"disabled", "stateless", "stateful", "full", NULL
	};

	return one_of(arg, modes);
}

/* none, or what memory the container is to see: pages:N, privvmpages:N */
static char *meminfo(const char *arg, const char *old UNUSED)
{
	const char *colon = strchr(arg, ':');
	cleanup_free char *mode = xstrndup(arg, colon ? (size_t)(colon - arg) : strlen(arg));
	static const char *const modes[] = { "pages", "privvmpages", NULL };
	cleanup_free char *known = one_of(mode, modes);
	uint64_t n;

	if (strcmp(arg, "none") == 0)
		return xstrdup(arg);
	return known && colon && parse_number(colon + 1, 1, INT32_MAX, &n) ? xstrdup(arg) : NULL;
}

#define SIZE	"a size such as 512M, or unlimited"
#define BYTES	"bytes as BARRIER[:LIMIT], with a suffix if you like, or unlimited"
#define PAGES	"pages as BARRIER[:LIMIT], a size such as 512M, or unlimited"
#define ADDRESS	"an address such as 10.0.0.2 or fd00::2, or a prefix such as 10.0.1.0/28"
#define OF_NETIF	", after --ifname"
#define FULL_PATH	"a full path"
#define ITEMS	"a number or BARRIER:LIMIT, or unlimited"

static const struct param params[] = {
	{ "avnumproc", "AVNUMPROC", APPLIES_NOWHERE, ITEMS, items },
	{ "bootorder", "BOOTORDER", APPLIES_FILE, "a number; higher ones start first",
	  any_number },
	{ "bridge", "NETIF", APPLIES_NETIF, "the name of a bridge" OF_NETIF, netif_bridge },
	{ "capability", "CAPABILITY", APPLIES_RESTART, "NAME:on or NAME:off, see capabilities(7)",
	  capability_merge },
	{ "cpulimit", "CPULIMIT", LIMIT_CPU_TIME, "percent of one CPU, 0 for no limit",
	  cpulimit },
	{ "cpumask", "CPUMASK", LIMIT_CPUMASK, "a list of CPUs such as 0-3,5, auto, or all",
	  cpumask },
	{ "cpus", "CPUS", LIMIT_CPU_TIME, "a number of CPUs, 0 for all", cpus },
	{ "cpuunits", "CPUUNITS", LIMIT_CPUUNITS, "a number between 8 and 500000", cpuunits },
	{ "cpuweight", "CPUUNITS", LIMIT_CPUUNITS, "500000 divided by cpuunits, 1 to 62500",
	  cpuweight },
	{ "dcachesize", "DCACHESIZE", APPLIES_BEANCOUNTERS, BYTES, bytes },
	{ "description", "DESCRIPTION", APPLIES_FILE, "one line of text", line },
	{ "device", "VE_DEVICE", APPLIES_PLACE, FULL_PATH " of a block device", device },
	{ "devices", "DEVICES", APPLIES_DEVICES, "b|c:MAJOR:MINOR|all:[r][w]|none", devices_merge },
	{ "devnodes", "DEVNODES", APPLIES_DEVICES,
	  "a name below /dev and its use, as in net/tun:rw", devnodes_merge },
	{ "dgramrcvbuf", "DGRAMRCVBUF", APPLIES_BEANCOUNTERS, BYTES, bytes },
	{ "diskinodes", "DISKINODES", APPLIES_DISK, "SOFT[:HARD], or unlimited", inodes },
	{ "diskquota", "DISK_QUOTA", APPLIES_DISK, "yes or no", yes_no },
	{ "diskspace", "DISKSPACE", APPLIES_DISK,
	  "SOFT[:HARD] with a suffix, or in KiB without, or unlimited", space },
	{ "disabled", "DISABLED", APPLIES_FILE, "yes or no", yes_no },
	{ "features", "FEATURES", APPLIES_RESTART, FEATURES_TAKES, features_merge },
	{ "host_ifname", "NETIF", APPLIES_NETIF, "a name on the host" OF_NETIF,
	  netif_host_ifname },
	{ "host_mac", "NETIF", APPLIES_NETIF, "a MAC address" OF_NETIF, netif_host_mac },
	{ "hostname", "HOSTNAME", APPLIES_HOSTNAME, "a host name", hostname },
	{ "iolimit", "IOLIMIT", LIMIT_IO, "megabytes per second or a size up to 2G, 0 for no limit",
	  iolimit },
	{ "ioprio", "IOPRIO", LIMIT_IOPRIO, "a number between 0 and 7", ioprio },
	{ "iopslimit", "IOPSLIMIT", LIMIT_IO, "operations per second, 0 for no limit", iopslimit },
	{ "iptables", "IPTABLES", APPLIES_LEGACY, "names of modules", line },
	{ "kmemsize", "KMEMSIZE", APPLIES_BEANCOUNTERS, BYTES, bytes },
	{ "ifname", "NETIF", APPLIES_NETIF, "the name of one of its interfaces", netif_select },
	{ "ip", "IP_ADDRESS", APPLIES_ADDRESSES, ADDRESS, ipadd },
	{ "ipadd", "IP_ADDRESS", APPLIES_ADDRESSES, ADDRESS, ipadd },
	{ "ipdel", "IP_ADDRESS", APPLIES_ADDRESSES, ADDRESS ", or all", ipdel },
	{ "lockedpages", "LOCKEDPAGES", APPLIES_ENFORCED | LIMIT_LOCKED, PAGES, pages },
	{ "mac", "NETIF", APPLIES_NETIF, "a MAC address" OF_NETIF, netif_mac },
	{ "mac_filter", "NETIF", APPLIES_NETIF, "on or off" OF_NETIF, netif_filter },
	{ "meminfo", "MEMINFO", APPLIES_LEGACY, "none, pages:N or privvmpages:N", meminfo },
	{ "mount_opts", "MOUNT_OPTS", APPLIES_LEGACY, "options of mount(8)", line },
	{ "name", "NAME", APPLIES_NAME, "letters, digits, blanks and -_+.; not only digits",
	  name },
	{ "nameserver", "NAMESERVER", APPLIES_DNS, "an address, or inherit", nameserver, true },
	{ "nat", "NAT", APPLIES_RESTART, "yes or no", yes_no },
	{ "netfilter", "NETFILTER", APPLIES_LEGACY, "disabled, stateless, stateful or full",
	  netfilter },
	{ "netif_add", "NETIF", APPLIES_NETIF,
	  "a new name, and then, if you like, ,MAC,HOST_IFNAME,HOST_MAC,BRIDGE,VLAN,KEY=VALUE...",
	  netif_add },
	{ "netif_del", "NETIF", APPLIES_NETIF, "the name of one of its interfaces, or all",
	  netif_del },
	{ "netif_set", "NETIF", APPLIES_NETIF, "a key of NETIF and its value, such as type=routed"
	  OF_NETIF, netif_set },
	{ "nodemask", "NODEMASK", LIMIT_NODEMASK, "a list of NUMA nodes such as 0-1, or all",
	  nodemask },
	{ "numfile", "NUMFILE", APPLIES_ENFORCED, ITEMS, items },
	{ "numflock", "NUMFLOCK", APPLIES_ENFORCED, ITEMS, items },
	{ "numiptent", "NUMIPTENT", APPLIES_BEANCOUNTERS, ITEMS, items },
	{ "numothersock", "NUMOTHERSOCK", APPLIES_ENFORCED, ITEMS, items },
	{ "numproc", "NUMPROC", LIMIT_NUMPROC, "a number of processes, or unlimited", count },
	{ "numpty", "NUMPTY", APPLIES_ENFORCED, ITEMS, items },
	{ "numsiginfo", "NUMSIGINFO", APPLIES_BEANCOUNTERS, ITEMS, items },
	{ "numtcpsock", "NUMTCPSOCK", APPLIES_ENFORCED, ITEMS, items },
	{ "onboot", "ONBOOT", APPLIES_FILE, "yes or no", yes_no },
	{ "oomguarpages", "OOMGUARPAGES", APPLIES_BEANCOUNTERS, PAGES, pages },
	{ "ostemplate", "OSTEMPLATE", APPLIES_FILE, "the name of a template", template },
	{ "othersockbuf", "OTHERSOCKBUF", APPLIES_BEANCOUNTERS, BYTES, bytes },
	{ "physpages", "PHYSPAGES", LIMIT_RAM, PAGES, physpages },
	{ "port_add", "PORTS", APPLIES_PORTS, "PROTOCOL:PORT:PORT such as tcp:8080:80",
	  nat_port_add },
	{ "port_del", "PORTS", APPLIES_PORTS, "PROTOCOL:PORT such as tcp:8080, or all",
	  nat_port_del },
	{ "private", "VE_PRIVATE", APPLIES_PLACE, FULL_PATH, path },
	{ "privvmpages", "PRIVVMPAGES", APPLIES_BEANCOUNTERS, PAGES, pages },
	{ "quotatime", "QUOTATIME", APPLIES_DISK, "a number of seconds", any_number },
	{ "quotaugidlimit", "QUOTAUGIDLIMIT", APPLIES_DISK,
	  "a number of users and groups, 0 for no quotas of theirs", any_number },
	{ "ram", "PHYSPAGES", LIMIT_RAM, SIZE, ram },
	{ "rate", "RATE", APPLIES_RATE, RATE_TAKES, rate_option },
	{ "root", "VE_ROOT", APPLIES_PLACE, FULL_PATH, path },
	{ "sched", "SCHED", LIMIT_SCHED, "default, latency or batch", sched },
	{ "searchdomain", "SEARCHDOMAIN", APPLIES_DNS, "a domain name, or inherit", searchdomain,
	  true },
	{ "shmpages", "SHMPAGES", APPLIES_BEANCOUNTERS, PAGES, pages },
	{ "stop-timeout", "STOP_TIMEOUT", APPLIES_FILE, "a number of seconds up to 86400",
	  seconds },
	{ "swap", "SWAPPAGES", LIMIT_SWAP, SIZE, swap },
	{ "swappages", "SWAPPAGES", LIMIT_SWAP, PAGES, pages },
	{ "tcprcvbuf", "TCPRCVBUF", APPLIES_BEANCOUNTERS, BYTES, bytes },
	{ "tcpsndbuf", "TCPSNDBUF", APPLIES_BEANCOUNTERS, BYTES, bytes },
	{ "vlan", "NETIF", APPLIES_NETIF, "a VLAN from 1 to 4094, 0 for none" OF_NETIF,
	  netif_vlan },
	{ "vm_overcommit", "VM_OVERCOMMIT", APPLIES_NOWHERE, "a factor such as 1.5", overcommit },
	{ "vmguarpages", "VMGUARPAGES", APPLIES_BEANCOUNTERS, PAGES, pages },
};

_Static_assert(ARRAY_SIZE(params) <= PARAMS_MAX, "struct params has room for each");

struct option *params_options(const struct option *own)
{
	size_t n = ARRAY_SIZE(params), extra = 0;
	struct option *all;

	while (own[extra].name)
		extra++;
	all = xcalloc(n + extra + 1, sizeof(*all));
	for (size_t i = 0; i < n; i++)
		all[i] = (struct option){ params[i].option, required_argument, NULL,
					  PARAM_FIRST + i };
	memcpy(all + n, own, extra * sizeof(*own));
	return all;
}

int params_set(struct params *p, int opt, const char *arg)
{
	const struct param *param = &params[opt - PARAM_FIRST];
	bool *seen = &p->seen[opt - PARAM_FIRST];
	bool fresh = param->repeats && !*seen;
	cleanup_free char *text = param->text(arg, fresh ? NULL : conf_get(p->conf, param->key));

	if (!text)
		return fail(EXIT_BAD_VALUE, "Bad value for --%s: %s; it takes %s",
			    param->option, arg, param->takes);
	conf_set(p->conf, param->key, text);
	p->applies |= param->applies;
	*seen = true;
	return 0;
}

static bool limits_disk(const struct params *p)
{
	return p->fresh || params_seen(p, "DISKSPACE") || params_seen(p, "DISKINODES");
}

void params_warn(const struct params *p, const struct container *ct)
{
	const char *why = limits_disk(p) ? disk_unlimited(ct) : NULL;

	if (why)
		warn("Disk limits of container %u are not enforced: %s", ct->id, why);
	why = params_seen(p, "QUOTAUGIDLIMIT") ? disk_users_unlimited(ct) : NULL;
	if (why)
		warn("--quotaugidlimit has no effect: %s", why);
	if (p->applies & (APPLIES_NOWHERE | APPLIES_BEANCOUNTERS))
		warn("Beancounters but physpages, swappages, lockedpages, numproc, numfile, "
		     "numflock, numothersock, numpty, numtcpsock are recorded only");
	for (size_t i = 0; i < ARRAY_SIZE(params); i++) {
		const struct param *param = &params[i];
		const char *advice = p->seen[i] && (param->applies & APPLIES_LEGACY) ?
				     legacy_advice(param->key, conf_get(p->conf, param->key)) :
				     NULL;

		if (advice)
			warn("--%s has no effect: %s", param->option, advice);
	}
}

bool params_seen(const struct params *p, const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(params); i++)
		if (p->seen[i] && strcmp(params[i].key, key) == 0)
			return true;
	return false;
}

static const struct param *find_key(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(params); i++)
		if (strcmp(params[i].key, key) == 0)
			return &params[i];
	return NULL;
}

unsigned int params_key_applies(const char *key)
{
	const struct param *param = find_key(key);

	return param ? param->applies : 0;
}

const char *params_key_option(const char *key)
{
	const struct param *param = find_key(key);

	return param ? param->option : NULL;
}
