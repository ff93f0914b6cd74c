// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../lib/cgroup.h"
#include "../lib/error.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "cmd.h"

/* One container to be listed. */
struct row {
	struct container ct;
	struct kernel_container kc;
};

static bool runs(const struct row *row)
{
	return kernel_runs(&row->kc);
}

static char *conf_or_dash(const struct row *row, const char *key)
{
	const char *v = row->ct.conf ? conf_get(row->ct.conf, key) : NULL;

	return xstrdup(v && *v ? v : "-");
}

static char *show_ctid(const struct row *row)
{
	return xasprintf("%u", row->ct.id);
}

static char *show_numproc(const struct row *row)
{
	uint64_t n;

	if (!runs(row) || !cgroup_number(row->ct.id, "pids.current", &n))
		return xstrdup("-");
	return xasprintf("%" PRIu64, n);
}

static char *show_status(const struct row *row)
{
	if (runs(row))
		return xstrdup("running");
	return xstrdup(container_mounted(&row->ct) ? "mounted" : "stopped");
}

static char *show_ip(const struct row *row)
{
	return conf_or_dash(row, "IP_ADDRESS");
}

static char *show_hostname(const struct row *row)
{
	return conf_or_dash(row, "HOSTNAME");
}

static char *show_ostemplate(const struct row *row)
{
	return conf_or_dash(row, "OSTEMPLATE");
}

static char *show_root(const struct row *row)
{
	return xstrdup(row->ct.root);
}

static char *show_private(const struct row *row)
{
	return xstrdup(row->ct.private);
}

static char *show_cpuunits(const struct row *row)
{
	return conf_or_dash(row, "CPUUNITS");
}

static char *show_cpulimit(const struct row *row)
{
	return conf_or_dash(row, "CPULIMIT");
}

static char *show_cpus(const struct row *row)
{
	return conf_or_dash(row, "CPUS");
}

static char *show_uptime(const struct row *row)
{
	struct timespec now;
	uint64_t up;

	if (!runs(row))
		return xstrdup("-");
	clock_gettime(CLOCK_BOOTTIME, &now);
	up = now.tv_sec - row->kc.started / 1000000000;
	return xasprintf("%03" PRIu64 "d%02" PRIu64 "h:%02" PRIu64 "m:%02" PRIu64 "s",
			 up / 86400, up / 3600 % 24, up / 60 % 60, up % 60);
}

/* vzlist's names, headers and widths; a negative width is flush left. */
static const struct field {
	const char *name, *header;
	int width;
	char *(*show)(const struct row *row);
} fields[] = {
	{ "ctid", "CTID", 10, show_ctid },
	{ "veid", "CTID", 10, show_ctid },
	{ "vpsid", "CTID", 10, show_ctid },
	{ "numproc", "NPROC", 10, show_numproc },
	{ "status", "STATUS", -9, show_status },
	{ "ip", "IP_ADDR", -15, show_ip },
	{ "hostname", "HOSTNAME", -32, show_hostname },
	{ "ostemplate", "OSTEMPLATE", -32, show_ostemplate },
	{ "root", "ROOT", -32, show_root },
	{ "private", "PRIVATE", -32, show_private },
	{ "cpuunits", "CPUUNI", 7, show_cpuunits },
	{ "cpulimit", "CPUL%", 6, show_cpulimit },
	{ "cpus", "CPUS", 5, show_cpus },
	{ "uptime", "UPTIME", 16, show_uptime },
};

#define MAX_COLUMNS	32

struct listing {
	const struct field *columns[MAX_COLUMNS];
	size_t count;
	bool header, running, stopped;
};

static int choose_columns(struct listing *l, const char *names)
{
	cleanup_free char *copy = xstrdup(names);
	char *rest = copy, *name;

	l->count = 0;
	while ((name = strsep(&rest, ","))) {
		const struct field *f = NULL;

		for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
			if (strcmp(fields[i].name, name) == 0)
				f = &fields[i];
		if (!f)
			return fail(EXIT_BAD_VALUE, "Unknown field: %s", name);
		if (l->count == MAX_COLUMNS)
			return fail(EXIT_BAD_VALUE, "More than %d fields", MAX_COLUMNS);
		l->columns[l->count++] = f;
	}
	return 0;
}

/* The line without trailing blanks, as vzlist has it. */
static void print_line(char *line)
{
	size_t len = strlen(line);

	while (len && line[len - 1] == ' ')
		line[--len] = '\0';
	puts(line);
	free(line);
}

static char *add_column(char *line, int width, const char *text)
{
	char *longer = xasprintf("%s%s%*s", line, *line ? " " : "", width, text);

	free(line);
	return longer;
}

static void print_header(const struct listing *l)
{
	char *line = xstrdup("");

	for (size_t i = 0; i < l->count; i++)
		line = add_column(line, l->columns[i]->width, l->columns[i]->header);
	print_line(line);
}

static void print_row(const struct listing *l, const struct row *row)
{
	char *line = xstrdup("");

	for (size_t i = 0; i < l->count; i++) {
		cleanup_free char *text = l->columns[i]->show(row);

		/* a single column is for scripts: no padding */
		line = add_column(line, l->count > 1 ? l->columns[i]->width : 0, text);
	}
	print_line(line);
}

static bool wanted(uint32_t id, char **ids)
{
	uint32_t w;

	if (!*ids)
		return true;
	for (; *ids; ids++)
		if (parse_ctid(*ids, &w) && w == id)
			return true;
	return false;
}

static int parse(int argc, char **argv, struct listing *l)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "stopped", no_argument, NULL, 'S' },
		{ "no-header", no_argument, NULL, 'H' },
		{ "output", required_argument, NULL, 'o' },
		{}
	};
	uint32_t id;
	int opt, ret = 0;

	choose_columns(l, "ctid,numproc,status,ip,hostname");
	while (!ret && (opt = getopt_long(argc, argv, "aSH1o:", options, NULL)) != -1) {
		switch (opt) {
		case 'a':
			l->running = l->stopped = true;
			break;
		case 'S':
			l->running = false;
			l->stopped = true;
			break;
		case 'H':
			l->header = false;
			break;
		case '1':
			l->header = false;
			ret = choose_columns(l, "ctid");
			break;
		case 'o':
			ret = choose_columns(l, optarg);
			break;
		default:
			return cmd_bad_option(argv);
		}
	}
	for (int i = optind; !ret && i < argc; i++)
		if (!parse_ctid(argv[i], &id))
			ret = fail(EXIT_BAD_VALUE, "Bad CT ID %s", argv[i]);
	/* who asks for one by name wants to see it whatever its state */
	if (optind < argc)
		l->running = l->stopped = true;
	return ret;
}

/* Those with a file and those the kernel knows, which nobody may have lost sight of. */
static int all_ids(uint32_t **ids, size_t *count, const struct kernel_container *known,
		   size_t known_count)
{
	cleanup_free uint32_t *conf = NULL;
	size_t n, c = 0, k = 0;
	int ret = container_ids_configured(&conf, &n);

	*count = 0;
	*ids = xcalloc(n + known_count + 1, sizeof(**ids));
	while (!ret && (c < n || k < known_count)) {
		uint32_t a = c < n ? conf[c] : UINT32_MAX;
		uint32_t b = k < known_count ? known[k].id : UINT32_MAX;

		(*ids)[(*count)++] = a < b ? a : b;
		c += a <= b;
		k += b <= a;
	}
	return ret;
}

int cmd_list(int argc, char **argv)
{
	struct listing l = { .header = true, .running = true };
	cleanup_free struct kernel_container *known = NULL;
	size_t ids_count, known_count = 0, shown = 0;
	cleanup_free uint32_t *ids = NULL;
	int ret = parse(argc, argv, &l);

	if (!ret && kernel_loaded())
		ret = kernel_list(&known, &known_count);
	if (!ret)
		ret = all_ids(&ids, &ids_count, known, known_count);
	if (ret)
		return ret;

	/* all are sorted by id */
	for (size_t i = 0, k = 0; i < ids_count; i++) {
		struct row row = { .ct = CONTAINER_INIT };

		while (k < known_count && known[k].id < ids[i])
			k++;
		if (k < known_count && known[k].id == ids[i])
			row.kc = known[k];
		if (!wanted(ids[i], argv + optind) || !(runs(&row) ? l.running : l.stopped))
			continue;
		/* a bad file is warned of and hides nothing */
		ret = container_open_id(&row.ct, ids[i], NEED_NOTHING);
		if (!ret) {
			if (!shown++ && l.header)
				print_header(&l);
			print_row(&l, &row);
		}
		container_close(&row.ct);
		if (ret)
			return ret;
	}
	return shown ? 0 : fail(1, "Container(s) not found");
}
