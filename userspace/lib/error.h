/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Errors travel as exit statuses (enum exit_status, 0 is success); what is to
 * be said about them is kept beside, wrapped with context on the way up, and
 * printed once, by main().
 */
#ifndef CLOISON_ERROR_H
#define CLOISON_ERROR_H

#include <stdbool.h>

#include "exit.h"

#define __printf(f, a)	__attribute__((format(printf, f, a)))

/*
 * Note an error; fail_errno() adds what errno says. Both return @status. Here and below, what a
 * terminal would obey is '?'.
 */
int fail(int status, const char *fmt, ...) __printf(2, 3);
int fail_errno(int status, const char *fmt, ...) __printf(2, 3);

/* EXIT_NO_SPACE if errno says that a disk is full, else @status: people look elsewhere then. */
int disk_status(int status);

/* Put context before the noted error. Returns @status, which may differ from
 * the first one.
 */
int fail_wrap(int status, const char *fmt, ...) __printf(2, 3);

/* The noted error, or "" */
const char *error_text(void);
void error_clear(void);
void error_print(void);

/* What a person is told on the way: say() on stdout unless --quiet, detail()
 * only with --verbose, warn() always and on stderr. All that is also for the log, as
 * LOG_LEVEL says (log.h).
 */
extern bool quiet;
extern int verbose;
void say(const char *fmt, ...) __printf(1, 2);
void detail(const char *fmt, ...) __printf(1, 2);
void warn(const char *fmt, ...) __printf(1, 2);

#endif
