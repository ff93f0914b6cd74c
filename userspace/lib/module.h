/* SPDX-License-Identifier: GPL-2.0-only */
/* Modules of the host's kernel. */
#ifndef CLOISON_MODULE_H
#define CLOISON_MODULE_H

#include <stdbool.h>

/*
 * Load it if it is not there, and wait for who is loading it now. @name may be an alias,
 * @parameter one KEY=VALUE or NULL, which counts only if it was not there. False: it cannot be;
 * only what is wrong with one that was found is said.
 */
bool module_load(const char *name, const char *parameter);

#endif
