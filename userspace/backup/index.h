/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What there is of files: for each its kind, inode, time of change and path. By two of them one
 * knows what has changed, and by one what is not to be there.
 *
 * tar has something of its own for that (--listed-incremental), and takes directories that were
 * renamed for such; but what it writes then of several it cannot unpack.
 */
#ifndef CLOISON_BACKUP_INDEX_H
#define CLOISON_BACKUP_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct text {
	char *data;
	size_t len;
};

void text_free(struct text *text);

#define cleanup_text	cleanup(text_free)

/*
 * Bytes of a list, which is in memory up to five times: of some three million files; and what there
 * may be in a backup of our own, as there was once more.
 */
#define INDEX_MAX	((size_t)256 << 20)
#define INDEX_MAX_OWN	((size_t)1 << 30)

/*
 * Programs of the host's, shut in as root of the ids from @base on. @mnt, a detached mount, is
 * where they work, and is used up. All return an exit status, @status for failures of theirs.
 */
struct place_of_files {
	int (*mount)(void *arg);	/* such a mount; -1 and an error */
	void *arg;
	uint32_t base;
	int status;
	size_t most;			/* bytes they may print */
};

/*
 * A pattern, to be freed, that matches what has a longer path than programs can be given: nobody
 * could unpack it. find(1) and tar(1) go no deeper there.
 */
char *index_too_long(void);

/*
 * What there is, but for what is in /dev. *@left_out: of so many a path was too long, with all
 * below each of them; a warning has said so.
 */
int index_make(const struct place_of_files *place, struct text *index, size_t *left_out);

/* As it is in a backup. */
int index_pack(const struct place_of_files *place, const struct text *index, struct text *packed);
int index_unpack(const struct place_of_files *place, const struct text *packed,
		 struct text *index);

/*
 * The files of @now that are as they were in @then, and have not changed since @since (seconds)
 * either: a list for tar's --exclude-from.
 */
int index_unchanged(const struct text *now, const struct text *then, int64_t since,
		    struct text *list);

/* Remove what is not in @index, or of another kind. */
int index_remove_others(const struct place_of_files *place, const struct text *index);

#endif
