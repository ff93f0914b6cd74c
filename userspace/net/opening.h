/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TCP connections of a container that are not the programs' yet: being opened from
 * outside, or waiting to be accepted. CRIU has no images of them, and the peer would hear
 * later that there is no such connection.
 */
#ifndef CLOISON_OPENING_H
#define CLOISON_OPENING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Wait until there are none, @ms at most. False if there still are, or nobody can say. */
bool opening_wait(uint32_t id, pid_t init, int ms);

#endif
