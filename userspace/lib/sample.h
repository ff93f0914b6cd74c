/* SPDX-License-Identifier: GPL-2.0-only */
/* Sample configurations: SYSCONFDIR/conf/ve-NAME.conf-sample. */
#ifndef CLOISON_SAMPLE_H
#define CLOISON_SAMPLE_H

#include <stdbool.h>

#include "conf.h"

/* EXIT_BAD_VALUE if there is no such sample, or it cannot be read. */
int sample_load(const char *name, struct conf **conf);

/* What a new container begins with; @name may be NULL, which is nothing. */
int sample_begin(const char *name, struct conf **conf);

/* False: @key is of what makes a container the one it is. */
bool sample_takes(const char *key);

/* Leave out what limits space and files. */
void sample_drop_disk(struct conf *sample);

/*
 * Put what sample @from says into @to, except what makes a container the one it
 * is: its files, name, addresses and template.
 */
void sample_apply(const struct conf *from, const char *name, struct conf *to);

#endif
