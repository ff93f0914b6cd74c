// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cgroup.h"
#include "disk.h"
#include "error.h"
#include "global.h"
#include "limits.h"
#include "lock.h"
#include "scx.h"
#include "util.h"
#include "value.h"

#define CPU_PERIOD_US	100000U

/* Of the host's groups, as nobody sets one. */
#define DEFAULT_WEIGHT	100
#define MAX_WEIGHT	10000

static int bad(const char *key, const char *value)
{
	return fail(EXIT_BAD_VALUE, "%s=\"%s\" in the configuration is not a valid value",
		    key, value);
}

/* The value of @key, NULL if there is none; notes that it was given. */
static const char *get(const struct conf *conf, const char *key, struct limits *l,
		       unsigned int bit)
{
	const char *v = conf_get(conf, key);

	if (!v || !*v)
		return NULL;
	l->given |= bit;
	return v;
}

static int read_limit(const struct conf *conf, const char *key, struct limits *l,
		      unsigned int bit, uint64_t *limit)
{
	const char *v = get(conf, key, l, bit);
	/* what OpenVZ counted in pages is in pages in its files */
	uint64_t unit = strstr(key, "PAGES") ? sysconf(_SC_PAGESIZE) : 1;

	if (v && !parse_size_pair(v, unit, NULL, limit))
		return bad(key, v);
	return 0;
}

static int read_number(const struct conf *conf, const char *key, struct limits *l,
		       unsigned int bit, uint64_t max, uint32_t *number)
{
	const char *v = get(conf, key, l, bit);
	uint64_t n;

	if (!v)
		return 0;
	if (!parse_number(v, 0, max, &n))
		return bad(key, v);
	*number = n;
	return 0;
}

/* Per second; 0 is no limit. */
static int read_rate(const struct conf *conf, const char *key, struct limits *l, uint64_t *rate)
{
	const char *v = get(conf, key, l, LIMIT_IO);

	if (v && !parse_size(v, 1, rate))
		return bad(key, v);
	if (!*rate)
		*rate = VALUE_UNLIMITED;
	return 0;
}

static int read_list(const struct conf *conf, const char *key, struct limits *l,
		     unsigned int bit, bool (*valid)(const char *), const char **list)
{
	const char *v = get(conf, key, l, bit);

	if (v && !valid(v))
		return bad(key, v);
	if (v)
		*list = v;
	return 0;
}

static int read_sched(const struct conf *conf, struct limits *l)
{
	const char *v = get(conf, "SCHED", l, LIMIT_SCHED);

	return v && !scx_policy_parse(v, &l->sched) ? bad("SCHED", v) : 0;
}

int limits_read(const struct conf *conf, struct limits *l)
{
	int ret;

	*l = (struct limits) {
		.ram = VALUE_UNLIMITED, .swap = VALUE_UNLIMITED, .numproc = VALUE_UNLIMITED,
		.locked = VALUE_UNLIMITED,
		.cpuunits = 1000, .cpumask = "all", .nodemask = "all", .ioprio = IOPRIO_DEFAULT,
		.iolimit = VALUE_UNLIMITED, .iopslimit = VALUE_UNLIMITED,
	};
	if (!conf)
		return 0;
	ret = read_limit(conf, "PHYSPAGES", l, LIMIT_RAM, &l->ram);
	if (!ret)
		ret = read_limit(conf, "SWAPPAGES", l, LIMIT_SWAP, &l->swap);
	if (!ret)
		ret = read_limit(conf, "NUMPROC", l, LIMIT_NUMPROC, &l->numproc);
	if (!ret)
		ret = read_limit(conf, "LOCKEDPAGES", l, LIMIT_LOCKED, &l->locked);
	if (!ret)
		ret = read_number(conf, "CPUUNITS", l, LIMIT_CPUUNITS, 500000, &l->cpuunits);
	if (!ret && l->cpuunits < 8)
		ret = bad("CPUUNITS", conf_get(conf, "CPUUNITS"));
	if (!ret)
		ret = read_number(conf, "CPULIMIT", l, LIMIT_CPU_TIME, 1000000, &l->cpulimit);
	if (!ret)
		ret = read_number(conf, "CPUS", l, LIMIT_CPU_TIME, 8192, &l->cpus);
	if (!ret)
		ret = read_list(conf, "CPUMASK", l, LIMIT_CPUMASK, valid_cpumask, &l->cpumask);
	if (!ret)
		ret = read_list(conf, "NODEMASK", l, LIMIT_NODEMASK, valid_nodemask, &l->nodemask);
	if (!ret)
		ret = read_sched(conf, l);
	if (!ret)
		ret = read_number(conf, "IOPRIO", l, LIMIT_IOPRIO, 7, &l->ioprio);
	if (!ret)
		ret = read_rate(conf, "IOLIMIT", l, &l->iolimit);
	if (!ret)
		ret = read_rate(conf, "IOPSLIMIT", l, &l->iopslimit);
	return ret;
}

unsigned int limits_weight(uint32_t cpuunits)
{
	unsigned int weight = (cpuunits + 5) / 10;

	if (weight < 1)
		return 1;
	return weight > MAX_WEIGHT ? MAX_WEIGHT : weight;
}

int limits_share(void)
{
	cleanup_free uint32_t *ids = NULL;
	cleanup_close int lock = -1;
	unsigned int host = limits_weight(global.host_cpuunits);
	uint64_t all = 0, one;
	size_t count = 0;
	char text[24];
	/* who adds up later is right */
	int ret = lock_take("share", true, &lock);

	if (!ret)
		ret = cgroup_list(&ids, &count);
	if (ret)
		return ret;
	/* there is no more than that, however many follow */
	for (size_t i = 0; i < count && all / host < MAX_WEIGHT / DEFAULT_WEIGHT; i++)
		if (cgroup_number(ids[i], "cpu.weight", &one))
			all += one;
	if (!all)
		return 0;
	all = all * DEFAULT_WEIGHT / host;
	snprintf(text, sizeof(text), "%" PRIu64, all < 1 ? 1 : all > MAX_WEIGHT ? MAX_WEIGHT : all);
	return cgroup_set_all("cpu.weight", text);
}

uint32_t limits_cpu_percent(const struct limits *l)
{
	uint32_t by_cpus = l->cpus * 100;

	if (!l->cpulimit || !by_cpus)
		return l->cpulimit + by_cpus;
	return l->cpulimit < by_cpus ? l->cpulimit : by_cpus;
}

static int set(uint32_t id, const char *file, uint64_t value)
{
	char text[32] = "max";

	if (value != VALUE_UNLIMITED)
		snprintf(text, sizeof(text), "%" PRIu64, value);
	return cgroup_set(id, file, text);
}

/*
 * A write to memory.max kills for what it cannot get: so first by memory.high, which
 * gives up after some tries.
 */
static int set_ram(uint32_t id, const struct limits *l)
{
	uint64_t held;
	int ret;

	if (!cgroup_number(id, "memory.current", &held) || held <= l->ram)
		return set(id, "memory.max", l->ram);
	ret = set(id, "memory.high", l->ram);
	if (!ret && cgroup_number(id, "memory.current", &held) && held > l->ram)
		ret = fail(EXIT_LIMITS,
			   "Container %u holds %" PRIu64 " kB of RAM: it must stop programs",
			   id, held >> 10);
	if (!ret)
		ret = set(id, "memory.max", l->ram);
	if (cgroup_set(id, "memory.high", "max") && !ret)
		ret = EXIT_LIMITS;
	return ret;
}

static struct rlimit locked_limit(const struct limits *l)
{
	rlim_t n = l->locked == VALUE_UNLIMITED ? RLIM_INFINITY : l->locked;

	return (struct rlimit){ n, n };
}

int limits_apply_process(pid_t pid, const struct limits *l)
{
	struct rlimit bound = locked_limit(l);

	if (!(l->given & LIMIT_LOCKED) || !prlimit(pid, RLIMIT_MEMLOCK, &bound, NULL))
		return 0;
	return fail_errno(EXIT_LIMITS, "Cannot limit what process %d may lock", (int)pid);
}

int limits_copy_process(pid_t pid, pid_t like)
{
	struct rlimit bound;

	/* who has died sets no example */
	if (prlimit(like, RLIMIT_MEMLOCK, NULL, &bound) ||
	    !prlimit(pid, RLIMIT_MEMLOCK, &bound, NULL))
		return 0;
	return fail_errno(EXIT_LIMITS, "Cannot limit what process %d may lock", (int)pid);
}

struct locking {
	struct rlimit bound;
	bool changed;
};

/* Only the host may raise what counts here. */
static void set_locking(pid_t pid, void *arg)
{
	struct locking *l = arg;
	struct rlimit old;

	if (!prlimit(pid, RLIMIT_MEMLOCK, NULL, &old) && old.rlim_max != l->bound.rlim_max &&
	    !prlimit(pid, RLIMIT_MEMLOCK, &l->bound, NULL))
		l->changed = true;
}

/*
 * Again until there is none that was born meanwhile of one that had another; but one that
 * lowers its own all the time does not keep us.
 */
static void set_locked(uint32_t id, const struct limits *l)
{
	struct locking all = { .bound = locked_limit(l), .changed = true };

	for (int i = 0; all.changed && i < 16; i++) {
		all.changed = false;
		cgroup_each_process(id, true, set_locking, &all);
	}
}

unsigned int limits_io_weight(uint32_t ioprio)
{
	return 20 * (ioprio + 1);
}

int limits_set_cpus(uint32_t id, uint32_t cpus)
{
	int ret = cgroup_note(id, CGROUP_CPUS, cpus);

	return ret ? ret : scx_tell(id);
}

int limits_set_sched(uint32_t id, uint32_t policy)
{
	int ret = cgroup_note(id, CGROUP_SCHED, policy);
	const char *why_not = policy ? scx_why_not() : NULL;

	if (!ret)
		ret = scx_tell(id);
	if (!ret && why_not)
		warn("SCHED=\"%s\" of container %u counts while Cloison's scheduler is in charge: "
		     "%s", scx_policy_name(policy), id, why_not);
	return ret;
}

static int set_cpu_time(uint32_t id, const struct limits *l)
{
	uint32_t percent = limits_cpu_percent(l);
	char text[32];
	int ret;

	if (percent)
		snprintf(text, sizeof(text), "%u %u", percent * (CPU_PERIOD_US / 100),
			 CPU_PERIOD_US);
	else
		snprintf(text, sizeof(text), "max %u", CPU_PERIOD_US);
	ret = cgroup_set(id, "cpu.max", text);
	/* where our scheduler is in charge, the CPUs are a limit of their own */
	return ret ? ret : limits_set_cpus(id, l->cpus);
}

/* The CPUs of NUMA nodes @nodes, for a CPUMASK of "auto". */
static char *cpus_of_nodes(const char *nodes)
{
	char *list = xstrdup("");
	struct list_range r;

	while (list_next(&nodes, &r)) {
		for (uint64_t n = r.first; n <= r.last; n++) {
			cleanup_free char *path =
				xasprintf("/sys/devices/system/node/node%" PRIu64 "/cpulist", n);
			cleanup_free char *cpus = read_file(path, 4096);

			if (!cpus)
				break;
			cpus[strcspn(cpus, "\n")] = '\0';
			text_append(&list, "%s%s", *list && *cpus ? "," : "", cpus);
		}
	}
	return list;
}

/*
 * An empty list (NULL) is all that the host lets containers have. Kernels before
 * 6.14 take no empty one while something runs: then what it stands for now.
 */
static int set_list(uint32_t id, const char *file, const char *list)
{
	cleanup_free char *all = NULL;

	if (list && *list)
		return cgroup_set(id, file, list);
	if (!cgroup_set(id, file, "\n"))
		return 0;
	all = cgroup_inherited(file);
	if (!all)
		return EXIT_LIMITS;
	error_clear();
	return cgroup_set(id, file, all);
}

static int set_cpumask(uint32_t id, const struct limits *l)
{
	bool all_nodes = strcmp(l->nodemask, "all") == 0;
	cleanup_free char *own = NULL;
	const char *list = NULL;

	if (strcmp(l->cpumask, "auto") == 0 && !all_nodes)
		list = own = cpus_of_nodes(l->nodemask);
	else if (strcmp(l->cpumask, "auto") != 0 && strcmp(l->cpumask, "all") != 0)
		list = l->cpumask;
	return set_list(id, "cpuset.cpus", list);
}

static int set_nodemask(uint32_t id, const struct limits *l)
{
	return set_list(id, "cpuset.mems", strcmp(l->nodemask, "all") == 0 ? NULL : l->nodemask);
}

static int set_ioprio(uint32_t id, const struct limits *l)
{
	char text[32];
	int ret;

	snprintf(text, sizeof(text), "default %u", limits_io_weight(l->ioprio));
	ret = cgroup_set(id, "io.weight", text);
	/* there only while a disk is scheduled by BFQ, which has a weight of its own */
	if (!ret && cgroup_has(id, "io.bfq.weight"))
		ret = cgroup_set(id, "io.bfq.weight", text);
	return ret ? EXIT_IO : 0;
}

static void rate_text(char *text, size_t size, uint64_t rate)
{
	if (rate == VALUE_UNLIMITED)
		snprintf(text, size, "max");
	else
		snprintf(text, size, "%" PRIu64, rate);
}

int limits_set_rates(uint32_t id, const char *disk, const char *rates)
{
	cleanup_free char *text = NULL;
	dev_t dev;

	if (!disk_of(disk, &dev))
		return fail(EXIT_IO, "%s is not on a disk whose I/O can be limited", disk);
	text = xasprintf("%u:%u %s", major(dev), minor(dev), rates);
	return cgroup_set(id, "io.max", text) ? EXIT_IO : 0;
}

char *limits_rates(uint32_t id, const char *disk)
{
	cleanup_free char *text = cgroup_text(id, "io.max");
	char *rest = text, *line;
	unsigned int ma, mi;
	int at = 0;
	dev_t dev;

	if (!disk_of(disk, &dev))
		return NULL;
	while (rest && (line = strsep(&rest, "\n")))
		if (sscanf(line, "%u:%u %n", &ma, &mi, &at) == 2 && makedev(ma, mi) == dev)
			return xstrdup(line + at);
	return NULL;
}

static int set_io(uint32_t id, const char *disk, const struct limits *l)
{
	bool none = l->iolimit == VALUE_UNLIMITED && l->iopslimit == VALUE_UNLIMITED;
	char bytes[32], ops[32];
	cleanup_free char *rates = NULL;
	dev_t dev;

	/* nothing to take away either */
	if (none && !disk_of(disk, &dev))
		return 0;
	rate_text(bytes, sizeof(bytes), l->iolimit);
	rate_text(ops, sizeof(ops), l->iopslimit);
	rates = xasprintf("rbps=%s wbps=%s riops=%s wiops=%s", bytes, bytes, ops, ops);
	return limits_set_rates(id, disk, rates);
}

void limits_say(const struct limits *l, unsigned int which)
{
	if (which & LIMIT_CPUUNITS)
		say("Setting CPU units: %u", l->cpuunits);
	if ((which & LIMIT_CPU_TIME) && (l->cpulimit || !l->cpus))
		say("Setting CPU limit: %u", l->cpulimit);
	if ((which & LIMIT_CPU_TIME) && l->cpus)
		say("Setting CPUs: %u", l->cpus);
}

int limits_apply(uint32_t id, const char *disk, const struct limits *l, unsigned int which)
{
	int ret = 0;

	/* where what must leave RAM may go */
	if (which & LIMIT_SWAP)
		ret = set(id, "memory.swap.max", l->swap);
	if (!ret && (which & LIMIT_RAM))
		ret = set_ram(id, l);
	if (!ret && (which & LIMIT_NUMPROC))
		ret = set(id, "pids.max", l->numproc);
	if (!ret && (which & LIMIT_LOCKED))
		set_locked(id, l);
	if (!ret && (which & LIMIT_CPUUNITS))
		ret = set(id, "cpu.weight", limits_weight(l->cpuunits));
	if (!ret && (which & LIMIT_CPUUNITS))
		ret = limits_share();
	if (!ret && (which & LIMIT_CPU_TIME))
		ret = set_cpu_time(id, l);
	/* the CPUs may depend on the nodes */
	if (!ret && (which & LIMIT_NODEMASK))
		ret = set_nodemask(id, l);
	if (!ret && (which & (LIMIT_CPUMASK | LIMIT_NODEMASK)))
		ret = set_cpumask(id, l);
	if (!ret && (which & LIMIT_SCHED))
		ret = limits_set_sched(id, l->sched);
	if (!ret && (which & LIMIT_IOPRIO))
		ret = set_ioprio(id, l);
	if (!ret && (which & LIMIT_IO))
		ret = set_io(id, disk, l);
	return ret;
}
