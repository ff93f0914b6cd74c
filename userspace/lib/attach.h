/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running programs of the container's in the container. They enter all namespaces
 * of its init and its leaf cgroup for such visitors (a checkpoint needs every task
 * below the container's cgroup root), and are confined as init was. No process of
 * the tool's stays inside.
 */
#ifndef CLOISON_ATTACH_H
#define CLOISON_ATTACH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "container.h"

/* A running container, held by its init's pidfd; or see visit.h. */
struct attached {
	uint32_t id;
	pid_t init;
	int pidfd;
	uint64_t dropped;	/* capabilities, see capability.h */
	struct container *stopped;
};

int attach_open(const struct container *ct, const struct kernel_container *kc,
		struct attached *in);
/* The same for process 1 of a container that is being made: it waits for us. */
int attach_open_first(const struct container *ct, pid_t pid, struct attached *in);
void attach_close(struct attached *in);

/* "/bin/bash"; where argv[0] is this itself and cannot be run, /bin/sh is, as vzctl has it. */
extern const char attach_bash[];

struct attach_program {
	const char *const *argv;	/* argv[0] is searched in the container's PATH */
	const char *const *env;		/* added to the usual environment; may be NULL */
	int stdio[3];			/* what it gets; -1 is /dev/null */
	bool pty;			/* a new terminal of the container's instead */
	int master;			/* out: its other side */
};

/*
 * Start it. *@pid is a child of the caller's, to be waited for. EXIT_COMMAND if
 * the program cannot be run.
 */
int attach_spawn(const struct attached *in, struct attach_program *prog, pid_t *pid);

/* A pidfd of what was started. Without one it is killed, and this an error. */
int attach_watch(pid_t pid, int *pidfd);
/*
 * Wait for it, at most until @end (now_ms()): EXIT_COMMAND when that time is over,
 * and it was killed.
 */
int attach_wait(pid_t pid, int pidfd, int64_t end, int *status);

/* The last steps inside, for who made the process by other means. */
int attach_stdio(const struct attach_program *prog);
void attach_exec(const struct attach_program *prog, int sync) __attribute__((noreturn));

/* Run it without input and output; 0, or EXIT_COMMAND if it fails. */
int attach_run(const struct attached *in, const char *const argv[]);

/* The host name is the one thing to change in a running container's namespaces
 * that needs no program.
 */
int attach_sethostname(const struct attached *in, const char *name);

#endif
