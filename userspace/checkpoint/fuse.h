/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * File systems by FUSE that a process of the container's answers for. CRIU does not dump them; and
 * while that process is stopped with all others, whoever looks there waits without end, as
 * CRIU's code in a process may have to.
 */
#ifndef CLOISON_FUSE_H
#define CLOISON_FUSE_H

#include <stdint.h>

/* EXIT_PAUSE if one is mounted in it that the host has not mounted too. */
int fuse_check(uint32_t id);

#endif
