/* SPDX-License-Identifier: GPL-2.0-only */
/* OpenVZ's beancounters: names, order, and what the configuration says of them. */
#ifndef CLOISON_BEANCOUNTERS_H
#define CLOISON_BEANCOUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "acct.h"
#include "conf.h"

struct params;

/* In OpenVZ's order; NULL beyond the last one. */
const char *beancounter_name(size_t index, uint32_t *resource);

/* p: pages, b: bytes, n: a number */
char beancounter_unit(size_t index);

/*
 * Tells the module what is configured, for container @id, which is registered, and has those
 * limits held that can be: of all it has if that is before its first process. Without the
 * module nothing happens, but that a limit which it has to hold loads it, if cloison.conf
 * does not forbid that. Pairs that make no sense are passed over, and so are those that are not
 * among @only, if that is given.
 */
int beancounters_apply(uint32_t id, const struct conf *conf, const struct params *only);

/*
 * The first of the limits in @conf that a program would have to hold, and none does, by
 * what the module says of the container; by NULL none does. NULL if all are held.
 */
const char *beancounters_unheld(const struct conf *conf, const struct acct_container *acct);

#endif
