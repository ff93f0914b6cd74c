/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a container's files are kept, VE_LAYOUT:
 *
 *	dir, simfs	PRIVATE/fs		a directory, owned by the container's ids
 *	overlay		PRIVATE/overlay		what differs from a shared tree (tree.h)
 *	image, ploop	PRIVATE/image		ext4, or xfs, in a file, on a loop device
 *	block		PRIVATE/block		says which device has it (block.h)
 *
 * What is in the private area says which; the line of the configuration is for people,
 * and for create. A mount holds all there is in the kernel: with the last one go overlay
 * and loop device, whoever was killed meanwhile. Callers hold the container's lock.
 */
#ifndef CLOISON_LAYOUT_H
#define CLOISON_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf.h"

struct container;
struct copy;

/*
 * What DISKSPACE (in KiB), DISKINODES, QUOTATIME (seconds) and QUOTAUGIDLIMIT say; 0: nothing.
 */
struct disk_limits {
	uint64_t space_soft, space_hard;
	uint64_t inodes_soft, inodes_hard;
	uint64_t grace;
	bool at_once;	/* no grace: the soft limits are hard */
	bool users;	/* users and groups have quotas of their own, see users.h */
};

struct disk_usage {
	uint64_t space, inodes;		/* KiB */
};

struct layout {
	const char *name, *alias;
	const char *files;	/* its name in the private area */
	/*
	 * NULL, or for a file system of their own: is it the one with the number @dev, which is
	 * mounted?
	 */
	bool (*own_fs)(const struct container *ct, dev_t dev);
	/*
	 * Unpack the template @archive into the private area @dir, which is the container's
	 * while it is being created; or, with NULL (an overlay needs one), nothing. The caller
	 * clears away what is left after an error.
	 */
	int (*create)(const struct container *ct, const char *dir, const char *archive);
	/* A detached mount of the files, with the container's ids; -1 and an error. */
	int (*mount)(const struct container *ct);
	/* To what the configuration limits, mounted or not; what can be set now is. */
	int (*resize)(const struct container *ct);
	/* False: it is not known. */
	bool (*usage)(const struct container *ct, struct disk_usage *usage);
	/* Why limits are recorded only, NULL if they hold. */
	const char *(*unenforced)(const struct container *ct);
	/*
	 * Forget the limits of what is, or was, in the private area @dir; the next mount sets
	 * them again. NULL: they are part of it.
	 */
	void (*unlimit)(const struct container *ct, const char *dir);
	/*
	 * See copy.h. The caller clears away what is left after an error, and writes to disk.
	 * NULL: that is not for us to do.
	 */
	int (*copy)(const struct copy *copy);
	/* NULL, or what belongs to the private area @dir and is not in it: see layout_discard() */
	void (*discard)(const char *dir);
};

extern const struct layout layout_dir, layout_overlay, layout_image, layout_block;

/*
 * VE_LAYOUT="ploop:expanded" is still ploop, as is "image:xfs" (see fs.h). NULL if there is none
 * of that name.
 */
const struct layout *layout_named(const char *name);

/*
 * "dir", or "image:xfs": without aliases, and what goes without saying. To be freed. Of a name,
 * NULL if there is none of that; and of what there is in a private area.
 */
char *layout_plain(const char *name);
char *layout_label(const char *private);

/* VE_LAYOUT, where that would be another. */
void layout_note(struct conf *conf, const char *label);

/* By what there is in a private area; dir if there is nothing. */
const struct layout *layout_of(const char *private);

/* The private area @dir is about to be removed. Nothing keeps it from that. */
void layout_discard(const char *dir);

/* Copies of that one's files can be made; @status. */
int layout_check_copy(const struct layout *layout, uint32_t id, int status);

/* EXIT_BAD_VALUE */
int disk_limits_read(const struct conf *conf, struct disk_limits *limits);

/* Why the limits that the configuration has are recorded only; NULL: they hold, or it has none. */
const char *disk_unlimited(const struct container *ct);

/* Why there are no quotas of its users, though the configuration wants them; NULL. */
const char *disk_users_unlimited(const struct container *ct);

#endif
