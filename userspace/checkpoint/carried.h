/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was counted of a container while it ran, and goes on being counted: of each beancounter
 * the maximum and how often it was refused, {"numfile": [maxheld, failcnt], ...}.
 */
#ifndef CLOISON_CARRIED_H
#define CLOISON_CARRIED_H

#include <jansson.h>
#include <stdint.h>

/* NULL without the module that knows. */
json_t *carried_json(uint32_t id);

/* As far as there is such a module here; @beancounters may be NULL. */
void carried_set(uint32_t id, json_t *beancounters);

#endif
