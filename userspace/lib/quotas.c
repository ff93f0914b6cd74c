// SPDX-License-Identifier: GPL-2.0-only
/*
 * Disk quotas as fields of a list: limits as they are configured, and what is used, if
 * something counts it.
 */
#include <limits.h>
#include <string.h>

#include "fields.h"
#include "layout.h"
#include "util.h"
#include "value.h"

bool quota_parse(const char *value, uint64_t unit, uint64_t *soft, uint64_t *hard)
{
	uint64_t s, h;

	if (!parse_size_pair(value, unit, &s, &h))
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
