/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Do the beancounters of a configuration fit together? The rules are those of
 * OpenVZ's vzcfgvalidate(8); a configuration that limits memory by PHYSPAGES
 * (VSwap) needs none of them.
 */
#ifndef CLOISON_VALIDATE_H
#define CLOISON_VALIDATE_H

#include <stdbool.h>

#include "conf.h"

/*
 * Look at all parameters, print what is wrong, and with @repair change @conf so
 * that it is right. Recommendations are printed with @verbose only. Returns the
 * number of errors that are left.
 */
unsigned int validate_conf(struct conf *conf, bool repair, bool recommend);

#endif
