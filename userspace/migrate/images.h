/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Images of a container's state (checkpoint.h) on their way: in memory on both hosts, in
 * a tmpfs on /run/cloison/migrate/CTID, until it has moved or not.
 */
#ifndef CLOISON_MIGRATE_IMAGES_H
#define CLOISON_MIGRATE_IMAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "channel.h"

/* Bytes that they may take on this host; the tmpfs takes no more. */
uint64_t images_room(void);

/* Those that container @ctid has here take so much. */
uint64_t images_taken(uint32_t ctid);

/* An empty directory for container @ctid's images @name, to be freed; NULL: MIGRATE_STOP. */
char *images_make(uint32_t ctid, const char *name);
char *images_path(uint32_t ctid, const char *name);
void images_remove(uint32_t ctid);

/*
 * The source's side: how many more bytes have room on both hosts is *@room. @plain: few bytes may
 * go as they are. The target's, with the request, which it answers: @apart from what the processes
 * will take. What came before goes there if these have no parent.
 */
int images_send(struct channel *ch, uint32_t ctid, const char *name, bool plain,
		uint64_t *room);
int images_receive(struct channel *ch, const json_t *request, uint32_t ctid, uint64_t apart);

#endif
