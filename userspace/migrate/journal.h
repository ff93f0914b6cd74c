/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each host has noted of a container that moves: STATEDIR/migrate/CTID, replaced
 * as a whole and on disk before anything is done that it allows. It says, after any
 * crash, whose the container is. See Documentation/migration.rst.
 */
#ifndef CLOISON_MIGRATE_JOURNAL_H
#define CLOISON_MIGRATE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lib/cleanup.h"

enum journal_state {
	JOURNAL_NONE,
	/* the source */
	JOURNAL_SENDING,	/* it is ours */
	JOURNAL_GIVEN,		/* it is theirs, and ours never again unless they return it */
	/* the target */
	JOURNAL_RECEIVING,	/* it is theirs; what is here may be thrown away */
	JOURNAL_READY,		/* only they know whose it is */
	JOURNAL_OWNED,		/* it is ours */
	JOURNAL_RETURNING,	/* it is theirs again; what is here may be thrown away */
	JOURNAL_RETURNED,	/* and that was done */
};

/* Of one attempt; the same on both sides. */
#define JOURNAL_ID_LEN	32

struct journal {
	enum journal_state state;
	char id[JOURNAL_ID_LEN + 1];
	char *peer;		/* the other host, as ssh(1) takes it, or as it named itself */
	char *ssh;		/* more arguments of ssh(1), or NULL */
	bool running;		/* it ran when it began to move */
	bool live;
	bool keep;		/* the source's files stay */
	int receiver;		/* the process that receives, or 0 */
};

/* State JOURNAL_NONE, and success, if there is none. */
int journal_read(uint32_t ctid, struct journal *j);
void journal_free(struct journal *j);
/*
 * On disk when this returns 0. EXIT_CONF_SAVE or EXIT_SYSTEM: this or the old one counts, as
 * journal_read() says until the host loses its power, and nobody knows after that.
 */
int journal_write(uint32_t ctid, const struct journal *j);
/* What journal_read() finds is on disk when this returns 0; EXIT_SYSTEM. */
int journal_sync(uint32_t ctid);
int journal_remove(uint32_t ctid);

/*
 * Before a note of another attempt takes its place: one that a source may yet ask for is kept
 * aside, the last few of them, on disk when this returns 0. And what it said, JOURNAL_NONE if it
 * is not there.
 */
int journal_keep(uint32_t ctid);
enum journal_state journal_kept(uint32_t ctid, const char *id);

/*
 * Whether it ran when it began to move no longer counts: it is ours and runs again, or is about to
 * be stopped or destroyed. Nothing but a warning comes of errors.
 */
void journal_forget_running(uint32_t ctid);

/* EXIT_LOCKED, and why, if the container is not to be touched here. */
int journal_refuses(uint32_t ctid);

/* Those there is a journal of; free() *ids. */
void journal_list(uint32_t **ids, size_t *count);

#define cleanup_journal	cleanup(journal_free)

#endif
