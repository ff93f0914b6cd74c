// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "global.h"
#include "log.h"
#include "terminal.h"
#include "util.h"

static const char *as;		/* the program's name; NULL: nothing is logged */
static int file = -1, journal = -1;
static int open_error;
static char about[24];		/* "CT 900 : ", or nothing */

/*
 * Opened once, here: later we may be where /var/log is the container's.
 */
void log_open(const char *program)
{
	struct stat st;

	if (!global.logging)
		return;
	as = program;
	file = open(global.logfile, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY |
		    O_NONBLOCK, 0640);
	open_error = file < 0 ? errno : 0;
	/* who reads a pipe may go, and we would die of that */
	if (file >= 0 && !fstat(file, &st) && S_ISFIFO(st.st_mode)) {
		close(file);
		file = -1;
		open_error = EPIPE;
	}
	if (global.log_syslog) {
		struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };

		/* syslog(3) would wait for a daemon that hangs */
		journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (journal >= 0)
			connect(journal, (struct sockaddr *)&addr, sizeof(addr));
	}
}

void log_close(void)
{
	if (file >= 0)
		close(file);
	if (journal >= 0)
		close(journal);
	file = -1;
	journal = -1;
	as = NULL;
}

void log_about(uint32_t id)
{
	snprintf(about, sizeof(about), "CT %u : ", id);
}

const char *log_error(void)
{
	return open_error ? strerror(open_error) : NULL;
}

/* Level 0 is what a person is told, above it is what --verbose adds. */
bool log_wants(int priority)
{
	return as && (priority < LOG_DEBUG || global.log_level > 0);
}

/* All in one line, and nothing in it that could be taken for the begin of another. */
static void flatten(char *text)
{
	for (char *s = text; *s; s++)
		if (*s == '\n' || *s == '\t')
			*s = ' ';
	make_printable(text);
}

void log_line(int priority, const char *text)
{
	cleanup_free char *body = NULL, *line = NULL;
	const time_t now = time(NULL);
	const int error = errno;
	char date[32] = "";
	struct tm tm;

	if (!log_wants(priority))
		return;
	body = xasprintf("%s%s", priority == LOG_WARNING ? "Warning: " : "", text);
	flatten(body);
	if (localtime_r(&now, &tm))
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S%z", &tm);
	/* one write(2): lines of several commands do not get mixed up */
	line = xasprintf("%s %s : %s%s\n", date, as, about, body);
	if (file >= 0 && write(file, line, strlen(line)) < 0)
		errno = error;
	free(line);
	line = xasprintf("<%d>%s[%d]: %s%s", LOG_DAEMON | priority, as, (int)getpid(), about, body);
	if (journal >= 0 && send(journal, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		errno = error;
	errno = error;
}
