/* SPDX-License-Identifier: GPL-2.0-only */
/* What layouts share that keep files in a directory of the host's, ct->fs. See layout.h. */
#ifndef CLOISON_DIR_H
#define CLOISON_DIR_H

#include "container.h"
#include "copy.h"
#include "layout.h"

int dir_resize(const struct container *ct);
bool dir_usage(const struct container *ct, struct disk_usage *usage);
const char *dir_unenforced(const struct container *ct);
void dir_unlimit(const struct container *ct, const char *dir);
/* An empty directory @dir for a copy. */
int dir_make(const struct copy *c, const char *dir);

#endif
