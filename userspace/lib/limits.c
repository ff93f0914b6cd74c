// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "error.h"
#include "limits.h"
#include "value.h"

#define CPU_PERIOD_US	100000U

static int bad(const char *key, const char *value)
{
	return fail(EXIT_BAD_VALUE, "%s=\"%s\" in the configuration is not a valid value",
		    key, value);
}

static int read_limit(const struct conf *conf, const char *key, uint64_t *limit)
{
	const char *v = conf_get(conf, key);
	/* what OpenVZ counted in pages is in pages in its files */
	uint64_t unit = strstr(key, "PAGES") ? sysconf(_SC_PAGESIZE) : 1;

	*limit = VALUE_UNLIMITED;
	if (v && *v && !parse_size_pair(v, unit, NULL, limit))
		return bad(key, v);
	return 0;
}

static int read_number(const struct conf *conf, const char *key, uint64_t min, uint64_t max,
		       uint32_t *number)
{
	const char *v = conf_get(conf, key);
	uint64_t n;

	if (!v || !*v)
		return 0;
	if (!parse_number(v, min, max, &n))
		return bad(key, v);
	*number = n;
	return 0;
}

int limits_read(const struct conf *conf, struct limits *l)
{
	int ret = 0;

	*l = (struct limits) {
		.ram = VALUE_UNLIMITED, .swap = VALUE_UNLIMITED, .numproc = VALUE_UNLIMITED,
		.cpuunits = 1000,
	};
	if (!conf)
		return 0;
	if (!ret)
		ret = read_limit(conf, "PHYSPAGES", &l->ram);
	if (!ret)
		ret = read_limit(conf, "SWAPPAGES", &l->swap);
	if (!ret)
		ret = read_limit(conf, "NUMPROC", &l->numproc);
	if (!ret)
		ret = read_number(conf, "CPUUNITS", 8, 500000, &l->cpuunits);
	if (!ret)
		ret = read_number(conf, "CPULIMIT", 0, 1000000, &l->cpulimit);
	if (!ret)
		ret = read_number(conf, "CPUS", 0, 8192, &l->cpus);
	return ret;
}

unsigned int limits_weight(uint32_t cpuunits)
{
	unsigned int weight = (cpuunits + 5) / 10;

	if (weight < 1)
		return 1;
	return weight > 10000 ? 10000 : weight;
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

int limits_apply(uint32_t id, const struct limits *l, unsigned int which)
{
	uint32_t percent = limits_cpu_percent(l);
	char cpu_max[32];
	int ret = 0;

	if (percent)
		snprintf(cpu_max, sizeof(cpu_max), "%u %u", percent * (CPU_PERIOD_US / 100),
			 CPU_PERIOD_US);
	else
		snprintf(cpu_max, sizeof(cpu_max), "max %u", CPU_PERIOD_US);

	if (which & LIMIT_RAM)
		ret = set(id, "memory.max", l->ram);
	if (!ret && (which & LIMIT_SWAP))
		ret = set(id, "memory.swap.max", l->swap);
	if (!ret && (which & LIMIT_NUMPROC))
		ret = set(id, "pids.max", l->numproc);
	if (!ret && (which & LIMIT_CPUUNITS))
		ret = set(id, "cpu.weight", limits_weight(l->cpuunits));
	if (!ret && (which & LIMIT_CPU_TIME))
		ret = cgroup_set(id, "cpu.max", cpu_max);
	return ret;
}
