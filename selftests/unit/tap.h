/* SPDX-License-Identifier: GPL-2.0-only */
/* TAP for unit tests in C: each check is a point. */
#ifndef CLOISON_TAP_H
#define CLOISON_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int tap_points, tap_failed;

__attribute__((format(printf, 2, 3)))
static inline bool ok(bool good, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tap_points);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	tap_failed += !good;
	return good;
}

static inline int tap_done(void)
{
	printf("1..%d\n", tap_points);
	return tap_failed ? 1 : 0;
}

#endif
