/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the host has set up for a container: /run/cloison/net/CTID and @kind, written before
 * it is done, and gone when it is undone. It need not outlive the host's start: neither
 * does what it tells of.
 */
#ifndef CLOISON_NOTE_H
#define CLOISON_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* To be freed; "" if there is none. */
char *note_load(uint32_t id, const char *kind);
/* An empty @text removes it. 0 or EXIT_SYSTEM. */
int note_save(uint32_t id, const char *kind, const char *text);
/* One that was cut off while it was written; and remove it: 0 or EXIT_SYSTEM. */
bool note_unfinished(uint32_t id);
int note_tidy(uint32_t id);
/* The containers that have one; to be freed. */
uint32_t *note_ids(const char *kind, size_t *count);

#endif
