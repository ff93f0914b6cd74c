/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where CRIU restores for a trial, while the container is there: nothing outside sees it, and
 * nothing outside is changed by it. In the child that CRIU is started from; 0, or -1 and errno.
 */
#ifndef CLOISON_APART_H
#define CLOISON_APART_H

#include <sys/types.h>

/* The group that CRIU itself is in, below the one that is its root. */
#define APART_CRIU	"criu"

struct apart {
	int cgroup;		/* what CRIU takes for the root of all cgroups */
	const char *above;	/* a directory: what becomes of files is put there */
	/* make links that CRIU is to find, in a network namespace of its own; an exit status */
	int (*links)(void *arg);
};

/* The container's files, see apart_cover(). */
#define APART_ROOT	"root"
/* The upper layer of @name's, which may be there; to be freed. */
char *apart_upper(const struct apart *apart, const char *name);

/* Into the cgroup, and namespaces for cgroups and network. */
int apart_enter(const struct apart *apart, void *arg);
/*
 * In a mount namespace of one's own: what is mounted on @path is the lower layer of an overlay on
 * top of it, whose own layers get names that begin with @name.
 */
int apart_cover(const struct apart *apart, const char *path, const char *name);

/*
 * The caller ends with @tool, and all that he has open with him. CRIU may go on: there is nothing
 * that it must not be killed in.
 */
void apart_live_with(pid_t tool);

#endif
