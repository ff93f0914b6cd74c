/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * OpenVZ's FEATURES: what of the kernel's optional parts a container has. Network
 * devices of a kind need the kind's modules, which are loaded at start; ppp also
 * needs its device.
 */
#ifndef CLOISON_FEATURES_H
#define CLOISON_FEATURES_H

#include <stdbool.h>

#include "conf.h"

#define FEATURES_TAKES	"sysfs, sit, ipip, ipgre, ppp, bridge or wireguard, each with :on " \
			"or :off (nfs, nfsd: off only)"

/* The value after "NAME:on,NAME:off" was said, to be freed; NULL: bad. */
char *features_merge(const char *arg, const char *old);

bool feature_on(const struct conf *conf, const char *name);

/*
 * Load the modules that the features need; what is unknown or cannot be had is
 * warned of. EXIT_KERNEL if a module cannot be loaded.
 */
int features_load(const struct conf *conf);

#endif
