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
#include <time.h>

#include "../lib/container.h"
#include "changed.h"
#include "channel.h"

/*
 * The source's side: make the files over there those of @ct, whose ids begin at @base.
 * @since: what changes meanwhile is left to the next time, which copies what has changed
 * after that time (seconds) all the same; 0: nothing changes, this is the only time.
 * MIGRATE_COPY.
 */
int files_send(struct channel *ch, const struct container *ct, uint32_t base, time_t since);

/*
 * The last time, after that: rsync is there on both hosts, and waits, before the container
 * stands still. Then it is told what has changed since the time before began.
 */
struct files_last {
	pid_t pid;		/* 0: there is none */
	int line, names, mount, fds[2];
};

#define FILES_LAST_NONE \
	((struct files_last){ .line = -1, .names = -1, .mount = -1, .fds = { -1, -1 } })

int files_prepare(struct channel *ch, const struct container *ct, uint32_t base,
		  struct files_last *last);
int files_finish(struct channel *ch, const struct moment *since, struct files_last *last);
/* It is not needed any more, or has been used. */
void files_forget(struct files_last *last);

/*
 * The target's, with what the request brought, into the files of @ct, which nobody has mounted.
 * They answer it. MIGRATE_CONNECT.
 */
int files_receive(struct channel *ch, const json_t *request, const struct container *ct,
		  uint32_t base);
int files_receive_prepare(struct channel *ch, const json_t *request, const struct container *ct,
			  uint32_t base, struct files_last *last);
int files_receive_last(struct channel *ch, struct files_last *last);

/* All of @ct's on disk; nobody has it mounted. MIGRATE_COPY. */
int files_sync(const struct container *ct);

/* The verb by which rsync thinks to call ssh; see files.c. */
int files_pipe(int argc, char **argv);

#endif
