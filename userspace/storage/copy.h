/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copies of files as they are on the host: owners, modes, ACLs, all attributes, links, holes;
 * where the file system can share blocks (xfs, btrfs), it does.
 */
#ifndef CLOISON_COPY_H
#define CLOISON_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "container.h"

/* From one private area, or what looks like one, to another. */
struct copy {
	const char *from, *to;
	uint32_t from_base, to_base;	/* ids of the files begin there, and are to begin there */
	const struct container *ct;	/* whose lock is held */
	bool counted;			/* the copy belongs to the project of that one */
	int status;			/* of failures */
};

/*
 * The directory @name into one of that name, which is there and empty. The files stand still: the
 * programs of the container are frozen, or there are none.
 */
int copy_tree(const struct copy *copy, const char *name);

/* A single file. */
int copy_file(const char *from, const char *to, int lock, int status);

#endif
