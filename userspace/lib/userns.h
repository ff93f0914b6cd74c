/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes in a user namespace of their own: ids 0..65535 inside are
 * base..base+65535 on the host.
 */
#ifndef CLOISON_USERNS_H
#define CLOISON_USERNS_H

#include <stdint.h>
#include <sys/types.h>

struct child {
	pid_t pid;
	int sync;	/* see sync.h */
};

/*
 * Fork into new namespaces: CLONE_NEWUSER and what @flags adds; born in the
 * cgroup @cgroup_fd unless that is -1. What the namespace counts is counted for the
 * id @base of the host, not for its root. Returns 0 in the child, which is root of
 * its namespace from then on and ends when the parent does not let it live; in
 * the parent the pid, or -1 with the error noted.
 */
pid_t userns_fork(uint64_t flags, int cgroup_fd, uint32_t base, struct child *child);

/*
 * Such a namespace without processes, for as long as the descriptor is open: its ids from
 * @inside on are @base and up on the host. -1 and an error.
 */
int userns_open(uint32_t inside, uint32_t base);

/* Become root of the user namespace one is in. 0 or -1 and errno. */
int userns_become_root(void);

/* Kill and reap it, whatever it does. */
void child_kill(struct child *child);

#endif
