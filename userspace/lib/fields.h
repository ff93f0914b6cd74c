/* SPDX-License-Identifier: GPL-2.0-only */
/* The columns of a list of containers: vzlist's names, headers, widths and meanings. */
#ifndef CLOISON_FIELDS_H
#define CLOISON_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"
#include "listed.h"

enum cell_kind {
	CELL_NONE,	/* unset, unknown, or the kernel has no such thing */
	CELL_TEXT,
	CELL_WORDS,	/* text: words with blanks between */
	CELL_SWITCHES,	/* text: name:on,name:off,... */
	CELL_NUMBER,
	CELL_REAL,
	CELL_UPTIME,	/* real: seconds */
	CELL_YESNO,	/* number */
	CELL_RANKED,	/* text, sorted by number */
	CELL_AVERAGES,	/* text: a/b/c, sorted by real */
};

struct cell {
	enum cell_kind kind;
	char *text;	/* to be freed */
	uint64_t number;
	double real;
};

enum field_flags {
	FIELD_TRIM	= 1 << 0,	/* cut to its width, but in the last column */
	FIELD_ZERO	= 1 << 1,	/* JSON has 0 where nothing is set, as vzlist does */
	FIELD_DOWN	= 1 << 2,	/* sorted from the largest down */
};

enum field_part { PART_WHOLE, PART_MAXHELD, PART_BARRIER, PART_LIMIT, PART_FAILCNT };

struct field {
	const char *name, *header;
	int width;		/* negative: flush left */
	unsigned int flags;
	void (*get)(struct listed *l, const struct field *f, struct cell *c);
	const char *key;	/* of the configuration */
	/* of a beancounter or a quota: which one, and which of its figures */
	int index;
	enum field_part part;
};

/* All of them, in vzlist's order. */
const struct field *fields(size_t *count);
/* NULL if there is no such field. */
const struct field *field_find(const char *name);
/* One of several figures of a thing: JSON has them in the thing's own object. */
bool field_is_part(const struct field *f);

void field_get(const struct field *f, struct listed *l, struct cell *c);
json_t *field_json(const struct field *f, struct listed *l);

/* The cell as text, to be freed; with no control characters in it. */
char *cell_text(const struct cell *c);
/* Below, equal or above 0, as for qsort(); what is unset comes first. */
int cell_compare(const struct field *f, const struct cell *a, const struct cell *b);
void cell_free(struct cell *c);

/* Figures of beancounters, and of disk quotas as configured. */
extern const size_t beancounters_count;
void beancounter_field(int index, enum field_part part, struct field *out);
void beancounter_get(struct listed *l, const struct field *f, struct cell *c);
json_t *beancounter_json(struct listed *l, const struct field *f);
/* Pages of memory at most; VALUE_UNLIMITED. */
uint64_t beancounter_physpages(struct listed *l);

void quota_get(struct listed *l, const struct field *f, struct cell *c);
json_t *quota_json(struct listed *l, const struct field *f);
/*
 * SOFT[:HARD] in units of @unit bytes, in which a number without a suffix is too. Either
 * may be NULL. False if that is not what @value is.
 */
bool quota_parse(const char *value, uint64_t unit, uint64_t *soft, uint64_t *hard);

#endif
