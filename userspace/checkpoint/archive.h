/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file that a suspended container is in: a header of 4096 bytes, lines of text, and
 * after it what checkpoint_pack() writes.
 *
 *	cloison state 1
 *	ctid 101
 *	token 4b1d...	see suspended.h
 *	length 1234	of the rest
 *	sha256 9f2a...	of the rest
 */
#ifndef CLOISON_ARCHIVE_H
#define CLOISON_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

#define TOKEN_SIZE	33

/* Under the temporary name of @path; on disk when this returns 0. EXIT_PAUSE. */
int archive_save(uint32_t id, const char *token, const char *images, const char *path);
/* What is there gets its name, on disk too; on error it is gone. EXIT_PAUSE. */
int archive_name(const char *path);

/*
 * Whole, and of container @id: its token. *@fd is where the stream begins.
 * EXIT_UNPAUSE with what is wrong.
 */
int archive_open(uint32_t id, const char *path, char token[TOKEN_SIZE], int *fd);

/* EXIT_PAUSE if what @path has already is another container's. */
int archive_refuse_other(uint32_t id, const char *path);

/* Is @path the one with that token? No more than its head is looked at. */
bool archive_is(const char *path, const char *token);

/* The temporary name of @path; to be freed. */
char *archive_temporary(const char *path);

#endif
