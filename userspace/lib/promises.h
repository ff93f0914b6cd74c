/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What images may still take of the host's disks. They are sparse: more may be promised than
 * there is.
 */
#ifndef CLOISON_PROMISES_H
#define CLOISON_PROMISES_H

#include <stddef.h>

struct container;
struct findings;
struct promise;

struct promises {
	struct promise *list;	/* one for each file system */
	size_t count;
};

void promises_add(struct promises *all, const struct container *ct);
/* Where there is less than was promised; frees them. */
void promises_report(struct promises *all, struct findings *f);

#endif
