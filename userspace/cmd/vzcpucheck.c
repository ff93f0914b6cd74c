// SPDX-License-Identifier: GPL-2.0-only
/* How much of the CPU is promised to containers, in cpuunits, and how much there is. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/error.h"
#include "../lib/fields.h"
#include "../lib/json.h"
#include "../lib/util.h"
#include "cmd.h"
#include "vz.h"

/* OpenVZ's measure: 25 units for each bogomips. */
#define UNITS_PER_BOGOMIPS	25

struct sum {
	uint64_t units;
	bool verbose;
	json_t *list;	/* of containers, or NULL for text */
};

static int add(struct listed *l, void *arg)
{
	struct sum *sum = arg;
	struct cell c;

	field_get(field_find("cpuunits"), l, &c);
	sum->units += c.number;
	if (sum->list)
		json_array_append_new(sum->list, json_pack("{s:I, s:I}", "ctid", (json_int_t)l->id,
							   "cpuunits", (json_int_t)c.number));
	else if (sum->verbose)
		printf("%u\t\t%" PRIu64 "\n", l->id, c.number);
	cell_free(&c);
	return 0;
}

/* Of all CPUs that are online. */
static int power(uint64_t *units)
{
	cleanup_file FILE *f = fopen("/proc/cpuinfo", "re");
	double sum = 0, one;
	char *line = NULL;
	size_t size = 0;

	if (!f)
		return fail_errno(1, "Cannot read /proc/cpuinfo");
	while (getline(&line, &size, f) > 0)
		if (sscanf(line, "bogomips : %lf", &one) == 1)
			sum += one;
	free(line);
	*units = sum * UNITS_PER_BOGOMIPS;
	return 0;
}

int cmd_vzcpucheck(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{}
	};
	cleanup_json json_t *list = NULL;
	struct sum sum = {};
	uint64_t there = 0;
	bool json = false;
	int opt, ret;

	while ((opt = getopt_long(argc, argv, "vj", options, NULL)) != -1) {
		if (opt == 'v')
			sum.verbose = true;
		else if (opt == 'j')
			json = true;
		else
			break;
	}
	if (opt != -1 || optind < argc) {
		fputs("Usage: vzcpucheck [-v] [--json]\n", stderr);
		return EXIT_INVALID;
	}
	ret = power(&there);
	if (json)
		sum.list = list = json_array();
	else if (!ret && sum.verbose)
		puts("VEID\t\tCPUUNITS\n-------------------------");
	if (!ret)
		ret = vz_each_running(add, &sum);
	if (ret)
		return ret;
	if (json)
		return json_print(json_pack("{s:I, s:I, s:b, s:O}", "utilization",
					    (json_int_t)sum.units, "power", (json_int_t)there,
					    "overcommitted", sum.units > there,
					    "containers", list));
	printf("Current CPU utilization: %" PRIu64 "\n", sum.units);
	printf("Power of the node: %" PRIu64 "\n", there);
	if (sum.units > there)
		puts("Warning: hardware node is overcommitted");
	return 0;
}
