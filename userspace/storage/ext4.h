/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ext4 file systems that are a container's alone, what the layouts image and block have in
 * common. Their files have the ids 0..65535, which the mount maps: they can be taken anywhere
 * as they are. All sizes are in bytes.
 */
#ifndef CLOISON_EXT4_H
#define CLOISON_EXT4_H

#include <stdbool.h>
#include <stdint.h>

#include "container.h"
#include "layout.h"

#define EXT4_BLOCK	4096

/* What DISKSPACE says, rounded; 0: nothing. EXIT_BAD_VALUE: no room for its own tables. */
int ext4_size_wanted(const struct disk_limits *limits, uint64_t *size);

struct ext4_wish {
	uint64_t size;
	uint64_t inodes;	/* 0: as mkfs.ext4 thinks fit */
	const char *uuid;	/* NULL: any */
	bool sparse;		/* what is in @path is nothing yet */
	bool users;		/* count what each user and group has */
};

/* Make one in @path. EXIT_CREATE_IMAGE. */
int ext4_make(const struct container *ct, const char *path, const struct ext4_wish *wish);

/*
 * A detached mount of what is on @device, with ids from @base on; with @discard what is deleted
 * is given back at once. -1 and an error, which calls it @what.
 */
int ext4_mount(const char *device, const char *what, bool discard, uint32_t base);

/* Unpack a template into such a mount. On disk when this returns 0. */
int ext4_unpack(int mnt, const char *what, const char *archive, uint32_t base);

/* Its root directory, where it is mounted or, for a moment, nowhere; -1 and an error. */
int ext4_open(const struct container *ct);

/*
 * Extend the one with that root, in one step that a power cut cannot halve, and whether it is
 * in use or not. 0, or -1 and errno.
 */
int ext4_grow(int root, uint64_t size);

/* Of the one on the device @fd; 0 if it cannot be read. */
uint64_t ext4_size(int fd);

/* Was it made to count what each user and group has? @fd is its device or image. */
bool ext4_counts_users(int fd);

bool ext4_usage(const struct container *ct, struct disk_usage *usage);

/*
 * Make that in the file or on the device @path smaller, which nobody uses. It is lost if this
 * is cut off: @path is a copy. EXIT_RESIZE_IMAGE.
 */
int ext4_shrink(const char *path, uint64_t size, int lock);

#endif
