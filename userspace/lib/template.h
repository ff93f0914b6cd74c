/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Templates: archives of root file systems, TEMPLATE/cache/NAME.tar[.zst|.xz|.gz|.bz2],
 * and the recipes that build them, DATADIR/templates/NAME/build.
 */
#ifndef CLOISON_TEMPLATE_H
#define CLOISON_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "room.h"

struct template {
	char *name;
	char *archive;		/* its path, NULL: only a recipe */
	uint64_t size;		/* bytes */
	time_t built;
	bool recipe;
};

/* All templates by name; to be freed with template_list_free(). */
int template_list(struct template **list, size_t *count);
void template_list_free(struct template *list, size_t count);

/* The archive of @name, to be freed; EXIT_NO_TEMPLATE if there is none. */
int template_find(const char *name, char **archive);

int template_build(const char *name);
/* Read it all; EXIT_BAD_TEMPLATE if it is not what its checksum says. */
int template_verify(const char *name, bool *known);
int template_remove(const char *name);

/* Call @found for each build that was cut off and left something; and remove that. */
void template_unfinished(void (*found)(const char *name, void *arg), void *arg);
int template_clear(const char *name);

/*
 * Unpack @archive into the directory @dir with tar(1), which runs as root of a
 * user namespace whose ids begin at @base: files get the container's ids, nothing
 * that belongs to a user of the host can be written to, whatever a hostile archive
 * makes of tar, and no device node can be made. EXIT_BAD_TEMPLATE before that if it is
 * not what its checksum says; EXIT_NO_SPACE if no @room is left, NULL: that does not matter.
 */
int template_unpack(const char *archive, const char *dir, uint32_t base, const struct room *room);
/* The same into a detached mount, on which the files' ids may be others. */
int template_unpack_in(const char *archive, int mnt, uint32_t base, const struct room *room);

#endif
