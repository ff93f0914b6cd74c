/* SPDX-License-Identifier: GPL-2.0-only */
/* The first thing each side says: its version, and what it can. */
#ifndef CLOISON_MIGRATE_HELLO_H
#define CLOISON_MIGRATE_HELLO_H

#include "channel.h"

/* The source's side. MIGRATE_VERSION if they do not speak the same protocol. */
int hello_exchange(struct channel *ch, json_t **answer);
/* The target's. */
json_t *hello_ours(void);
/* Does @hello name the feature? */
bool hello_can(const json_t *hello, const char *feature);

#endif
