// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much memory containers use and may use, of what the host has. The columns are
 * OpenVZ's; what stands in them follows from RAM and swap limits as OpenVZ derived its
 * other parameters from them: MemSwap is guaranteed up to the RAM, allocation up to RAM
 * and swap, and limited to vm_overcommit times that.
 */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "../lib/error.h"
#include "../lib/fields.h"
#include "../lib/json.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "cmd.h"
#include "vz.h"

enum column {
	LOW_UTIL, LOW_COMMIT, RAM_UTIL, SWAP_UTIL, SWAP_COMMIT, ALLOC_UTIL, ALLOC_COMMIT,
	ALLOC_LIMIT, COLUMNS
};

/* Kernel memory may be this part of all, as OpenVZ had it. */
#define LOW_PART	0.4

struct table {
	double total[COLUMNS];	/* bytes that there are */
	double sum[COLUMNS];
	bool verbose, absolute;
	json_t *list;		/* of containers, or NULL for text */
};

/* Nothing counts these, or limits them. */
static bool known(enum column column)
{
	return column != LOW_COMMIT && column != ALLOC_UTIL;
}

static void print_numbers(const struct table *t, const double *bytes)
{
	for (int i = 0; i < COLUMNS; i++) {
		if (!known(i))
			printf("%s%7s", i ? " " : "", "-");
		else
			printf("%s%7.2f", i ? " " : "",
			       t->absolute ? bytes[i] / 1048576 : bytes[i] * 100 / t->total[i]);
	}
	putchar('\n');
}

/* Bytes; null for no limit, and what is not known is not there. */
static json_t *to_json(const double *bytes)
{
	static const char *const keys[COLUMNS] = {
		[LOW_UTIL] = "lowmem_util", [RAM_UTIL] = "ram_util",
		[SWAP_UTIL] = "memswap_util", [SWAP_COMMIT] = "memswap_commit",
		[ALLOC_COMMIT] = "alloc_commit", [ALLOC_LIMIT] = "alloc_limit",
	};
	json_t *object = json_object();

	for (int i = 0; i < COLUMNS; i++)
		if (known(i))
			json_object_set_new(object, keys[i], isinf(bytes[i]) ? json_null() :
					    json_integer((json_int_t)bytes[i]));
	return object;
}

static double bytes(struct listed *l, const char *file, const char *key)
{
	uint64_t n;

	if (!listed_number(l, file, key, &n))
		return 0;
	return n == VALUE_UNLIMITED ? INFINITY : n;
}

static int add(struct listed *l, void *arg)
{
	double ram = bytes(l, "memory.max", NULL), swap = bytes(l, "memory.swap.max", NULL);
	double used = bytes(l, "memory.current", NULL), row[COLUMNS] = {};
	struct table *t = arg;
	struct cell overcommit;

	field_get(field_find("vm_overcommit"), l, &overcommit);
	row[LOW_UTIL] = bytes(l, "memory.stat", "kernel") + bytes(l, "memory.stat", "sock");
	row[RAM_UTIL] = used;
	row[SWAP_UTIL] = used + bytes(l, "memory.swap.current", NULL);
	row[SWAP_COMMIT] = ram;
	row[ALLOC_COMMIT] = ram + swap;
	row[ALLOC_LIMIT] = overcommit.kind == CELL_NONE ? INFINITY :
							  (ram + swap) * overcommit.real;
	cell_free(&overcommit);
	for (int i = 0; i < COLUMNS; i++)
		t->sum[i] += row[i];
	if (t->list) {
		json_t *object = to_json(row);

		json_object_set_new(object, "ctid", json_integer(l->id));
		json_array_append_new(t->list, object);
	} else if (t->verbose) {
		printf("%-10u ", l->id);
		print_numbers(t, row);
	}
	return 0;
}

static void print_header(const struct table *t)
{
	printf("Output values in %s\n", t->absolute ? "Mbytes" : "%");
	printf("%s LowMem  LowMem     RAM MemSwap MemSwap   Alloc   Alloc   Alloc\n",
	       t->verbose ? "CTID       " : "");
	printf("%s   util  commit    util    util  commit    util  commit   limit\n",
	       t->verbose ? "           " : "");
}

int cmd_vzmemcheck(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{}
	};
	cleanup_json json_t *list = NULL;
	struct table t = {};
	struct sysinfo si;
	int opt, ret;

	while ((opt = getopt_long(argc, argv, "vAjh", options, NULL)) != -1) {
		switch (opt) {
		case 'v':
			t.verbose = true;
			break;
		case 'A':
			t.absolute = true;
			break;
		case 'j':
			json_decref(list);
			list = json_array();
			break;
		default:
			fputs("Usage: vzmemcheck [-v] [-A] [--json]\n",
			      opt == 'h' ? stdout : stderr);
			return opt == 'h' ? 0 : 1;
		}
	}
	sysinfo(&si);
	for (int i = 0; i < COLUMNS; i++)
		t.total[i] = (double)(si.totalram + (i > RAM_UTIL ? si.totalswap : 0)) *
			     si.mem_unit * (i < RAM_UTIL ? LOW_PART : 1);
	t.list = list;
	if (!list)
		print_header(&t);
	ret = vz_each_running(add, &t);
	if (ret)
		return ret;
	if (list)
		return json_print(json_pack("{s:o, s:o, s:O}", "sum", to_json(t.sum), "host",
					    to_json(t.total), "containers", list));
	if (t.verbose) {
		for (int i = 0; i < 74; i++)
			putchar('-');
		printf("\nSummary:   ");
	}
	print_numbers(&t, t.sum);
	if (t.absolute) {
		printf("%s", t.verbose ? "           " : "");
		print_numbers(&t, t.total);
	}
	return 0;
}
