/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container's files, by rsync(1) through the channel. Both rsyncs run as root of a user
 * namespace with the container's ids on their host, where they can write to nothing but
 * the container's files: so ids need not be the same on both hosts, and what root of the
 * container has prepared there reaches nobody else's.
 */
#ifndef CLOISON_MIGRATE_FILES_H
#define CLOISON_MIGRATE_FILES_H

#include <stdint.h>
#include <sys/types.h>

#include "../lib/container.h"
#include "changed.h"
#include "channel.h"

/*
 * The source's side: make the files over there those of @ct, whose ids begin at @base.
 * @since: now; what changes meanwhile is left to the next time, which copies what has changed
 * after that all the same. It becomes none if not all could be copied. NULL: nothing changes.
 * MIGRATE_COPY.
 */
int files_send(struct channel *ch, const struct container *ct, uint32_t base,
	       struct moment *since, bool first);

/*
 * The last time, when nothing changes: what has changed @since the last one began. @again: what an
 * earlier last time has copied may have changed beside it, or after it, and tell nothing of that.
 * MIGRATE_COPY.
 */
int files_send_changed(struct channel *ch, const struct container *ct, uint32_t base,
		       const struct moment *since, bool again);

/*
 * A program shut in with the files of @ct, which may be mounted or not; @keep is a descriptor
 * more, or -1. MIGRATE_COPY.
 */
int files_spawn(const struct container *ct, uint32_t base, const char *const argv[], int in,
		int out, int keep, pid_t *pid);

/*
 * The target's, with what the request brought, into the files of @ct, which nobody has mounted;
 * it answers it. MIGRATE_CONNECT.
 */
int files_receive(struct channel *ch, const json_t *request, const struct container *ct,
		  uint32_t base);

/* All of @ct's on disk; nobody has it mounted. MIGRATE_COPY. */
int files_sync(const struct container *ct);

/* The verb by which rsync thinks to call ssh; see files.c. */
int files_pipe(int argc, char **argv);

#endif
