// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "params.h"
#include "util.h"
#include "value.h"

struct param {
	const char *option, *key;
	unsigned int applies;
	const char *takes;	/* for people, when the value is bad */
	/* the text for the configuration file, NULL if @arg is bad */
	char *(*text)(const char *arg);
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
static char *swap(const char *arg)
{
	cleanup_free char *size = NULL;
	uint64_t bytes;

	if (!parse_size(arg, 1, &bytes))
		return NULL;
	size = size_text(bytes);
	return xasprintf("0:%s", size);
}

/* With none at all nothing could run. */
static char *ram(const char *arg)
{
	uint64_t bytes;

	return parse_size(arg, 1, &bytes) && bytes ? swap(arg) : NULL;
}

static char *count_text(uint64_t n)
{
	return n == VALUE_UNLIMITED ? xstrdup("unlimited") : xasprintf("%" PRIu64, n);
}

static char *count(const char *arg)
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

static char *cpuunits(const char *arg)
{
	return number(arg, 8, 500000);
}

static char *cpulimit(const char *arg)
{
	size_t len = strlen(arg);
	cleanup_free char *n = xstrndup(arg, len && arg[len - 1] == '%' ? len - 1 : len);

	return number(n, 0, 1000000);
}

static char *cpus(const char *arg)
{
	return number(arg, 0, 8192);
}

static char *hostname(const char *arg)
{
	return valid_hostname(arg) ? xstrdup(arg) : NULL;
}

static const struct param params[] = {
	{ "cpulimit", "CPULIMIT", LIMIT_CPU_TIME, "percent of one CPU, 0 for no limit", cpulimit },
	{ "cpus", "CPUS", LIMIT_CPU_TIME, "a number of CPUs, 0 for all", cpus },
	{ "cpuunits", "CPUUNITS", LIMIT_CPUUNITS, "a number between 8 and 500000", cpuunits },
	{ "hostname", "HOSTNAME", APPLIES_HOSTNAME, "a host name", hostname },
	{ "numproc", "NUMPROC", LIMIT_NUMPROC, "a number of processes, or unlimited", count },
	{ "ram", "PHYSPAGES", LIMIT_RAM, "a size such as 512M, or unlimited", ram },
	{ "swap", "SWAPPAGES", LIMIT_SWAP, "a size such as 512M, or unlimited", swap },
};

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

int params_set(struct conf *conf, int opt, const char *arg, unsigned int *applies)
{
	const struct param *p = &params[opt - PARAM_FIRST];
	cleanup_free char *text = p->text(arg);

	if (!text)
		return fail(EXIT_BAD_VALUE, "Bad value for --%s: %s; it takes %s",
			    p->option, arg, p->takes);
	conf_set(conf, p->key, text);
	*applies |= p->applies;
	return 0;
}
