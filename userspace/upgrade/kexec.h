/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loading a kernel that the shutdown ends in, kexec_file_load(2): by the system call, as it
 * is one line, and who has no kexec-tools needs none: systemd does without them too.
 */
#ifndef CLOISON_KEXEC_H
#define CLOISON_KEXEC_H

#include <stdbool.h>

#include "newkernel.h"

/* With the command line of the one that runs. EXIT_KERNEL with what to do. */
int kexec_load_kernel(const struct newkernel *kernel);
/* Is one loaded, by whomever? */
bool kexec_loaded(void);
/* Does nothing if none is. */
void kexec_unload(void);

#endif
