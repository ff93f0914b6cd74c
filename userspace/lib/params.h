/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The options of create and set that stand for a line of the container's
 * configuration: one table, so that both take the same and mean the same.
 */
#ifndef CLOISON_PARAMS_H
#define CLOISON_PARAMS_H

#include <getopt.h>
#include <stdbool.h>

#include "conf.h"
#include "limits.h"

/* What a running container must be told when a parameter changes: enum limit_bits,
 * and
 */
#define APPLIES_HOSTNAME	(LIMIT_ALL + 1)

/* getopt_long() values of the parameters begin here. */
#define PARAM_FIRST	1000

/* The parameters' options followed by @own, for getopt_long(); to be freed. */
struct option *params_options(const struct option *own);

/*
 * Put option @opt (a value getopt_long() gave) with its argument into @conf.
 * *@applies gets those bits. EXIT_BAD_VALUE names the option
 * and what it takes.
 */
int params_set(struct conf *conf, int opt, const char *arg, unsigned int *applies);

#endif
