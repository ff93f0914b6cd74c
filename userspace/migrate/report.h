/* SPDX-License-Identifier: GPL-2.0-only */
/* How a migration goes, for who waits for it, and what it took. */
#ifndef CLOISON_MIGRATE_REPORT_H
#define CLOISON_MIGRATE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPORT_STEPS	32

/* One after the other; those of the same name are rounds. */
struct report_step {
	const char *name;
	int64_t ms;
	uint64_t bytes;
	bool down;	/* the container does not run meanwhile */
};

struct report {
	const char *host;
	uint32_t ctid;
	int64_t begun, step_begun;	/* now_ms() */
	uint64_t bytes_before;
	struct report_step steps[REPORT_STEPS];
	size_t count;
};

struct channel;

void report_begin(struct report *r, const char *host, uint32_t ctid);
/* The next step begins, and the one before has ended; NULL: that was the last. */
void report_step(struct report *r, const struct channel *ch, const char *name, bool down);
/* At the end, @steps one by one too. */
void report_print(const struct report *r, bool steps);
/* For programs, also of what came to nothing: @status, with the error noted. EXIT_SYSTEM. */
int report_json(const struct report *r, int status, bool live);
/* For a channel's progress. */
void report_progress(const struct report *r, const struct channel *ch);

#endif
