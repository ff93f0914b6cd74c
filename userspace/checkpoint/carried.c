// SPDX-License-Identifier: GPL-2.0-only
#include "acct.h"
#include "beancounters.h"
#include "carried.h"
#include "error.h"

/* Nobody is kept from where he is going for the sake of a figure. */
static void complain(uint32_t id)
{
	warn("Beancounters of container %u begin anew: %s", id, error_text());
	error_clear();
}

json_t *carried_json(uint32_t id)
{
	struct acct_container acct;
	uint32_t resource;
	const char *name;
	json_t *all;

	if (!acct_loaded())
		return NULL;
	if (acct_get(id, &acct)) {
		complain(id);
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

void carried_set(uint32_t id, json_t *beancounters)
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
			complain(id);
			return;
		}
	}
}
