/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was counted of a container while it ran, and goes on being counted.
 *
 *	beancounters	of each the maximum and how often it was refused,
 *			{"numfile": [maxheld, failcnt], ...}
 *	view		of each CPU the times, and the load, see linux/cloison_view.h,
 *			{"times": [[user, ...], ...], "load": [...]}
 */
#ifndef CLOISON_CARRIED_H
#define CLOISON_CARRIED_H

#include <jansson.h>
#include <stdint.h>

/* NULL without the module that knows. */
json_t *carried_beancounters(uint32_t id);
json_t *carried_view(uint32_t id);

/* As far as there are such modules here; any may be NULL. */
void carried_set(uint32_t id, json_t *beancounters, json_t *view);

#endif
