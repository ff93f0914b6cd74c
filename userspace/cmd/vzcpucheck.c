// SPDX-License-Identifier: GPL-2.0-only
/* How much of the CPU is promised to containers, in cpuunits, and how much there is. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/error.h"
#include "../lib/fields.h"
#include "../lib/util.h"
#include "cmd.h"
#include "vz.h"

/* OpenVZ's measure: 25 units for each bogomips. */
#define UNITS_PER_BOGOMIPS	25

struct sum {
	uint64_t units;
	bool verbose;
};

static int add(struct listed *l, void *arg)
{
	struct sum *sum = arg;
	struct cell c;

	field_get(field_find("cpuunits"), l, &c);
	sum->units += c.number;
	if (sum->verbose)
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
	struct sum sum = {};
	uint64_t there = 0;
	int opt, ret;

	while ((opt = getopt(argc, argv, "v")) != -1) {
		if (opt != 'v')
			break;
		sum.verbose = true;
	}
	if (opt != -1 || optind < argc) {
		fputs("Usage: vzcpucheck [-v]\n", stderr);
		return 2;
	}
	ret = power(&there);
	if (!ret && sum.verbose)
		puts("VEID\t\tCPUUNITS\n-------------------------");
	if (!ret)
		ret = vz_each_running(add, &sum);
	if (ret)
		return ret;
	printf("Current CPU utilization: %" PRIu64 "\n", sum.units);
	printf("Power of the node: %" PRIu64 "\n", there);
	if (sum.units > there)
		puts("Warning: hardware node is overcommitted");
	return 0;
}
