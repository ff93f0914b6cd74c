/* SPDX-License-Identifier: GPL-2.0-only */
/* A container as the host's files describe it. */
#ifndef CLOISON_CONTAINER_H
#define CLOISON_CONTAINER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"
#include "conf.h"
#include "kernel.h"

/* Every container has this many user and group ids of its own. */
#define IDS_PER_CONTAINER	65536U

/* What a command needs of a container's configuration file. */
enum container_need {
	NEED_NOTHING,		/* a bad one is warned of and taken for empty */
	NEED_GOOD_OR_NONE,	/* EXIT_BAD_VALUE for a bad one */
	NEED_CONF,		/* and EXIT_NO_CONF without one */
};

struct layout;

struct container {
	uint32_t id;
	enum container_need need;
	struct conf *conf;	/* NULL: it has no configuration file */
	char *conf_path;
	char *root;		/* where the running container's files appear */
	char *private;		/* what belongs to it on disk: root's, mode 0700 */
	const struct layout *layout;	/* of its files */
	char *fs;		/* what has them, in private: see layout.h */
	int lock;
};

/* Look @arg up, which is a CTID or a name as typed. EXIT_BAD_VALUE if it is neither. What is
 * logged from then on is about that one.
 */
int container_open(struct container *ct, const char *arg, enum container_need need);
int container_open_id(struct container *ct, uint32_t id, enum container_need need);
/* By its file CTID.conf@suffix. */
int container_open_with(struct container *ct, uint32_t id, const char *suffix,
			enum container_need need);
void container_close(struct container *ct);

#define cleanup_container	cleanup(container_close)
#define CONTAINER_INIT		{ .lock = -1 }

/*
 * Take the container's lock, for as long as the process lives: EXIT_LOCKED if
 * another command holds it, or the container is another host's (migrate/journal.h). The
 * file names the holder's pid for people.
 */
int container_lock(struct container *ct);
/*
 * The same, and what was cut off stays as it is: a suspend, resume or snapshot, see
 * container_settle(), or a migration, see settle_one().
 */
int container_lock_as_is(struct container *ct);
int container_settle(struct container *ct);
/* Both, waiting for the other command until @end (now_ms()). */
int container_lock_until(struct container *ct, int64_t end);
int container_lock_as_is_until(struct container *ct, int64_t end);
/* Earlier than container_close(). What was read is old when the lock is taken again. */
void container_unlock(struct container *ct);

/* --skiplock: whoever gave it holds the lock, or answers for what comes of it. */
extern bool container_lock_skip;

/* Paths depend on the configuration: to be called again when it changed. */
void container_paths(struct container *ct);
/* Its file has changed: read it again. As container_open_id(). */
int container_load(struct container *ct, enum container_need need);

/* Private area and configuration file are both there. */
bool container_exists(const struct container *ct);
bool container_mounted(const struct container *ct);

/* A directory on the disk that its files are on, if it is mounted. */
const char *container_disk(const struct container *ct);

/* The first of its ids on the host; EXIT_BAD_VALUE if the file has none. */
int container_ids(const struct container *ct, uint32_t *base);
/* The same, false if it has none. */
bool container_base(const struct conf *conf, uint32_t *base);

/* Choose ids no configuration file holds. Callers hold the ids' lock. */
int container_choose_ids(uint32_t id, uint32_t *base);
/* EXIT_BAD_VALUE if the ids that begin at @base, of container @id, are another's too. */
int container_check_ids(uint32_t id, uint32_t base);
/*
 * The same for those that run: files are edited and copied. Those that a look at @looked
 * (boot_ns(), or 0) has seen are not looked at again.
 */
int container_check_running_ids(uint32_t id, uint32_t base, uint64_t looked);
int container_lock_ids(int *lock);
/* What the kernel maps for a process, whatever files say by now; false if that is not as for
 * a container's, or it is gone.
 */
bool container_mapped_ids(pid_t pid, uint32_t *base);

/* The containers that have a configuration file, ascending; free() *ids. */
int container_ids_configured(uint32_t **ids, size_t *count);
/* The same with files CTID.conf@suffix: ".migrated", see private_put_aside(). */
int container_ids_with(const char *suffix, uint32_t **ids, size_t *count);
/* For qsort() and bsearch(). */
int container_compare_ids(const void *a, const void *b);

struct container_entry {
	uint32_t id;
	struct kernel_container kc;	/* kc.id 0: the kernel does not know it */
};

/*
 * The containers the kernel knows, if the module is loaded, and with @configured those
 * that have a configuration file, each once and ascending; free() *list.
 */
int container_list(bool configured, struct container_entry **list, size_t *count);

/* The container's init, EXIT_NOT_RUNNING if there is none. */
int container_running(const struct container *ct, struct kernel_container *kc);

/*
 * Take away what a life of the container leaves behind: processes, cgroup and
 * registration; with container_sweep() the mount too. Does nothing where nothing is
 * left. The caller holds the lock and knows that the container is not running.
 */
int container_reap(const struct container *ct);
int container_sweep(const struct container *ct);

#endif
