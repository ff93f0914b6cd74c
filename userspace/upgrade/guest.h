/* SPDX-License-Identifier: GPL-2.0-only */
/* A running container when its host is to be upgraded. */
#ifndef CLOISON_GUEST_H
#define CLOISON_GUEST_H

#include <stdint.h>

/*
 * Can it be suspended now, as far as can be seen before? Else why not; EXIT_NOT_RUNNING: it
 * has ended meanwhile. What a command left that was cut off is settled, nothing else changes.
 */
int guest_possible(uint32_t id);

/* What its state may take on disk, at most, and as much again while it is packed. */
uint64_t guest_size(uint32_t id);

#endif
