// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "error.h"
#include "log.h"
#include "terminal.h"
#include "util.h"

bool quiet;
int verbose;

static char noted[1024];

static void note(const char *fmt, va_list ap, const char *tail)
{
	char head[512];

	vsnprintf(head, sizeof(head), fmt, ap);
	snprintf(noted, sizeof(noted), "%s%s%s", head, tail ? ": " : "", tail ? tail : "");
	make_lines_printable(noted);
}

int fail(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note(fmt, ap, NULL);
	va_end(ap);
	return status;
}

int fail_errno(int status, const char *fmt, ...)
{
	const char *why = strerror(errno);
	va_list ap;

	va_start(ap, fmt);
	note(fmt, ap, why);
	va_end(ap);
	return status;
}

int disk_status(int status)
{
	return errno == ENOSPC || errno == EDQUOT ? EXIT_NO_SPACE : status;
}

int fail_wrap(int status, const char *fmt, ...)
{
	char inner[sizeof(noted)];
	va_list ap;

	strcpy(inner, noted);
	va_start(ap, fmt);
	note(fmt, ap, inner[0] ? inner : NULL);
	va_end(ap);
	return status;
}

const char *error_text(void)
{
	return noted;
}

void error_clear(void)
{
	noted[0] = '\0';
}

void error_print(void)
{
	progress_end();
	if (!noted[0])
		return;
	fprintf(stderr, "%s%s%s\n", colour(stderr, COLOUR_RED), noted,
		colour(stderr, COLOUR_NONE));
	log_line(LOG_ERR, noted);
}

/*
 * Into the log and, unless @f is NULL, there. Names of a container's files and groups, and
 * another host's words, are in it.
 */
static void print_line(FILE *f, int priority, const char *fmt, va_list ap)
{
	cleanup_free char *text = NULL;

	if (!f && !log_wants(priority))
		return;
	text = xvasprintf(fmt, ap);
	log_line(priority, text);
	if (!f)
		return;
	make_lines_printable(text);
	fprintf(f, "%s\n", text);
	fflush(f);
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line(quiet ? NULL : stdout, LOG_INFO, fmt, ap);
	va_end(ap);
}

void detail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line(verbose ? stderr : NULL, LOG_DEBUG, fmt, ap);
	va_end(ap);
}

void warn(const char *fmt, ...)
{
	va_list ap;

	progress_end();
	fprintf(stderr, "%sWarning:%s ", colour(stderr, COLOUR_YELLOW),
		colour(stderr, COLOUR_NONE));
	va_start(ap, fmt);
	print_line(stderr, LOG_WARNING, fmt, ap);
	va_end(ap);
}
