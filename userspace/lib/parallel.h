/* SPDX-License-Identifier: GPL-2.0-only */
/* Work on several containers at once, in a process for each: one that fails, or
 * hangs, is nothing to the others.
 */
#ifndef CLOISON_PARALLEL_H
#define CLOISON_PARALLEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A child that calls @work and ends with what it returns; the noted error goes to
 * stderr, with the container's number. Its pid, or -1 with the error noted.
 */
pid_t parallel_fork(uint32_t id, int (*work)(uint32_t id, void *arg), void *arg);

/* For each of @ids, at most @width at a time. How many of them failed. */
size_t parallel_run(const uint32_t *ids, size_t count, size_t width,
		    int (*work)(uint32_t id, void *arg), void *arg);
/*
 * The same, and @over(@arg) is asked again and again whether it takes too long: those that are at
 * work then are killed, and have failed.
 */
size_t parallel_run_until(const uint32_t *ids, size_t count, size_t width,
			  int (*work)(uint32_t id, void *arg), bool (*over)(void *arg), void *arg);

#endif
