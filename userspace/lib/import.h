/* SPDX-License-Identifier: GPL-2.0-only */
/* Templates from elsewhere: archives of root file systems, and images (oci.h). */
#ifndef CLOISON_IMPORT_H
#define CLOISON_IMPORT_H

#include <stdbool.h>

struct import {
	const char *from;	/* a file or a directory, "-": standard input */
	const char *sum;	/* the SHA-256 that the file must have, or NULL */
	bool replace;		/* what has that name already */
};

/*
 * EXIT_BAD_VALUE if there is a template of that name, EXIT_BAD_TEMPLATE if this is none: nothing
 * changes then. It warns of what create could make, and start not run.
 */
int template_import(const char *name, const struct import *import);

#endif
