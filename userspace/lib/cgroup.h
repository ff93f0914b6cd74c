/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cgroups of containers (cgroup v2):
 *
 *	/sys/fs/cgroup/cloison/101		limits are here, set by the host
 *	/sys/fs/cgroup/cloison/101/init.scope	init starts here
 *	/sys/fs/cgroup/cloison/101/cloison-exec	what the host runs inside
 *	/sys/fs/cgroup/cloison/shut-in		see shut_in.h
 *
 * 101 is the root of the container's cgroup namespace and delegated to it: its
 * root may make groups below, and enable controllers for them, but not touch
 * the limits. init.scope is where systemd puts itself anyway. All files of the
 * same meaning and rules: Documentation/admin-guide/cgroup-v2.rst, Delegation.
 */
#ifndef CLOISON_CGROUP_H
#define CLOISON_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_ROOT	"/sys/fs/cgroup"

/* Is cgroup v2 mounted where we need it? EXIT_KERNEL with advice if not. */
int cgroup_check(void);

/*
 * Make the container's cgroup, for the user ids that begin at @base. *@fd is
 * the directory, *@cgid its id as cloison.ko wants it.
 */
int cgroup_create(uint32_t id, uint32_t base, int *fd, uint64_t *cgid);
/* Groups below @path have the controllers that containers need: EXIT_KERNEL, EXIT_SYSTEM. */
int cgroup_enable(const char *path);
/* One for programs of the host's on hostile data, under the guards that containers have. */
int cgroup_shut_in(int *fd);
/* Its name; to be freed. */
char *cgroup_path(uint32_t id);
bool cgroup_exists(uint32_t id);
/* Its directory. */
int cgroup_open(uint32_t id, int *fd);
/* The id of one that is there. */
int cgroup_id(uint32_t id, uint64_t *cgid);
/* The containers that have a cgroup, unsorted; free() *ids. */
int cgroup_list(uint32_t **ids, size_t *count);

/* Call @look for each process in the container's cgroup and below, with @visitors or without. */
void cgroup_each_process(uint32_t id, bool visitors, void (*look)(pid_t pid, void *arg), void *arg);

/* Move a process to init.scope, or to the group for what the host runs. */
int cgroup_join_init(uint32_t id, pid_t pid);
int cgroup_join_exec(uint32_t id, pid_t pid);

/* Write one of the files of the container's own cgroup. 0 or EXIT_LIMITS. */
int cgroup_set(uint32_t id, const char *file, const char *text);
/* The same of the one that all of them are in. */
int cgroup_set_all(const char *file, const char *text);
/* What @file, of the cpuset controller, is for a container that says nothing; to be
 * freed, or NULL.
 */
char *cgroup_inherited(const char *file);
bool cgroup_has(uint32_t id, const char *file);
/* Read a number from one; false if it cannot be had. */
bool cgroup_number(uint32_t id, const char *file, uint64_t *out);

/*
 * What the kernel has no file for is kept at the cgroup, for the day our scheduler is in
 * charge: 0 where nothing is noted.
 */
#define CGROUP_CPUS	"trusted.cloison.cpus"	/* how many at once */
#define CGROUP_SCHED	"trusted.cloison.sched"	/* enum sched_policy */
int cgroup_note(uint32_t id, const char *what, uint32_t n);
uint32_t cgroup_noted(uint32_t id, const char *what);

/* A whole file, to be freed; NULL if it cannot be had. */
char *cgroup_text(uint32_t id, const char *file);
/* The number after @key in one of "key number" lines (memory.stat, cgroup.events). */
bool cgroup_find(const char *text, const char *key, uint64_t *out);

/* What the group at @path has, in memory and swap, that no file of a disk has: bytes. */
uint64_t cgroup_memory(const char *path);

/*
 * Freeze all that runs in it, or thaw it: EXIT_PAUSE when it does not come to rest
 * (it runs on then), EXIT_UNPAUSE. Only the host can do either.
 */
int cgroup_freeze(uint32_t id, bool freeze);
bool cgroup_frozen(uint32_t id);
/* Wait for that, of one that somebody freezes; it does not run on if it fails. */
int cgroup_wait_frozen(uint32_t id);

/* Wait until nothing runs in it: EXIT_STOP after @timeout_ms. */
int cgroup_wait_empty(uint32_t id, int64_t timeout_ms);
/* Kill all that runs in it, and wait for the end. It has no limits of I/O any more then. */
int cgroup_kill(uint32_t id);
/* Remove it and what the container made below. */
int cgroup_remove(uint32_t id);
/* The same of any, by its name. */
int cgroup_remove_at(const char *path);

#endif
