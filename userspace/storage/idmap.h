/* SPDX-License-Identifier: GPL-2.0-only */
/* Mounts on which files of the ids 0..65535 are those of a container's users. */
#ifndef CLOISON_IDMAP_H
#define CLOISON_IDMAP_H

#include <stdint.h>

/* The detached mount @mnt, which nobody has seen yet, gets ids that begin at @base. */
int idmap_mount(int mnt, uint32_t base);

/* A detached copy of what is at @path, with that; -1 and an error. */
int idmap_clone(const char *path, uint32_t base);
/* The same for files of a container's ids from @from on: they are those from @to on there. */
int idmap_shift(const char *path, uint32_t from, uint32_t to);

#endif
