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

/* The last pass over files. All zero: nothing of it waits. */
struct last_pass {
	struct search search;
	pid_t pid;		/* of an rsync that has one over there, and waits for names */
	int names;		/* from here; 0: there is none */
	int line, from, to;	/* see files_pipe() */
};

/*
 * The source's side: make the files over there those of @ct, whose ids begin at @base.
 * @since: now; what changes meanwhile is left to the next time, which copies what has changed
 * after that all the same. It becomes none if not all could be copied. NULL: nothing changes.
 * MIGRATE_COPY.
 */
int files_send(struct channel *ch, const struct container *ct, uint32_t base,
	       struct moment *since, bool first);

/*
 * For the last time, ahead of it: to start programs here and there, each shut in, takes longer
 * than what they do then. Until files_send_changed() or files_forget() nothing else can be asked
 * over @ch. MIGRATE_COPY, MIGRATE_CONNECT.
 */
int files_prepare(struct channel *ch, const struct container *ct, uint32_t base,
		  const struct moment *since, struct last_pass *last);
/* What waits is let go of, if anything does. */
void files_forget(struct channel *ch, struct last_pass *last);

/*
 * The last time, when nothing changes: what has changed @since the last one began. @again: what an
 * earlier last time has copied may have changed beside it, or after it, and tell nothing of that.
 * @last may be none; it is afterwards. MIGRATE_COPY.
 */
int files_send_changed(struct channel *ch, const struct container *ct, uint32_t base,
		       const struct moment *since, bool again, struct last_pass *last);

/*
 * A program shut in with the files of @ct, which may be mounted or not; @keep is a descriptor
 * more, or -1. MIGRATE_COPY.
 */
int files_spawn(const struct container *ct, uint32_t base, const char *const argv[], int in,
		int out, int keep, pid_t *pid);

/* The same, with the other ends of its output and input. */
int files_spawn_piped(const struct container *ct, uint32_t base, const char *const argv[],
		      int *from, int *to, pid_t *pid);

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
