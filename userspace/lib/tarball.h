/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Archives from anywhere, by a tar(1) that is shut in (shut_in.h): its ids begin at @base, and it
 * works in the detached mount @mnt, which is used up by that, or in one of the directory @dir.
 * They are open files, read from their beginning.
 */
#ifndef CLOISON_TARBALL_H
#define CLOISON_TARBALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "room.h"

struct tarball_format {
	const char *suffix, *option;	/* what tar must be told, or NULL */
	size_t at, length;
	const char *magic;		/* what is there in the file */
};

#define TARBALL_FORMATS	5
extern const struct tarball_format tarball_formats[TARBALL_FORMATS];

/* By the end of its name, and by what is in it; NULL: none of these. */
const struct tarball_format *tarball_named(const char *file);
const struct tarball_format *tarball_format(int fd);

/*
 * What is in /dev is left out; of a @layer (oci.h) its whiteouts, too. EXIT_BAD_TEMPLATE;
 * EXIT_NO_SPACE if no @room is left, NULL: that does not matter.
 */
int tarball_unpack(int fd, const struct tarball_format *format, int mnt, uint32_t base,
		   const char *name, bool layer, const struct room *room);

/* Call @found for each path in it: reads all, EXIT_BAD_TEMPLATE if that cannot be done. */
int tarball_list(int fd, const struct tarball_format *format, const char *dir, uint32_t base,
		 void (*found)(const char *path, void *arg), void *arg);

/* Run @argv, which reads it on its standard input. EXIT_BAD_TEMPLATE if that fails. */
int tarball_run(int fd, const char *dir, uint32_t base, const char *const argv[]);

/* Pack what is in @below of @dir into the file @to, compressed by zstd. EXIT_NO_SPACE as above. */
int tarball_pack(const char *dir, uint32_t base, const char *below, int to,
		 const struct room *room);

#endif
