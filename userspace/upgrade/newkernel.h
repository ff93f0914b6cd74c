/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel that is installed, for the host to boot into. */
#ifndef CLOISON_NEWKERNEL_H
#define CLOISON_NEWKERNEL_H

#include "cleanup.h"

struct newkernel {
	char *version;	/* as uname -r will say */
	char *image;
	char *initrd;	/* NULL: none */
};

/*
 * @wanted is a version, the path of an image, or NULL for the newest there is, which must be
 * newer than what runs. EXIT_BAD_VALUE, EXIT_KERNEL with what to do.
 */
int newkernel_find(const char *wanted, struct newkernel *kernel);
void newkernel_free(struct newkernel *kernel);

/*
 * Can it take over the containers of this one? Its modules and ours must be installed, and it
 * must be able to restore. EXIT_KERNEL.
 */
int newkernel_check(const struct newkernel *kernel);

/* Names of our modules that are loaded, with blanks between; to be freed. */
char *newkernel_modules(void);

#define cleanup_newkernel	cleanup(newkernel_free)

#endif
