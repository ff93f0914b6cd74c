/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A backup is one file, and what zstd(1) makes of it is a tar archive of the container's
 * files: `tar --zstd -xf` unpacks it anywhere. Before and after that are frames that zstd
 * skips (RFC 8878, 3.1.2), with JSON:
 *
 *	a frame of nothing	so that programs that look at the first bytes see zstd
 *	head			what it is, with the configuration and the action scripts
 *	index			what there was of files, compressed: index.h
 *	frames			tar's
 *	tail			TAIL_SIZE bytes: SHA-256 of all that is before it
 *
 * A file without its tail is not a backup: it is written last, whatever ends it early.
 */
#ifndef CLOISON_BACKUP_FORMAT_H
#define CLOISON_BACKUP_FORMAT_H

#include <stdint.h>

#include "../lib/json.h"
#include "index.h"
#include "sum.h"

/* Raised when an old version could take a backup for something else, or for less. */
#define FORMAT_VERSION	1

#define ID_MAX		64

struct backup {
	char *path;		/* NULL: it comes as a stream */
	int fd;
	json_t *head;
	json_t *tail;		/* NULL: its end was not seen, or it has none */
	char *start;		/* the bytes of the head */
	size_t start_size;
	uint64_t size;		/* of the file */
};

#define BACKUP_INIT	{ .fd = -1 }

void backup_close(struct backup *b);

#define cleanup_backup	cleanup(backup_close)

/* NULL if the head has none. */
const char *backup_text(const struct backup *b, const char *key);
const char *backup_id(const struct backup *b);
uint32_t backup_ctid(const struct backup *b);
int64_t backup_date(const struct backup *b);
/* The sum that its tail has; "" without one. */
const char *backup_sum(const struct backup *b);

/* Is that a name of a backup, and nothing else? */
bool backup_good_id(const char *id);

/*
 * Read the head of what comes from @fd, which is the backup's from then on. EXIT_RESTORE: it is
 * no backup, or of another version.
 */
int backup_read_head(struct backup *b, int fd, const char *path);

/* The index of a file, packed; the file's position stays. EXIT_RESTORE */
int backup_read_index(const struct backup *b, struct text *packed);

/* Look at the end of a file: b->tail is NULL if it is not there. */
void backup_look_at_tail(struct backup *b);

/*
 * All of it, a stream once, from the start: the sum is compared with that of the tail, and
 * tar's frames are written to @to, unless that is -1. EXIT_RESTORE if it is damaged or cut
 * off, or @to takes no more.
 */
int backup_read(struct backup *b, int to);

/* Write one: head and index, what comes from @from until that ends, and the tail. */
int backup_write_head(int fd, const json_t *head, const struct text *index,
		      struct sum *sum);
int backup_write_data(int fd, int from, struct sum *sum);
int backup_write_tail(int fd, json_t *tail, struct sum *sum);

#endif
