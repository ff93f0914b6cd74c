// SPDX-License-Identifier: GPL-2.0-only
/*
 * OpenVZ's beancounters as fields of a list. For some the kernel has the same figure in
 * a file of the container's cgroup, which is cheap; the module cloison_acct has all that
 * can be had. Without it, of some only what is configured is known.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "beancounters.h"
#include "container.h"
#include "enforce.h"
#include "error.h"
#include "fields.h"
#include "global.h"
#include "module.h"
#include "params.h"
#include "util.h"
#include "value.h"

struct source {
	const char *file, *key;
};

static const struct beancounter {
	const char *name, *header, *key;
	char unit;	/* p: pages, which cgroup files have as bytes; b: bytes; n: a number */
	uint32_t resource;	/* of the module's */
	struct source held, maxheld, failcnt;
	const char *limit;	/* the file, where the kernel holds it */
} beancounters[] = {
	{ "kmemsize", "KMEMSIZE", "KMEMSIZE", 'b', CLOISON_ACCT_KMEMSIZE,
	  { "memory.stat", "kernel" } },
	{ "lockedpages", "LOCKEDP", "LOCKEDPAGES", 'p', CLOISON_ACCT_LOCKEDPAGES,
	  { "memory.stat", "unevictable" } },
	{ "privvmpages", "PRIVVMP", "PRIVVMPAGES", 'p', CLOISON_ACCT_PRIVVMPAGES },
	{ "shmpages", "SHMP", "SHMPAGES", 'p', CLOISON_ACCT_SHMPAGES,
	  { "memory.stat", "shmem" } },
	{ "numproc", "NPROC", "NUMPROC", 'n', CLOISON_ACCT_NUMPROC, { "pids.current" },
	  { "pids.peak" }, { "pids.events", "max" }, "pids.max" },
	{ "physpages", "PHYSP", "PHYSPAGES", 'p', CLOISON_ACCT_PHYSPAGES, { "memory.current" },
	  { "memory.peak" }, { "memory.events", "oom" }, "memory.max" },
	{ "vmguarpages", "VMGUARP", "VMGUARPAGES", 'p', CLOISON_ACCT_VMGUARPAGES },
	{ "oomguarpages", "OOMGUARP", "OOMGUARPAGES", 'p', CLOISON_ACCT_OOMGUARPAGES },
	{ "numtcpsock", "NTCPSOCK", "NUMTCPSOCK", 'n', CLOISON_ACCT_NUMTCPSOCK },
	{ "numflock", "NFLOCK", "NUMFLOCK", 'n', CLOISON_ACCT_NUMFLOCK },
	{ "numpty", "NPTY", "NUMPTY", 'n', CLOISON_ACCT_NUMPTY },
	{ "numsiginfo", "NSIGINFO", "NUMSIGINFO", 'n', CLOISON_ACCT_NUMSIGINFO },
	{ "tcpsndbuf", "TCPSNDB", "TCPSNDBUF", 'b', CLOISON_ACCT_TCPSNDBUF },
	{ "tcprcvbuf", "TCPRCVB", "TCPRCVBUF", 'b', CLOISON_ACCT_TCPRCVBUF },
	{ "othersockbuf", "OTHSOCKB", "OTHERSOCKBUF", 'b', CLOISON_ACCT_OTHERSOCKBUF },
	{ "dgramrcvbuf", "DGRAMRB", "DGRAMRCVBUF", 'b', CLOISON_ACCT_DGRAMRCVBUF },
	{ "numothersock", "NOTHSOCK", "NUMOTHERSOCK", 'n', CLOISON_ACCT_NUMOTHERSOCK },
	{ "dcachesize", "DCACHESZ", "DCACHESIZE", 'b', CLOISON_ACCT_DCACHESIZE },
	{ "numfile", "NFILE", "NUMFILE", 'n', CLOISON_ACCT_NUMFILE },
	{ "numiptent", "NIPTENT", "NUMIPTENT", 'n', CLOISON_ACCT_NUMIPTENT },
	{ "swappages", "SWAPP", "SWAPPAGES", 'p', CLOISON_ACCT_SWAPPAGES, { "memory.swap.current" },
	  { "memory.swap.peak" }, { "memory.swap.events", "max" }, "memory.swap.max" },
};

const size_t beancounters_count = ARRAY_SIZE(beancounters);

#define PHYSPAGES	5

static const char *const suffixes[] = {
	[PART_WHOLE] = "", [PART_MAXHELD] = ".m", [PART_BARRIER] = ".b", [PART_LIMIT] = ".l",
	[PART_FAILCNT] = ".f",
};

static const char *const header_suffixes[] = {
	[PART_WHOLE] = "", [PART_MAXHELD] = ".M", [PART_BARRIER] = ".B", [PART_LIMIT] = ".L",
	[PART_FAILCNT] = ".F",
};

void beancounter_field(int index, enum field_part part, struct field *out)
{
	const struct beancounter *b = &beancounters[index];

	*out = (struct field) {
		.name = xasprintf("%s%s", b->name, suffixes[part]),
		.header = xasprintf("%s%s", b->header, header_suffixes[part]),
		.width = 10,
		.get = beancounter_get,
		.index = index,
		.part = part,
	};
}

static uint64_t page_size(void)
{
	static uint64_t size;

	if (!size)
		size = sysconf(_SC_PAGESIZE);
	return size;
}

/* Bytes or a number, as the unit of the beancounter has it. */
static uint64_t in_unit(const struct beancounter *b, uint64_t value)
{
	if (value == VALUE_UNLIMITED)
		return VALUE_UNLIMITED;
	return b->unit == 'p' ? value / page_size() : value;
}

/* NULL if the module is not there. */
static const struct acct_figures *from_module(struct listed *l, const struct beancounter *b)
{
	const struct acct_container *all = listed_acct(l);

	return all ? &all->of[b->resource] : NULL;
}

static bool from_file(struct listed *l, const struct beancounter *b, const struct source *s,
		      uint64_t *out)
{
	if (!s->file || !listed_number(l, s->file, s->key, out))
		return false;
	/* events are counted in events */
	if (s != &b->failcnt)
		*out = in_unit(b, *out);
	return true;
}

/*
 * Of those that the kernel holds its file has what is held, and what became of them since the
 * container was made here; the module knows of what was before, too.
 */
static bool from_kernel(struct listed *l, const struct beancounter *b, const struct source *s,
			uint64_t *out)
{
	const struct acct_figures *a;

	if (b->limit && s == &b->held && from_file(l, b, s, out))
		return true;
	a = from_module(l, b);
	if (!a || !a->known)
		return from_file(l, b, s, out);
	*out = s == &b->held ? a->held : s == &b->maxheld ? a->maxheld : a->failcnt;
	return true;
}

static bool parse(const struct beancounter *b, const char *v, uint64_t *barrier, uint64_t *limit)
{
	if (!v || !(b->unit == 'n' ? parse_count_pair(v, barrier, limit) :
		    parse_size_pair(v, b->unit == 'p' ? page_size() : 1, barrier, limit)))
		return false;
	*barrier = in_unit(b, *barrier);
	*limit = in_unit(b, *limit);
	return true;
}

/* What is in force while it runs, where the kernel holds it; else what is configured. */
static bool limits(struct listed *l, const struct beancounter *b, uint64_t *barrier,
		   uint64_t *limit)
{
	const struct acct_figures *a = b->limit ? NULL : from_module(l, b);
	bool known = parse(b, listed_conf(l, b->key), barrier, limit);
	uint64_t held;

	if (a && a->limit != CLOISON_ACCT_UNLIMITED) {
		*barrier = a->barrier;
		*limit = a->limit;
		return true;
	}
	if (!b->limit || !listed_number(l, b->limit, NULL, &held))
		return known;
	held = in_unit(b, held);
	/* the barrier is OpenVZ's: the kernel has none */
	if (!known || *limit != held)
		*barrier = b->unit == 'p' ? 0 : held;
	*limit = held;
	return true;
}

static bool figure(struct listed *l, const struct beancounter *b, enum field_part part,
		   uint64_t *out)
{
	uint64_t barrier, limit;

	switch (part) {
	case PART_WHOLE:
		return from_kernel(l, b, &b->held, out);
	case PART_MAXHELD:
		return from_kernel(l, b, &b->maxheld, out);
	case PART_FAILCNT:
		return from_kernel(l, b, &b->failcnt, out);
	default:
		if (!limits(l, b, &barrier, &limit))
			return false;
		*out = part == PART_BARRIER ? barrier : limit;
		/* as OpenVZ writes it */
		if (*out > LONG_MAX)
			*out = LONG_MAX;
		return true;
	}
}

void beancounter_get(struct listed *l, const struct field *f, struct cell *c)
{
	if (figure(l, &beancounters[f->index], f->part, &c->number))
		c->kind = CELL_NUMBER;
}

json_t *beancounter_json(struct listed *l, const struct field *f)
{
	static const struct {
		const char *key;
		enum field_part part;
	} parts[] = {
		{ "held", PART_WHOLE }, { "maxheld", PART_MAXHELD }, { "barrier", PART_BARRIER },
		{ "limit", PART_LIMIT }, { "failcnt", PART_FAILCNT },
	};
	json_t *object = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		uint64_t n;
		bool known = figure(l, &beancounters[f->index], parts[i].part, &n);

		json_object_set_new(object, parts[i].key, known ? json_integer(n) : json_null());
	}
	return object;
}

uint64_t beancounter_physpages(struct listed *l)
{
	uint64_t barrier, limit;

	return limits(l, &beancounters[PHYSPAGES], &barrier, &limit) ? limit : VALUE_UNLIMITED;
}

const char *beancounter_name(size_t index, uint32_t *resource)
{
	if (index >= ARRAY_SIZE(beancounters))
		return NULL;
	*resource = beancounters[index].resource;
	return beancounters[index].name;
}

char beancounter_unit(size_t index)
{
	return beancounters[index].unit;
}

/* Of those that are not a cgroup's. */
static int hold(uint32_t id, const struct conf *conf, const struct beancounter *b)
{
	uint32_t base;

	if (!container_base(conf, &base))
		return fail(EXIT_BAD_VALUE, "LOCAL_UID in the configuration is not right");
	if (!enforce(id, base, b->resource))
		return 0;
	warn("The limit %s is recorded only: %s", b->name, error_text());
	error_clear();
	return 0;
}

/* A pair that makes no sense is a matter of the configuration, see validate.c. */
static bool given(const struct conf *conf, const struct params *only, const struct beancounter *b,
		  uint64_t *barrier, uint64_t *limit)
{
	return (!only || params_seen(only, b->key)) &&
	       parse(b, conf_get(conf, b->key), barrier, limit) && *barrier <= *limit;
}

static bool needs_program(const struct beancounter *b, uint64_t limit)
{
	return enforce_can(b->resource) && limit < CLOISON_ACCT_UNLIMITED;
}

static const char *unheld(const struct conf *conf, const struct params *only,
			  const struct acct_container *acct)
{
	uint64_t barrier, limit;

	for (size_t i = 0; i < ARRAY_SIZE(beancounters); i++) {
		const struct beancounter *b = &beancounters[i];

		if (given(conf, only, b, &barrier, &limit) && needs_program(b, limit) &&
		    !(acct && acct->of[b->resource].flags & CLOISON_ACCT_F_LIMITED))
			return b->name;
	}
	return NULL;
}

const char *beancounters_unheld(const struct conf *conf, const struct acct_container *acct)
{
	return unheld(conf, NULL, acct);
}

/*
 * Without its files in /proc, by which programs take the host for one of OpenVZ's: who wants
 * those loads it himself.
 */
static bool load(void)
{
	return global.load_acct && module_load("cloison_acct", "proc=0") && acct_loaded();
}

int beancounters_apply(uint32_t id, const struct conf *conf, const struct params *only)
{
	bool loaded = acct_loaded();

	if (conf && !loaded && unheld(conf, only, NULL)) {
		loaded = load();
		/* nobody told it what is not new */
		if (loaded)
			only = NULL;
	}
	for (size_t i = 0; conf && i < ARRAY_SIZE(beancounters); i++) {
		const struct beancounter *b = &beancounters[i];
		uint64_t barrier, limit;
		bool held;
		int ret = 0;

		if (!given(conf, only, b, &barrier, &limit))
			continue;
		held = needs_program(b, limit);
		if (loaded)
			ret = acct_set(id, b->resource, barrier, limit);
		else if (held)
			warn("The limit %s is recorded only: modprobe cloison_acct", b->name);
		if (!ret && loaded && held)
			ret = hold(id, conf, b);
		if (ret)
			return ret;
	}
	return 0;
}
