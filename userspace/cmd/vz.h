/* SPDX-License-Identifier: GPL-2.0-only */
/* What OpenVZ's small tools share. */
#ifndef CLOISON_CMD_VZ_H
#define CLOISON_CMD_VZ_H

#include "../lib/listed.h"

/* Call @each for every running container, by id; stops at the first error. */
int vz_each_running(int (*each)(struct listed *l, void *arg), void *arg);

#endif
