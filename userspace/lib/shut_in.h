/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs of the host's that work on hostile data: archives from anywhere, files of a
 * container. They may have holes, so they have no more than the container will have: its ids,
 * its rights, its guards, no network, no other processes, of the host's files only programs and
 * libraries, and nothing to write but one directory. Their messages are carried to the
 * operator's standard error, and come out there as text.
 */
#ifndef CLOISON_SHUT_IN_H
#define CLOISON_SHUT_IN_H

#include <stdint.h>
#include <sys/types.h>

struct shut_in {
	const char *const *argv;
	int dir;	/* a detached mount: there it works */
	uint32_t base;	/* of its ids on the host */
	int stdio[2];	/* its input, -1: none; and output, -1: with its messages */
	int keep;	/* a descriptor more, or -1 */
	int status;	/* of our own errors */
	/* called in there while it has all rights, with @arg; 0, or an exit status; may be NULL */
	int (*prepare)(void *arg);
	void *arg;
};

/*
 * It runs when this returns 0, and ends when the tool does: what it makes is cleared away by
 * the next command.
 */
int shut_in_start(const struct shut_in *s, pid_t *pid);

/* Its exit status, -1 if it was killed. All it had to say is out then. */
int shut_in_wait(pid_t pid);

#endif
