// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "error.h"
#include "listed.h"
#include "names.h"
#include "suspended.h"
#include "util.h"
#include "value.h"

uint64_t listed_uptime_ms(const struct listed *l)
{
	uint64_t ns = boot_ns();

	return ns > l->kc.started ? (ns - l->kc.started) / 1000000 : 0;
}

void listed_close(struct listed *l)
{
	if (l->opened)
		container_close(&l->ct);
	free(l->text);
}

const struct container *listed_container(struct listed *l)
{
	if (l->opened)
		return &l->ct;
	l->opened = true;
	if (container_open_id(&l->ct, l->id, NEED_NOTHING)) {
		warn("%s", error_text());
		error_clear();
	}
	return &l->ct;
}

const char *listed_conf(struct listed *l, const char *key)
{
	const struct container *ct = listed_container(l);
	const char *value = ct->conf ? conf_get(ct->conf, key) : NULL;
	uint32_t id;

	if (value && strcmp(key, "NAME") == 0 && !(names_find(value, &id) && id == l->id))
		return NULL;
	return value && *value ? value : NULL;
}

const struct limits *listed_limits(struct listed *l)
{
	if (!l->have_limits && limits_read(listed_container(l)->conf, &l->limits))
		error_clear();
	l->have_limits = true;
	return &l->limits;
}

enum listed_status listed_status(struct listed *l)
{
	uint64_t frozen = 0;

	if (listed_runs(l)) {
		listed_number(l, "cgroup.freeze", NULL, &frozen);
		return frozen ? LISTED_PAUSED : LISTED_RUNNING;
	}
	if (container_mounted(listed_container(l)))
		return LISTED_MOUNTED;
	return suspended(listed_container(l)) ? LISTED_SUSPENDED : LISTED_STOPPED;
}

const struct acct_container *listed_acct(struct listed *l)
{
	if (!listed_runs(l) || !acct_loaded())
		return NULL;
	if (!l->have_acct && acct_get(l->id, &l->acct))
		error_clear();
	l->have_acct = true;
	return l->acct.id ? &l->acct : NULL;
}

const char *listed_file(struct listed *l, const char *file)
{
	if (!listed_runs(l))
		return NULL;
	/* one is kept: columns that are in the same file stand together */
	if (l->file && strcmp(l->file, file) == 0)
		return l->text;
	free(l->text);
	l->text = cgroup_text(l->id, file);
	l->file = file;
	return l->text;
}

bool listed_number(struct listed *l, const char *file, const char *key, uint64_t *out)
{
	const char *text = listed_file(l, file);

	if (!text)
		return false;
	if (key)
		return cgroup_find(text, key, out);
	if (strcmp(text, "max\n") == 0) {
		*out = VALUE_UNLIMITED;
		return true;
	}
	return parse_line_number(text, out);
}
