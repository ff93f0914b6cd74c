/* SPDX-License-Identifier: GPL-2.0-only */
/* Timers that CRIU restores as ones that are off. */
#ifndef CLOISON_TIMERFD_H
#define CLOISON_TIMERFD_H

#include <stdint.h>

/* Container @id's, which is restored and frozen, are set again. */
void timerfd_rearm(uint32_t id);

#endif
