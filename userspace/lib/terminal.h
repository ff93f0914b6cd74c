/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What only a person at a terminal gets: colours, and a line that says how far long
 * work is. Files, pipes, and whoever sets NO_COLOR (https://no-color.org) get none.
 */
#ifndef CLOISON_TERMINAL_H
#define CLOISON_TERMINAL_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "error.h"

enum colour { COLOUR_NONE, COLOUR_RED, COLOUR_GREEN, COLOUR_YELLOW, COLOUR_BOLD };

/*
 * What to print on @f to begin with @colour; COLOUR_NONE ends it. An empty string
 * where no colours are wanted.
 */
const char *colour(FILE *f, enum colour colour);

/* Make '?' of what a terminal would obey: text of others must not drive the reader's. */
void make_printable(char *text);
/* The same for lines, which may have tabs. */
void make_lines_printable(char *text);

/*
 * Write over the line of progress on stderr; progress_end() takes it away. Nothing
 * happens with --quiet, or if stderr is no terminal.
 */
void progress(const char *fmt, ...) __printf(1, 2);
void progress_end(void);

/* @done bytes of @total, which is 0 if nobody knows. Not drawn anew all the time. */
void progress_bytes(const char *what, uint64_t done, uint64_t total);

/*
 * How far the child @pid is in file @fd, by the position that it has in common with us, until
 * it ends; it is not reaped. Returns at once where nobody would see it.
 */
void progress_child(const char *what, pid_t pid, int fd);

/* Whether anybody would see it: to spare the work of finding out. */
bool progress_shown(void);

#endif
