/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Limits that the kernel's controllers do not know: BPF programs at the hooks of its
 * security modules, which ask cloison_acct.ko and refuse. See Documentation/acct.rst.
 */
#ifndef CLOISON_ENFORCE_H
#define CLOISON_ENFORCE_H

#include <stdbool.h>
#include <stdint.h>

/* Is there a program for it? */
bool enforce_can(uint32_t resource);

/*
 * Why this kernel cannot have them, NULL if it can, as far as is seen from outside. The
 * module cloison_acct must be loaded.
 */
const char *enforce_missing(void);

/*
 * From now on the limit of @resource is held for container @id, which is registered, and
 * whose user ids begin with @base. It is the module that keeps the programs: nothing of
 * this is the tool's, and nothing need be undone. Once is enough for a container, more
 * does no harm. To be called before its first process, if it can be, be that
 * started or restored. 0 or an exit status with the error noted.
 */
int enforce(uint32_t id, uint32_t base, uint32_t resource);

#endif
