/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Input and output of a program in a container. A terminal of the operator's is
 * never given inside, where it could be typed into (TIOCSTI); bytes are carried
 * instead, and so they are for all else but pipes, which are passed on as they are.
 */
#ifndef CLOISON_RELAY_H
#define CLOISON_RELAY_H

#include "attach.h"

/*
 * Run @argv with the caller's stdin, stdout and stderr; with @pty on a terminal
 * of its own. *@status is its wait status. Signals that would end the tool go to
 * the program; if it goes on for long, 128 + the signal is returned, and it is killed, or, after
 * SIGHUP, left alone.
 */
int relay_run(const struct attached *in, const char *const argv[], bool pty, int *status);

/* No exit status. */
#define RELAY_LEFT	(-1)

/*
 * The same on a terminal, until the operator types Esc and then a dot: RELAY_LEFT then, and
 * the program finds its terminal hung up.
 */
int relay_console(const struct attached *in, const char *const argv[], int *status);

#endif
