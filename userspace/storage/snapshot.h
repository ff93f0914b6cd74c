/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Snapshots of containers, beside the private area, so that they are neither counted as the
 * container's, nor seen by it:
 *
 *	PRIVATE.snapshots/{UUID}/	like a private area, each a copy of its own:
 *		fs, overlay or image	the files
 *		info			JSON: name, description, date, ids, ancestors
 *		conf			the configuration, if it is part of it
 *		state			the memory, if it is part of it
 *		fresh			see private.h
 *	PRIVATE.snapshots/.{UUID}/	half made or half removed
 *	PRIVATE/current			the snapshot that the files come from, and its ancestors
 *
 * As all ancestors are written down, the next one that is left is the parent, and who removes
 * one has nothing else to change. Callers hold the container's lock, but to read.
 */
#ifndef CLOISON_SNAPSHOT_H
#define CLOISON_SNAPSHOT_H

#include <jansson.h>

#include "container.h"

#define SNAPSHOT_UUID_SIZE	39

/* In the private area. */
#define SNAPSHOT_CURRENT	"current"

struct snapshot {
	char uuid[SNAPSHOT_UUID_SIZE];	/* in braces */
	char *dir;
	json_t *info;
	bool memory;
};

struct snapshots {
	struct snapshot *list;		/* by date */
	size_t count;
	char *current;			/* or NULL */
};

int snapshots_read(const struct container *ct, struct snapshots *all);
void snapshots_free(struct snapshots *all);
#define cleanup_snapshots	cleanup(snapshots_free)

/* @uuid as people write it, with braces or without, or a name. NULL: there is none, or more. */
const struct snapshot *snapshots_find(const struct snapshots *all, const char *uuid);
/* Read them and find one, or @status. */
int snapshots_choose(const struct container *ct, const char *uuid, int status,
		     struct snapshots *all, const struct snapshot **s);
/* NULL: it has none. */
const char *snapshots_parent(const struct snapshots *all, const struct snapshot *s);

const char *snapshot_text(const struct snapshot *s, const char *key);
/* The ids that its files have, where they begin; @otherwise if it does not say so. */
uint32_t snapshot_base(const struct snapshot *s, uint32_t otherwise);
/* Seconds since 1970. */
int64_t snapshot_date(const struct snapshot *s);

/* EXIT_BAD_VALUE */
int snapshot_uuid(const char *text, char uuid[SNAPSHOT_UUID_SIZE]);
void snapshot_new_uuid(char uuid[SNAPSHOT_UUID_SIZE]);

struct snapshot_request {
	const char *uuid, *name, *description;	/* the latter two may be NULL */
	bool skip_suspend, skip_config;
};

/*
 * All or nothing, on disk when this returns 0. One that runs goes on, also after errors.
 * EXIT_SNAPSHOT, EXIT_PAUSE if its memory cannot be taken.
 */
int snapshot_create(const struct container *ct, const struct snapshot_request *r);
/* EXIT_SNAPSHOT_DELETE */
int snapshot_delete(const struct container *ct, const struct snapshot *s);

/* What was cut off, of these two. */
bool snapshots_unfinished(const struct container *ct);
int snapshots_clear(const struct container *ct);

/* Where they are; to be freed. */
char *snapshots_dir(const struct container *ct);
/* All of them, with the container. */
int snapshots_destroy(const struct container *ct);
/* For commands that cannot be with snapshots: @status. Else 0. */
int snapshots_refuse(const struct container *ct, int status);

/*
 * The container becomes what it was: its files, and its configuration unless @skip_config, but
 * for what is its place on the host. With @resume it is suspended then if the snapshot has
 * memory. It does not run any more when its files change, in one step. EXIT_SNAPSHOT_SWITCH.
 */
int snapshot_switch(struct container *ct, const struct snapshot *s, bool skip_config,
		    bool resume);
/* A switch whose step was done, and not what comes after it. */
bool snapshot_switched(const struct container *ct);
int snapshot_settle(struct container *ct);

/* Its files on the directory @target, for reading only. EXIT_SNAPSHOT_MOUNT, -UMOUNT. */
int snapshot_mount(const struct container *ct, const struct snapshot *s, const char *target);
int snapshot_umount(const struct container *ct, const struct snapshot *s);
/* Where; to be freed. NULL: nowhere. */
char *snapshot_mounted(const struct container *ct, const struct snapshot *s);

#endif
