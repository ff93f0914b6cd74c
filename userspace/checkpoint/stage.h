/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The note in /run of what a checkpoint did to a container: written before it is frozen or
 * put on hold, gone after it runs, or is away.
 */
#ifndef CLOISON_STAGE_H
#define CLOISON_STAGE_H

#include <stdint.h>

enum stage {
	STAGE_NONE,
	STAGE_WORK,	/* a command works on it, or was killed: see checkpoint_settle() */
	STAGE_DOOMED,	/* the same, and it must not run */
	STAGE_LEFT,	/* left frozen and on hold, on purpose */
};

enum stage stage_get(uint32_t id);
/* EXIT_SYSTEM */
int stage_set(uint32_t id, enum stage stage);

/*
 * A file beside it, to be freed: what was written of a container that is left frozen, as
 * the mark is to be (suspended.h). It goes with the note.
 */
char *stage_dumped(uint32_t id);
/* The same of the limits that are lifted for the time of a dump, see cgtree.h. */
char *stage_lifted(uint32_t id);
/* It is written, whatever the stage. EXIT_SYSTEM */
int stage_set_lifted(uint32_t id, const char *text);

#endif
