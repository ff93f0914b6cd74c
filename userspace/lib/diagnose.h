/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looking at a host: each diagnose_*() looks at one side of it and reports what it
 * found, and for what is not right how to mend it.
 */
#ifndef CLOISON_DIAGNOSE_H
#define CLOISON_DIAGNOSE_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

enum verdict {
	FINDING_OK,
	FINDING_HINT,	/* containers run, but something is missing or could be better */
	FINDING_BAD,	/* they cannot run */
	FINDING_MENDED,	/* something was wrong */
};

struct finding {
	const char *check;	/* which side, as --json names it */
	enum verdict verdict;
	char *text;
	char *mend;		/* a command or advice, NULL if there is nothing to do */
};

struct findings {
	const char *check;	/* what is being looked at */
	struct finding *list;
	size_t count;
	/* told of each finding at once, if set: some looks take seconds */
	void (*found)(const struct finding *finding);
};

/* Add one; @mend may be NULL and is copied. */
void finding(struct findings *f, enum verdict as, const char *mend, const char *fmt, ...)
	__printf(4, 5);
/* The noted error of fail() as one, and forget it. */
void finding_error(struct findings *f, enum verdict as, const char *mend);
void findings_free(struct findings *f);

void diagnose_kernel(struct findings *f);
void diagnose_cgroups(struct findings *f);
void diagnose_modules(struct findings *f);
void diagnose_programs(struct findings *f);
void diagnose_criu(struct findings *f);
void diagnose_settings(struct findings *f);
void diagnose_configuration(struct findings *f);
void diagnose_templates(struct findings *f);
void diagnose_containers(struct findings *f);
void diagnose_upgrade(struct findings *f);

#endif
