// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../net/network.h"
#include "cgroup.h"
#include "error.h"
#include "fields.h"
#include "layout.h"
#include "scx.h"
#include "terminal.h"
#include "util.h"
#include "value.h"
#include "view.h"

static void set_text(struct cell *c, const char *text)
{
	if (!text)
		return;
	c->kind = CELL_TEXT;
	c->text = xstrdup(text);
}

static void set_number(struct cell *c, uint64_t number)
{
	c->kind = CELL_NUMBER;
	c->number = number;
}

static void get_ctid(struct listed *l, const struct field *f, struct cell *c)
{
	(void)f;
	set_number(c, l->id);
}

static void get_private(struct listed *l, const struct field *f, struct cell *c)
{
	(void)f;
	set_text(c, listed_container(l)->private);
}

static void get_root(struct listed *l, const struct field *f, struct cell *c)
{
	(void)f;
	set_text(c, listed_container(l)->root);
}

static void get_conf(struct listed *l, const struct field *f, struct cell *c)
{
	set_text(c, listed_conf(l, f->key));
}

static void get_words(struct listed *l, const struct field *f, struct cell *c)
{
	set_text(c, listed_conf(l, f->key));
	if (c->text)
		c->kind = CELL_WORDS;
}

/* Of one that runs what the kernel has, which no mask belongs to. */
static void get_ip(struct listed *l, const struct field *f, struct cell *c)
{
	cleanup_addresses struct addresses has = {};

	if (!listed_runs(l) || network_addresses(l->id, &has)) {
		error_clear();
		get_words(l, f, c);
		return;
	}
	if (!has.count)
		return;
	c->kind = CELL_WORDS;
	c->text = xstrdup("");
	for (size_t i = 0; i < has.count; i++) {
		cleanup_free char *one = address_owned(&has.list[i]);

		text_append(&c->text, "%s%s", i ? " " : "", one);
	}
}

/* OpenVZ's files have blanks or commas between, and capitals. */
static void get_switches(struct listed *l, const struct field *f, struct cell *c)
{
	const char *list = listed_conf(l, f->key);
	char *p;

	if (!list)
		return;
	c->kind = CELL_SWITCHES;
	c->text = xstrdup(list);
	p = c->text;
	for (; *list; list++) {
		bool between = isspace((unsigned char)*list) || *list == ',';

		if (!between)
			*p++ = tolower((unsigned char)*list);
		else if (p > c->text && p[-1] != ',')
			*p++ = ',';
	}
	while (p > c->text && p[-1] == ',')
		p--;
	*p = '\0';
}

static void get_smart_name(struct listed *l, const struct field *f, struct cell *c)
{
	get_conf(l, f, c);
	if (!c->text)
		get_ctid(l, f, c);
}

static void get_number(struct listed *l, const struct field *f, struct cell *c)
{
	const char *v = listed_conf(l, f->key);
	uint64_t n;

	if (v && parse_number(v, 0, INT64_MAX, &n))
		set_number(c, n);
}

/* Nothing and 0 mean the same: no limit. */
static void get_limit(struct listed *l, const struct field *f, struct cell *c)
{
	const char *v = listed_conf(l, f->key);
	uint64_t n;

	if (v && parse_size(v, 1, &n) && n && n <= INT64_MAX)
		set_number(c, n);
}

static void get_status(struct listed *l, const struct field *f, struct cell *c)
{
	static const char *const words[] = {
		[LISTED_RUNNING] = "running", [LISTED_PAUSED] = "paused",
		[LISTED_STOPPED] = "stopped", [LISTED_MOUNTED] = "mounted",
		[LISTED_SUSPENDED] = "suspended",
	};
	/* without its freezer's file being read, for whoever knows vzlist's words only */
	enum listed_status status = l->as_vzlist && listed_runs(l) ? LISTED_RUNNING :
								      listed_status(l);

	(void)f;
	set_text(c, words[status]);
	c->kind = CELL_RANKED;
	c->number = status;
}

static void get_uptime(struct listed *l, const struct field *f, struct cell *c)
{
	(void)f;
	if (!listed_runs(l))
		return;
	c->kind = CELL_UPTIME;
	c->number = listed_uptime_ms(l);	/* as vzlist shows it */
	c->real = c->number / 1000.0;
}

/* What the kernel holds, as the configuration has it if it says the same. */
static void get_cpuunits(struct listed *l, const struct field *f, struct cell *c)
{
	uint32_t units = listed_limits(l)->cpuunits;
	uint64_t weight;

	if (listed_number(l, "cpu.weight", NULL, &weight))
		set_number(c, limits_weight(units) == weight ? units : weight * 10);
	else
		get_number(l, f, c);
}

static void get_cpulimit(struct listed *l, const struct field *f, struct cell *c)
{
	const char *max = listed_file(l, "cpu.max");
	uint64_t quota, period, percent = 0;

	if (max && sscanf(max, "%" SCNu64 " %" SCNu64, &quota, &period) == 2 && period)
		percent = quota * 100 / period;
	if (!max || percent == limits_cpu_percent(listed_limits(l)))
		get_number(l, f, c);
	else
		set_number(c, percent);
	/* vzlist has both or none */
	if (c->kind == CELL_NONE && (max || listed_conf(l, "CPUUNITS")))
		set_number(c, 0);
}

/* Of one that runs, what it has. */
static void get_sched(struct listed *l, const struct field *f, struct cell *c)
{
	if (listed_runs(l))
		set_text(c, scx_policy_name(cgroup_noted(l->id, CGROUP_SCHED)));
	else
		get_conf(l, f, c);
}

static void get_yesno(struct listed *l, const struct field *f, struct cell *c)
{
	const char *v = listed_conf(l, f->key);

	if (!v)
		return;
	c->kind = CELL_YESNO;
	c->number = strcmp(v, "yes") == 0;
}

static void get_disabled(struct listed *l, const struct field *f, struct cell *c)
{
	get_yesno(l, f, c);
	c->kind = CELL_YESNO;
}

static void get_vswap(struct listed *l, const struct field *f, struct cell *c)
{
	(void)f;
	c->kind = CELL_YESNO;
	c->number = beancounter_physpages(l) != VALUE_UNLIMITED;
}

static void get_layout(struct listed *l, const struct field *f, struct cell *c)
{
	const struct layout *layout = listed_container(l)->layout;
	cleanup_free char *label = layout_label(listed_container(l)->private);
	const char *v = listed_conf(l, f->key);

	/* ploop:expanded is still ploop; and a directory is what OpenVZ called simfs */
	c->kind = CELL_TEXT;
	if (strchr(label, ':'))
		c->text = xstrdup(label);
	else if (v && layout_named(v) == layout)
		c->text = xstrndup(v, strcspn(v, ":"));
	else
		c->text = xstrdup(layout->alias ?: layout->name);
}

static void get_real(struct listed *l, const struct field *f, struct cell *c)
{
	const char *v = listed_conf(l, f->key);
	char *end;

	if (!v)
		return;
	c->real = strtod(v, &end);
	if (!*end && c->real > 0)
		c->kind = CELL_REAL;
}

static void get_averages(struct listed *l, const struct field *f, struct cell *c)
{
	uint64_t load[3];

	(void)f;
	if (!listed_runs(l) || !view_averages(l->id, load))
		return;
	c->kind = CELL_AVERAGES;
	c->real = load[0];
	c->text = xasprintf("%.2f/%.2f/%.2f", load[0] / 100.0, load[1] / 100.0, load[2] / 100.0);
}

static const struct field before[] = {
	{ "ctid", "CTID", 10, 0, get_ctid },
	{ "veid", "CTID", 10, 0, get_ctid },
	{ "vpsid", "CTID", 10, 0, get_ctid },
	{ "private", "PRIVATE", -32, FIELD_TRIM, get_private },
	{ "root", "ROOT", -32, FIELD_TRIM, get_root },
	{ "mount_opts", "MOUNT_OPTS", -16, FIELD_TRIM, get_conf, "MOUNT_OPTS" },
	{ "origin_sample", "ORIGIN_SAMPLE", -32, FIELD_TRIM, get_conf, "ORIGIN_SAMPLE" },
	{ "hostname", "HOSTNAME", -32, FIELD_TRIM, get_conf, "HOSTNAME" },
	{ "name", "NAME", -32, FIELD_TRIM, get_conf, "NAME" },
	{ "smart_name", "SMARTNAME", 10, FIELD_TRIM, get_smart_name, "NAME" },
	{ "description", "DESCRIPTION", -32, FIELD_TRIM, get_conf, "DESCRIPTION" },
	{ "ostemplate", "OSTEMPLATE", -32, FIELD_TRIM, get_conf, "OSTEMPLATE" },
	{ "ip", "IP_ADDR", -15, FIELD_TRIM, get_ip, "IP_ADDRESS" },
	{ "nameserver", "NAMESERVER", -15, FIELD_TRIM, get_words, "NAMESERVER" },
	{ "searchdomain", "SEARCHDOMAIN", -15, FIELD_TRIM, get_words, "SEARCHDOMAIN" },
	{ "status", "STATUS", -9, 0, get_status },
};

static const struct field after[] = {
	{ "diskspace", "DSPACE", 10, 0, quota_get, "DISKSPACE", 0, PART_WHOLE },
	{ "diskspace.s", "DSPACE.S", 10, 0, quota_get, "DISKSPACE", 0, PART_BARRIER },
	{ "diskspace.h", "DSPACE.H", 10, 0, quota_get, "DISKSPACE", 0, PART_LIMIT },
	{ "diskinodes", "DINODES", 10, 0, quota_get, "DISKINODES", 0, PART_WHOLE },
	{ "diskinodes.s", "DINODES.S", 10, 0, quota_get, "DISKINODES", 0, PART_BARRIER },
	{ "diskinodes.h", "DINODES.H", 10, 0, quota_get, "DISKINODES", 0, PART_LIMIT },
	{ "laverage", "LAVERAGE", 14, 0, get_averages },
	{ "uptime", "UPTIME", 15, FIELD_ZERO | FIELD_DOWN, get_uptime },
	{ "cpulimit", "CPULIM", 7, 0, get_cpulimit, "CPULIMIT" },
	{ "cpuunits", "CPUUNI", 7, 0, get_cpuunits, "CPUUNITS" },
	{ "cpus", "CPUS", 5, FIELD_ZERO, get_limit, "CPUS" },
	{ "ioprio", "IOP", 3, FIELD_ZERO, get_number, "IOPRIO" },
	{ "iolimit", "IOLIMIT", 10, FIELD_ZERO, get_limit, "IOLIMIT" },
	{ "iopslimit", "IOPS", 4, FIELD_ZERO, get_limit, "IOPSLIMIT" },
	{ "onboot", "ONBOOT", 6, 0, get_yesno, "ONBOOT" },
	{ "bootorder", "BOOTORDER", 10, 0, get_number, "BOOTORDER" },
	{ "layout", "LAYOUT", -6, 0, get_layout, "VE_LAYOUT" },
	{ "features", "FEATURES", -15, FIELD_TRIM, get_switches, "FEATURES" },
	{ "vswap", "VSWAP", 5, 0, get_vswap },
	{ "disabled", "DISABL", 6, 0, get_disabled, "DISABLED" },
	{ "vm_overcommit", "VM_OVC", 6, FIELD_ZERO, get_real, "VM_OVERCOMMIT" },
	{ "netfilter", "NETFILTER", -9, 0, get_conf, "NETFILTER" },
	{ "capability", "CAPABILITY", -15, FIELD_TRIM, get_switches, "CAPABILITY" },
	{ "sched", "SCHED", -7, 0, get_sched, "SCHED" },
};

const struct field *fields(size_t *count)
{
	static struct field *all;
	static size_t n;

	*count = n;
	if (all)
		return all;
	all = xcalloc(ARRAY_SIZE(before) + ARRAY_SIZE(after) +
		      beancounters_count * (PART_FAILCNT + 1), sizeof(*all));
	memcpy(all, before, sizeof(before));
	n = ARRAY_SIZE(before);
	for (size_t i = 0; i < beancounters_count; i++)
		for (int part = PART_WHOLE; part <= PART_FAILCNT; part++)
			beancounter_field(i, part, &all[n++]);
	memcpy(&all[n], after, sizeof(after));
	n += ARRAY_SIZE(after);
	*count = n;
	return all;
}

const struct field *field_find(const char *name)
{
	size_t count;
	const struct field *all = fields(&count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	return NULL;
}

bool field_is_part(const struct field *f)
{
	return f->part != PART_WHOLE;
}

void field_get(const struct field *f, struct listed *l, struct cell *c)
{
	*c = (struct cell) { .kind = CELL_NONE };
	f->get(l, f, c);
}

/* An object of name:on words: true or false for each. */
static json_t *switches_json(const char *text)
{
	json_t *words = json_words(text, ","), *word, *object = json_object();
	size_t i;

	json_array_foreach(words, i, word) {
		cleanup_free char *name = xstrdup(json_string_value(word));
		char *colon = strrchr(name, ':');

		if (colon)
			*colon++ = '\0';
		json_object_set_new(object, name, json_boolean(colon && !strcmp(colon, "on")));
	}
	json_decref(words);
	return object;
}

static json_t *averages_json(const char *text)
{
	json_t *words = json_words(text, "/"), *word, *list = json_array();
	size_t i;

	json_array_foreach(words, i, word) {
		json_array_append_new(list, json_real(strtod(json_string_value(word), NULL)));
	}
	json_decref(words);
	return list;
}

static json_t *cell_json(const struct cell *c)
{
	switch (c->kind) {
	case CELL_TEXT:
	case CELL_RANKED:
		return json_text(c->text);
	case CELL_WORDS:
		return json_words(c->text, " \t");
	case CELL_SWITCHES:
		return switches_json(c->text);
	case CELL_NUMBER:
		return json_integer(c->number);
	case CELL_REAL:
	case CELL_UPTIME:
		return json_real(c->real);
	case CELL_YESNO:
		return json_boolean(c->number);
	case CELL_AVERAGES:
		return averages_json(c->text);
	default:
		return json_null();
	}
}

json_t *field_json(const struct field *f, struct listed *l)
{
	struct cell c;
	json_t *value;

	if (f->get == beancounter_get)
		return beancounter_json(l, f);
	if (f->get == quota_get)
		return quota_json(l, f);
	field_get(f, l, &c);
	if (c.kind == CELL_NONE && (f->get == get_words || f->get == get_ip))
		value = json_array();
	else if (c.kind == CELL_NONE && (f->flags & FIELD_ZERO))
		value = json_integer(0);
	else
		value = cell_json(&c);
	cell_free(&c);
	return value;
}

static char *uptime_text(uint64_t ms)
{
	uint64_t s = ms / 1000;

	return xasprintf("%03" PRIu64 "d%02" PRIu64 "h:%02" PRIu64 "m:%02" PRIu64 "s", s / 86400,
			 s / 3600 % 24, s / 60 % 60, s % 60);
}

char *cell_text(const struct cell *c)
{
	char *text;

	switch (c->kind) {
	case CELL_NUMBER:
		return xasprintf("%" PRIu64, c->number);
	case CELL_REAL:
		return xasprintf("%g", c->real);
	case CELL_UPTIME:
		return uptime_text(c->number);
	case CELL_YESNO:
		return xstrdup(c->number ? "yes" : "no");
	case CELL_NONE:
		return xstrdup("-");
	default:
		break;
	}
	text = xstrdup(c->text);
	make_printable(text);
	return text;
}

static int compare_numbers(double a, double b)
{
	return (a > b) - (a < b);
}

int cell_compare(const struct field *f, const struct cell *a, const struct cell *b)
{
	int ret;

	if (a->kind == CELL_NONE || b->kind == CELL_NONE)
		return (a->kind != CELL_NONE) - (b->kind != CELL_NONE);
	/* names and, of those that have none, numbers */
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->kind == CELL_REAL || a->kind == CELL_AVERAGES)
		ret = compare_numbers(a->real, b->real);
	else if (a->text && a->kind != CELL_RANKED)
		ret = strcmp(a->text, b->text);
	else
		ret = (a->number > b->number) - (a->number < b->number);
	return f->flags & FIELD_DOWN ? -ret : ret;
}

void cell_free(struct cell *c)
{
	free(c->text);
}
