// SPDX-License-Identifier: GPL-2.0-only
/*
 * Disk quotas as fields of a list: limits as they are configured, and what is used, if
 * something counts it.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "fields.h"
#include "layout.h"
#include "util.h"
#include "value.h"

/* In OpenVZ's samples the hard limit is a fraction: 2.2G. */
static bool parse_fraction(const char *s, uint64_t unit, uint64_t *out)
{
	cleanup_free char *one = NULL;
	uint64_t scale;
	double n;

	if (parse_size(s, unit, out))
		return true;
	one = xasprintf("1%s", s + strspn(s, "0123456789."));
	if (sscanf(s, "%30lf", &n) != 1 || n < 0 || !parse_size(one, unit, &scale) ||
	    n * (double)scale >= (double)LONG_MAX)
		return false;
	*out = n * (double)scale;
	return true;
}

bool quota_parse(const char *value, uint64_t unit, uint64_t *soft, uint64_t *hard)
{
	cleanup_free char *first = xstrndup(value, strcspn(value, ":"));
	const char *colon = strchr(value, ':');
	uint64_t s, h;

	if (!parse_fraction(first, unit, &s))
		return false;
	h = s;
	if (colon && !parse_fraction(colon + 1, unit, &h))
		return false;
	if (soft)
		*soft = s > LONG_MAX ? LONG_MAX : s / unit;
	if (hard)
		*hard = h > LONG_MAX ? LONG_MAX : h / unit;
	return true;
}

static bool is_space(const struct field *f)
{
	return strcmp(f->key, "DISKSPACE") == 0;
}

static bool configured(struct listed *l, const struct field *f, uint64_t *soft, uint64_t *hard)
{
	uint64_t unit = is_space(f) ? 1024 : 1;
	const char *v = listed_conf(l, f->key);

	return v && quota_parse(v, unit, soft, hard);
}

static bool used(struct listed *l, const struct field *f, uint64_t *amount)
{
	const struct container *ct = listed_container(l);
	struct disk_usage usage;

	if (!ct->conf || !ct->layout->usage(ct, &usage))
		return false;
	*amount = is_space(f) ? usage.space : usage.inodes;
	return true;
}

void quota_get(struct listed *l, const struct field *f, struct cell *c)
{
	uint64_t soft, hard, amount;

	if (f->part == PART_WHOLE ? !used(l, f, &amount) : !configured(l, f, &soft, &hard))
		return;
	c->kind = CELL_NUMBER;
	c->number = f->part == PART_WHOLE ? amount : f->part == PART_BARRIER ? soft : hard;
}

json_t *quota_json(struct listed *l, const struct field *f)
{
	uint64_t soft, hard, amount;

	if (!configured(l, f, &soft, &hard))
		return json_null();
	return json_pack("{s:o, s:I, s:I}", "usage",
			 used(l, f, &amount) ? json_integer((json_int_t)amount) : json_null(),
			 "softlimit", (json_int_t)soft, "hardlimit", (json_int_t)hard);
}
