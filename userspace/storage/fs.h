/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * File systems that are a container's alone, what the layouts image and block have in common.
 * Their files have the ids 0..65535, which the mount maps: they can be taken anywhere as they
 * are. All sizes are in bytes.
 */
#ifndef CLOISON_FS_H
#define CLOISON_FS_H

#include <stdbool.h>
#include <stdint.h>

#include "container.h"
#include "layout.h"

#define FS_BLOCK	4096

struct fs_type;

struct fs_wish {
	const struct fs_type *type;
	uint64_t size;
	uint64_t inodes;	/* 0: as its mkfs thinks fit */
	const char *uuid;	/* NULL: any */
	bool sparse;		/* what is in @path is nothing yet */
	bool users;		/* count what each user and group has */
};

struct fs_type {
	const char *name;
	uint64_t least;		/* that it can be made with */
	bool counts_files;	/* there is room for so many of them from the beginning */
	/* One in @path. EXIT_CREATE_IMAGE. */
	int (*make)(const struct container *ct, const char *path, const struct fs_wish *wish);
	/*
	 * A detached mount of what is on @device, with its own ids; -1 and errno. What is wrong
	 * with it is mended first, and said of @what.
	 */
	int (*mount)(const char *device, const char *what, bool discard);
	/*
	 * Extend the one with that root, in one step that a power cut cannot halve, and whether it
	 * is in use or not. 0, or -1 and errno.
	 */
	int (*grow)(int root, uint64_t size);
	/*
	 * Make that in the file or on the device @path smaller, which nobody uses. It is lost if
	 * this is cut off: @path is a copy. EXIT_RESIZE_IMAGE. NULL: it cannot be.
	 */
	int (*shrink)(const char *path, uint64_t size, int lock);
	/* Can it count what each user and group has? @fd is its device or image. */
	bool (*counts_users)(int fd);
};

extern const struct fs_type fs_ext4, fs_xfs;

/* What VE_LAYOUT="image:xfs" asks for; ext4 if it does not say. */
const struct fs_type *fs_type_named(const char *layout);
/* What there is. */
const struct fs_type *fs_type_of(int fd);
const struct fs_type *fs_type_in(const char *path);

/* What DISKSPACE says, rounded; 0: nothing. EXIT_BAD_VALUE: no room for its own tables. */
int fs_size_wanted(const struct fs_type *type, const struct disk_limits *limits, uint64_t *size);

/*
 * A detached mount of what is on @device, with ids from @base on; with @discard what is deleted
 * is given back at once. -1 and an error, which calls it @what.
 */
int fs_mount(const char *device, const char *what, bool discard, uint32_t base);

/* Unpack a template into such a mount. On disk when this returns 0. */
int fs_unpack(int mnt, const char *what, const char *archive, uint32_t base);

/* Its root directory, where it is mounted or, for a moment, nowhere; -1 and an error. */
int fs_open(const struct container *ct);

/* See fs_type. */
int fs_grow(int root, uint64_t size);

/* Of the ext4 on the device @fd; 0 if it cannot be read. */
uint64_t ext4_size(int fd);

bool fs_usage(const struct container *ct, struct disk_usage *usage);

/* A program of theirs, with its messages of errors only. Its exit status, or -1. */
int fs_run_silently(const char *program, const char *option, const char *path, const char *size,
		    int lock);

#endif
