/* SPDX-License-Identifier: GPL-2.0-only */
/* What the target looks at before anything is touched. */
#ifndef CLOISON_MIGRATE_CHECKS_H
#define CLOISON_MIGRATE_CHECKS_H

#include "offer.h"

/* Can the container be here? @ct is its place, locked. A MIGRATE_ status says why not. */
int checks_run(struct container *ct, const struct offer *o);

#endif
