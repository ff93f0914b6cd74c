/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scripts of the host's, run by a container's shell: what they call is the
 * container's own and may do anything, except hold up the host.
 */
#ifndef CLOISON_SCRIPT_H
#define CLOISON_SCRIPT_H

#include <stdbool.h>

#include "attach.h"

struct script {
	const char *name;		/* for messages */
	const char *text;
	const char *const *env;		/* added to the usual environment, or NULL */
	const char *input;		/* its stdin: less than a pipe holds, or NULL */
	bool bash;			/* where there is one */
	unsigned int seconds;		/* it is killed when they are over */
};

/* Read one: EXIT_BAD_VALUE if it is not text, or too long for a command line. */
int script_load(const char *path, char **text);

/*
 * The command line that runs @text, or if that is NULL what it reads, with @bash by that where
 * there is one; to be freed.
 */
const char **script_argv(const char *text, bool bash);

/* Run it; what it prints is said. EXIT_COMMAND if it fails, with its last line. */
int script_run(const struct attached *in, const struct script *script);

#endif
