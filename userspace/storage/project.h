/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Project quotas of the host's file system (ext4, xfs): a directory's project is that of all
 * that is made in it, and what a project has is counted and limited. In a user namespace the
 * kernel lets nobody change a file's project.
 */
#ifndef CLOISON_PROJECT_H
#define CLOISON_PROJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "layout.h"

/*
 * Make the empty directory @dir the container's project. Success where the file system has
 * no projects: project_state() tells.
 */
int project_begin(const char *dir, uint32_t id);

enum project_state { PROJECT_NONE, PROJECT_COUNTED, PROJECT_LIMITED };

/* What becomes of limits on the directory @dir: its files are of no project, say. */
enum project_state project_state(const char *dir, uint32_t id);

/* What is missing, for people, where they are of none. */
const char *project_missing(const char *dir);

/* Does nothing where nothing is counted. EXIT_QUOTA. */
int project_limit(const char *dir, uint32_t id, const struct disk_limits *limits);

/*
 * Does that keep what is put into @dir from filling the disk? A limit of space alone holds up no
 * empty files.
 */
bool project_holds(const char *dir, uint32_t id, const struct disk_limits *limits);

/*
 * The limits for the files that are to take the place of what the project has already: those of
 * @conf count from there.
 */
int project_limit_beside(const char *dir, uint32_t id, const struct conf *conf);

bool project_usage(const char *dir, uint32_t id, struct disk_usage *usage);

/*
 * What is in @dir, which stands still, counts for no container any more, but for the inodes of
 * links and special files. It can be done again.
 */
void project_leave(const char *dir, int lock);

/* Forget the container's limits. @dir is on its file system. */
void project_unlimit(const char *dir, uint32_t id);

/* quotactl_fd(2); 0, or -1 and errno. */
int quota_call(int fd, unsigned int cmd, int type, uint32_t id, void *addr);

#endif
