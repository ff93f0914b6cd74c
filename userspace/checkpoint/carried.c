// SPDX-License-Identifier: GPL-2.0-only
#include "acct.h"
#include "beancounters.h"
#include "carried.h"
#include "cleanup.h"
#include "error.h"
#include "util.h"
#include "view.h"

/* Nobody is kept from where he is going for the sake of a figure. */
static void complain(const char *what, uint32_t id)
{
	warn("%s of container %u begin anew: %s", what, id, error_text());
	error_clear();
}

json_t *carried_beancounters(uint32_t id)
{
	struct acct_container acct;
	uint32_t resource;
	const char *name;
	json_t *all;

	if (!acct_loaded())
		return NULL;
	if (acct_get(id, &acct)) {
		complain("Beancounters", id);
		return NULL;
	}
	all = json_object();
	for (size_t i = 0; (name = beancounter_name(i, &resource)); i++) {
		const struct acct_figures *a = &acct.of[resource];

		if (a->known)
			json_object_set_new(all, name, json_pack("[I, I]", (json_int_t)a->maxheld,
								 (json_int_t)a->failcnt));
	}
	return all;
}

static void set_beancounters(uint32_t id, json_t *beancounters)
{
	uint32_t resource;
	const char *name;

	if (!beancounters || !acct_loaded())
		return;
	for (size_t i = 0; (name = beancounter_name(i, &resource)); i++) {
		json_t *pair = json_object_get(beancounters, name);
		json_int_t maxheld, failcnt;

		/* a name that one of the two does not know is passed over */
		if (json_unpack(pair, "[I, I]", &maxheld, &failcnt) || maxheld < 0 || failcnt < 0)
			continue;
		if (acct_carry(id, resource, maxheld, failcnt)) {
			complain("Beancounters", id);
			return;
		}
	}
}

static json_t *numbers(const __u64 *n, size_t count)
{
	json_t *all = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(all, json_integer((json_int_t)n[i]));
	return all;
}

json_t *carried_view(uint32_t id)
{
	cleanup_free __u64 *times = NULL;
	struct cloison_view_carried c = { .id = id, .cpus = CLOISON_VIEW_CPUS_MAX };
	json_t *each;

	if (!view_loaded())
		return NULL;
	times = xcalloc(c.cpus, CLOISON_VIEW_TIMES * sizeof(*times));
	c.times = (uintptr_t)times;
	if (view_count(&c)) {
		complain("CPU times", id);
		return NULL;
	}
	each = json_array();
	for (uint32_t i = 0; i < c.cpus; i++)
		json_array_append_new(each, numbers(times + i * CLOISON_VIEW_TIMES,
						    CLOISON_VIEW_TIMES));
	return json_pack("{s:o, s:o}", "times", each, "load",
			 numbers(c.load, ARRAY_SIZE(c.load)));
}

/* What is missing is 0. */
static void read_numbers(json_t *all, __u64 *n, size_t count)
{
	for (size_t i = 0; i < count; i++)
		n[i] = (__u64)json_integer_value(json_array_get(all, i));
}

static void set_view(uint32_t id, json_t *view)
{
	json_t *each = json_object_get(view, "times");
	struct cloison_view_carried c = { .id = id, .cpus = json_array_size(each) };
	cleanup_free __u64 *times = NULL;

	if (!c.cpus || !view_loaded())
		return;
	times = xcalloc(c.cpus, CLOISON_VIEW_TIMES * sizeof(*times));
	c.times = (uintptr_t)times;
	for (uint32_t i = 0; i < c.cpus; i++)
		read_numbers(json_array_get(each, i), times + i * CLOISON_VIEW_TIMES,
			     CLOISON_VIEW_TIMES);
	read_numbers(json_object_get(view, "load"), c.load, ARRAY_SIZE(c.load));
	if (view_carry(&c))
		complain("CPU times", id);
}

void carried_set(uint32_t id, json_t *beancounters, json_t *view)
{
	set_beancounters(id, beancounters);
	set_view(id, view);
}
