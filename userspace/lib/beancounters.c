// SPDX-License-Identifier: GPL-2.0-only
/*
 * OpenVZ's beancounters as fields of a list. For some the kernel has the same figure in
 * a file of the container's cgroup; of the others only what is configured is known.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fields.h"
#include "util.h"
#include "value.h"

struct source {
	const char *file, *key;
};

static const struct beancounter {
	const char *name, *header, *key;
	char unit;	/* p: pages, which cgroup files have as bytes; b: bytes; n: a number */
	struct source held, maxheld, failcnt;
	const char *limit;	/* the file, where the kernel holds it */
} beancounters[] = {
	{ "kmemsize", "KMEMSIZE", "KMEMSIZE", 'b', { "memory.stat", "kernel" } },
	{ "lockedpages", "LOCKEDP", "LOCKEDPAGES", 'p', { "memory.stat", "unevictable" } },
	{ "privvmpages", "PRIVVMP", "PRIVVMPAGES", 'p' },
	{ "shmpages", "SHMP", "SHMPAGES", 'p', { "memory.stat", "shmem" } },
	{ "numproc", "NPROC", "NUMPROC", 'n', { "pids.current" }, { "pids.peak" },
	  { "pids.events", "max" }, "pids.max" },
	{ "physpages", "PHYSP", "PHYSPAGES", 'p', { "memory.current" }, { "memory.peak" },
	  { "memory.events", "oom" }, "memory.max" },
	{ "vmguarpages", "VMGUARP", "VMGUARPAGES", 'p' },
	{ "oomguarpages", "OOMGUARP", "OOMGUARPAGES", 'p' },
	{ "numtcpsock", "NTCPSOCK", "NUMTCPSOCK", 'n' },
	{ "numflock", "NFLOCK", "NUMFLOCK", 'n' },
	{ "numpty", "NPTY", "NUMPTY", 'n' },
	{ "numsiginfo", "NSIGINFO", "NUMSIGINFO", 'n' },
	{ "tcpsndbuf", "TCPSNDB", "TCPSNDBUF", 'b' },
	{ "tcprcvbuf", "TCPRCVB", "TCPRCVBUF", 'b' },
	{ "othersockbuf", "OTHSOCKB", "OTHERSOCKBUF", 'b' },
	{ "dgramrcvbuf", "DGRAMRB", "DGRAMRCVBUF", 'b' },
	{ "numothersock", "NOTHSOCK", "NUMOTHERSOCK", 'n' },
	{ "dcachesize", "DCACHESZ", "DCACHESIZE", 'b' },
	{ "numfile", "NFILE", "NUMFILE", 'n' },
	{ "numiptent", "NIPTENT", "NUMIPTENT", 'n' },
	{ "swappages", "SWAPP", "SWAPPAGES", 'p', { "memory.swap.current" },
	  { "memory.swap.peak" }, { "memory.swap.events", "fail" }, "memory.swap.max" },
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

static bool from_kernel(struct listed *l, const struct beancounter *b, const struct source *s,
			uint64_t *out)
{
	if (!s->file || !listed_number(l, s->file, s->key, out))
		return false;
	/* events are counted in events */
	if (s != &b->failcnt)
		*out = in_unit(b, *out);
	return true;
}

static bool configured(struct listed *l, const struct beancounter *b, uint64_t *barrier,
		       uint64_t *limit)
{
	const char *v = listed_conf(l, b->key);

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
	bool known = configured(l, b, barrier, limit);
	uint64_t held;

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
