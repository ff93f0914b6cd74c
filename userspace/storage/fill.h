/* SPDX-License-Identifier: GPL-2.0-only */
/* A layout's files that come from elsewhere than a template. */
#ifndef CLOISON_FILL_H
#define CLOISON_FILL_H

#include "container.h"
#include "layout.h"

/* Put them into @mnt, a detached mount of @ct's files. An exit status. */
typedef int (*fill_copy)(const struct container *ct, int mnt, void *arg);

/*
 * Make files of @ct's in @layout, in the private area @dir, which stands for its own
 * meanwhile, and have @copy fill them. @archive: the template below an overlay, else NULL. On
 * disk when this returns 0; the caller clears away what an error leaves.
 */
int fill_layout(const struct container *ct, const struct layout *layout, const char *dir,
		const char *archive, fill_copy copy, void *arg);

#endif
