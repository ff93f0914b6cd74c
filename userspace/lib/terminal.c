// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "terminal.h"
#include "util.h"
#include "value.h"

/* Nobody sees more than that. */
#define REDRAW_MS	50

static bool drawn;

static bool smart_terminal(FILE *f)
{
	const char *term = getenv("TERM");

	return isatty(fileno(f)) && term && strcmp(term, "dumb") != 0;
}

static bool colours_wanted(FILE *f)
{
	static int known[2] = { -1, -1 };
	int *wanted = &known[f == stderr];
	const char *no = getenv("NO_COLOR");

	if (*wanted < 0)
		*wanted = !(no && *no) && smart_terminal(f);
	return *wanted;
}

const char *colour(FILE *f, enum colour colour)
{
	static const char *const codes[] = {
		[COLOUR_NONE] = "\033[0m",
		[COLOUR_RED] = "\033[31m",
		[COLOUR_GREEN] = "\033[32m",
		[COLOUR_YELLOW] = "\033[33m",
		[COLOUR_BOLD] = "\033[1m",
	};

	return colours_wanted(f) ? codes[colour] : "";
}

/* How many bytes of UTF-8 the character at @p is, RFC 3629; 0: none. */
static unsigned int utf8_length(const unsigned char *p)
{
	unsigned int n = *p < 0x80 ? 1 : *p < 0xc2 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 :
			 *p < 0xf5 ? 4 : 0;

	for (unsigned int i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* longer than need be, half of UTF-16, beyond Unicode */
	if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) ||
	    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

/*
 * Control characters are those below 0x20, 0x7f, and U+0080 to U+009F. Terminals that are
 * not told of UTF-8 know the latter as bytes: one that is no part of a character is none.
 */
static void replace(char *text, const char *but)
{
	unsigned int n;

	for (unsigned char *p = (unsigned char *)text; *p; p += n ? n : 1) {
		n = utf8_length(p);
		if (n == 2 && p[0] == 0xc2 && p[1] <= 0x9f)
			memset(p, '?', n);
		else if (!n || ((*p < 0x20 || *p == 0x7f) && !strchr(but, *p)))
			*p = '?';
	}
}

void make_printable(char *text)
{
	replace(text, "");
}

void make_lines_printable(char *text)
{
	replace(text, "\t\n");
}

bool progress_shown(void)
{
	return !quiet && smart_terminal(stderr);
}

void progress(const char *fmt, ...)
{
	va_list ap;

	if (!progress_shown())
		return;
	fputs("\r\033[K", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fflush(stderr);
	drawn = true;
}

void progress_end(void)
{
	if (!drawn)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	drawn = false;
}

void progress_bytes(const char *what, uint64_t done, uint64_t total)
{
	static int64_t next;
	char amount[16], all[16];

	if (!progress_shown() || now_ms() < next)
		return;
	next = now_ms() + REDRAW_MS;
	amount_text(done, amount, sizeof(amount));
	if (total)
		progress("%s: %sB of %sB, %d%%", what, amount,
			 amount_text(total, all, sizeof(all)), (int)(done * 100.0 / total));
	else
		progress("%s: %sB", what, amount);
}

void progress_child(const char *what, pid_t pid, int fd)
{
	cleanup_close int pidfd = progress_shown() ? pidfd_open(pid, 0) : -1;
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };
	struct stat st;

	if (pidfd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return;
	/* what is written has no size yet */
	if ((fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY)
		st.st_size = 0;
	do
		progress_bytes(what, lseek(fd, 0, SEEK_CUR), st.st_size);
	while (poll(&ended, 1, REDRAW_MS) == 0);
	progress_end();
}
