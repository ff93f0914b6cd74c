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

/* A running container, held by its init's pidfd. */
struct attached {
	uint32_t id;
	int pidfd;
};

int attach_open(const struct container *ct, const struct kernel_container *kc,
		struct attached *in);
void attach_close(struct attached *in);

struct attach_program {
	const char *const *argv;	/* argv[0] is searched in the container's PATH */
	int stdio[3];			/* what it gets; -1 is /dev/null */
	bool pty;			/* a new terminal of the container's instead */
	int master;			/* out: its other side */
};

/*
 * Start it. *@pid is a child of the caller's, to be waited for. EXIT_COMMAND if
 * the program cannot be run.
 */
int attach_spawn(const struct attached *in, struct attach_program *prog, pid_t *pid);

/* Run it without input and output; 0, or EXIT_COMMAND if it fails. */
int attach_run(const struct attached *in, const char *const argv[]);

/* The host name is the one thing to change in a running container's namespaces
 * that needs no program.
 */
int attach_sethostname(const struct attached *in, const char *name);

#endif
