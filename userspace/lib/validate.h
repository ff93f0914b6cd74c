/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Do the beancounters of a configuration fit together? The rules are those of
 * OpenVZ's vzcfgvalidate(8); a configuration that limits memory by PHYSPAGES
 * (VSwap) needs none of them.
 */
#ifndef CLOISON_VALIDATE_H
#define CLOISON_VALIDATE_H

#include "conf.h"

enum repair { REPAIR_NOTHING, REPAIR_ALL, REPAIR_ASK };

/* As one that limits memory by PHYSPAGES, one that does not, or which it is. */
enum validate_as { VALIDATE_AS_IT_IS, VALIDATE_VSWAP, VALIDATE_BEANCOUNTERS };

/*
 * Look at all parameters, print what is wrong, and change @conf so that it is right: all of
 * it, or what stdin answers with y. Returns the number of errors that are left.
 */
unsigned int validate_conf(struct conf *conf, enum repair repair, enum validate_as as);

#endif
