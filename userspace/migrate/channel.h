/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The line between the two hosts: frames over the input and output of one ssh(1).
 *
 *	length 4 bytes, type 4 bytes (both big endian), content
 *
 * Requests and replies are JSON objects: the source asks, the target answers, one by
 * one. Between them data may flow in both directions, until both have said END.
 */
#ifndef CLOISON_MIGRATE_CHANNEL_H
#define CLOISON_MIGRATE_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "../lib/json.h"

/* Raised when an old version could take a message for something else, or for less. */
#define CHANNEL_PROTOCOL	3
/* What is spoken still: with a host that only knows an older one, all is as that has it. */
#define CHANNEL_OLDEST		3

struct channel {
	int in, out;
	const char *peer;	/* for messages */
	/* nothing more can be said or heard; a handler of signals may say so */
	bool broken;
	/* ms that requests and replies may not move, nor what the peer is to take; 0: any */
	int patience;
	bool urgent;		/* nor may a tunnel be still for so long, for whatever reason */
	uint64_t sent, received;	/* bytes */
	uint64_t rate;		/* bytes/s at most, 0: any */
	double credit;		/* of them, see pace() */
	int64_t paced;		/* now_ms() */
	/* called now and then while data flows; may be NULL */
	void (*progress)(struct channel *ch);
};

/* Take both descriptors over. */
void channel_open(struct channel *ch, int in, int out, const char *peer);
void channel_close(struct channel *ch);

/* All return 0, or MIGRATE_CONNECT when the line is broken. Bodies are let go of. */
int channel_ask(struct channel *ch, const char *verb, json_t *body);
int channel_answer(struct channel *ch, int status, const char *text, json_t *body);
/* The next request; *@verb points into *@body, which the caller lets go of. */
int channel_hear(struct channel *ch, const char **verb, json_t **body);
/* Its answer: 0 and *@body (may be NULL), or the status over there with its text. */
int channel_wait(struct channel *ch, json_t **body);
/* channel_ask() and channel_wait(). */
int channel_call(struct channel *ch, const char *verb, json_t *body, json_t **reply);

/*
 * Pass on what comes from @from to the other side, whose channel_tunnel() writes it to
 * its @to, and the reverse, until one side's @from has ended: that side says END, and the
 * other does too. Both may be -1: ended already. Closes both.
 */
int channel_tunnel(struct channel *ch, int from, int to);

#endif
