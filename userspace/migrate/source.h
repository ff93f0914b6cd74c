/* SPDX-License-Identifier: GPL-2.0-only */
/* The source's side of a migration. See Documentation/migration.rst. */
#ifndef CLOISON_MIGRATE_SOURCE_H
#define CLOISON_MIGRATE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "../lib/container.h"
#include "journal.h"
#include "ssh.h"

struct migrate_options {
	const char *host, *ctid;
	bool live, keep, check_only, compress, force, json, times;
	uint64_t rate;		/* bytes/s, 0: any */
	const char *ssh;	/* more arguments of ssh(1), or NULL */
};

/* MIGRATE_NOT_EXIST only if there can be no such container; a number alone is good enough. */
int source_open(struct container *ct, const char *arg);

/* Move it. A MIGRATE_ status; unless it is 0 the container is where it was, or says more. */
int source_migrate(const struct migrate_options *o);

/*
 * For settle.h; the lock is held. From SENDING: it is ours, and runs again before the other host,
 * who may be gone, is told. @ssh is opened anew if it is broken.
 */
int source_undo(struct container *ct, struct journal *j, struct ssh *ssh);
/*
 * Of that only the end: what is there goes, and the note that is here does not. No lock is needed
 * if who began it has ended.
 */
int source_tell(uint32_t ctid, const struct journal *j, struct ssh *ssh);
/* What the other host says of what was given to it. */
struct verdict {
	bool returned;	/* it is ours again, else theirs */
	char *why;	/* it does not run there, or NULL; to be freed */
};

/* From GIVEN: ask for its end. No lock is needed, for all who ask are told the same. */
int source_ask(uint32_t ctid, const struct journal *j, struct ssh *ssh, struct verdict *v);
/* And do what is then to be done here, in GIVEN still. */
int source_end(struct container *ct, struct journal *j, struct ssh *ssh, const struct verdict *v);
/* It is ours and ran: it is to run again. */
int source_recover(struct container *ct, struct journal *j);
/* It is theirs: away with ours, from GIVEN. */
int source_remove(struct container *ct, struct journal *j);

#endif
