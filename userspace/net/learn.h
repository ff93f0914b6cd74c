/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a container's MAC addresses are, for switches that believe them elsewhere. */
#ifndef CLOISON_LEARN_H
#define CLOISON_LEARN_H

#include <stdint.h>

/* Of all interfaces in bridges, as best as can be. */
void learn_announce(uint32_t id);

#endif
