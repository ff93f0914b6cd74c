/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What of root's power a container's root has: capabilities(7) of its own user
 * namespace, so none of them reaches the host.
 */
#ifndef CLOISON_CAPABILITY_H
#define CLOISON_CAPABILITY_H

#include <stdint.h>

#include "conf.h"

/*
 * The value of CAPABILITY after "NAME:on,NAME:off" was said; to be freed. NULL
 * if @arg names no capability, or says something else than on and off.
 */
char *capability_merge(const char *arg, const char *old);

/*
 * The capabilities the container's processes must not have, a bit for each:
 * those not needed by default, and what CAPABILITY changes about that.
 * EXIT_BAD_VALUE names the bad word.
 */
int capability_dropped(const struct conf *conf, uint64_t *dropped);

#endif
