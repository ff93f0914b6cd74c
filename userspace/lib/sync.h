/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The line between the tool and a process it made: the child reports what it
 * has done or what went wrong, the tool lets it go on. If one dies, the other
 * reads the end of the line: a half-made container cannot start by itself.
 */
#ifndef CLOISON_SYNC_H
#define CLOISON_SYNC_H

#define SYNC_MAX_FDS	2

/* Both ends close on exec; the first is the parent's. EXIT_SYSTEM if it cannot be made. */
int sync_pair(int ends[2]);

/* Child: the noted error of fail(), with its status; does not return. */
void sync_die(int sync, int status) __attribute__((noreturn));
/* Child: a step is done; descriptors may go along. */
int sync_tell(int sync, const int *fds, int count);
/*
 * Parent: wait until the child has done its step; 0, the child's error, EXIT_START
 * if it died without a word, or EXIT_SYSTEM if it says nothing for too long: the
 * caller kills it. @fds gets @count descriptors, or -1.
 */
int sync_hear(int sync, int *fds, int count);
/* Parent: the child was to run a program next: 0, or why it could not. */
int sync_hear_exec(int sync);

/* Parent: go on. Child: wait for that; 0, or -1 when the parent is gone. */
int sync_go(int sync);
int sync_wait(int sync);

#endif
