// SPDX-License-Identifier: GPL-2.0-only
/*
 * Disk quotas as fields of a list: as they are configured. What is used is not known,
 * as no quota counts it.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "fields.h"
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

static bool configured(struct listed *l, const struct field *f, uint64_t *soft, uint64_t *hard)
{
	uint64_t unit = strcmp(f->key, "DISKSPACE") == 0 ? 1024 : 1;
	const char *v = listed_conf(l, f->key);

	return v && quota_parse(v, unit, soft, hard);
}

void quota_get(struct listed *l, const struct field *f, struct cell *c)
{
	uint64_t soft, hard;

	if (f->part == PART_WHOLE || !configured(l, f, &soft, &hard))
		return;
	c->kind = CELL_NUMBER;
	c->number = f->part == PART_BARRIER ? soft : hard;
}

json_t *quota_json(struct listed *l, const struct field *f)
{
	uint64_t soft, hard;

	if (!configured(l, f, &soft, &hard))
		return json_null();
	return json_pack("{s:n, s:I, s:I}", "usage", "softlimit", (json_int_t)soft,
			 "hardlimit", (json_int_t)hard);
}
