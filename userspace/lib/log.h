/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The operator's log: what was done to which container, and what went wrong, in vzctl's
 * lines (LOGGING and its like in cloison.conf). Nothing fails, or waits, for it.
 */
#ifndef CLOISON_LOG_H
#define CLOISON_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

/* Begin, as @program: before that, and after log_close(), nothing is logged. */
void log_open(const char *program);

/* Why LOGFILE could not be opened, or NULL. */
const char *log_error(void);

/* In a child that has closed what it need not have, or gets into a container. */
void log_close(void);

/* What follows is about container @id. */
void log_about(uint32_t id);

/* Would a line of @priority, one of syslog(3)'s, be kept? */
bool log_wants(int priority);
void log_line(int priority, const char *text);

#endif
