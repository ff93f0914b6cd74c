// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "terminal.h"

static void test_replaced(void)
{
	static const struct {
		const char *text, *printable, *what;
	} cases[] = {
		{ "", "", "nothing" },
		{ "plain ~", "plain ~", "ASCII stays" },
		{ "\033[2J\r\a\177\t\n", "?[2J???\t\n",
		  "control characters, but for lines and tabs" },
		{ "\302\233[31m", "??[31m", "U+009B as UTF-8" },
		{ "\233[31m\200\237", "?[31m??", "the same as a byte, and its like" },
		{ "\303\234 \342\202\254 \360\237\230\200",
		  "\303\234 \342\202\254 \360\237\230\200",
		  "characters of 2, 3 and 4 bytes stay" },
		{ "\303\233\233", "\303\233?", "a byte more than the character has" },
		{ "\342\202", "??", "one that is cut off" },
		{ "\342\202x", "??x", "one that is broken off" },
		{ "\300\233 \340\200\233 \360\200\200\233", "?? ??? ????", "longer than need be" },
		{ "\355\240\233 \364\220\200\233 \370\233\377", "??? ???? ???", "no characters" },
	};
	char text[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(text, sizeof(text), "%s", cases[i].text);
		make_lines_printable(text);
		ok(strcmp(text, cases[i].printable) == 0, "%s", cases[i].what);
	}
	snprintf(text, sizeof(text), "a\tb\nc");
	make_printable(text);
	ok(strcmp(text, "a?b?c") == 0, "tabs and lines, where they are none");
}

/* A child that comes through @file by a quarter, and waits. */
static pid_t slow_reader(int file)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (int i = 0; i < 4; i++) {
		lseek(file, 1 << 20, SEEK_CUR);
		usleep(120000);
	}
	_exit(7);
}

/* What a terminal (or not) gets of it on stderr, in @text. */
static bool watched(int err, int from, int mode, const char *what, char *text, size_t size)
{
	char path[] = "/tmp/cloison-test-XXXXXX";
	int old = dup(STDERR_FILENO), file = mkstemp(path), status = 0;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	if (ftruncate(file, 4 << 20))
		return false;
	close(file);
	file = open(path, mode);
	dup2(err, STDERR_FILENO);
	pid = slow_reader(file);
	progress_child(what, pid, file);
	fflush(stderr);
	dup2(old, STDERR_FILENO);
	waitpid(pid, &status, 0);
	while (len < size - 1 && (n = read(from, text + len, size - 1 - len)) > 0)
		len += n;
	text[len] = '\0';
	unlink(path);
	close(file);
	close(old);
	return WIFEXITED(status) && WEXITSTATUS(status) == 7;
}

static void test_progress(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK), slave, ends[2];
	char text[4096];

	if (grantpt(master) || unlockpt(master) || pipe2(ends, O_NONBLOCK)) {
		ok(false, "no terminal to be had");
		return;
	}
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	setenv("TERM", "linux", 1);
	ok(watched(slave, master, O_RDONLY, "Reading", text, sizeof(text)),
	   "the child is left to us");
	ok(strstr(text, "Reading: 2.0MB of 4.0MB, 50%"), "how much of a file has been read");
	ok(strlen(text) > 4 && strcmp(text + strlen(text) - 4, "\r\033[K") == 0,
	   "the line is taken away");
	ok(watched(slave, master, O_RDWR, "Writing", text, sizeof(text)) &&
	   strstr(text, "Writing: 2.0MB\r") && !strchr(text, '%'), "how much has been written");
	ok(watched(ends[1], ends[0], O_RDONLY, "Reading", text, sizeof(text)) && !*text,
	   "nothing where there is no terminal");
	quiet = true;
	ok(watched(slave, master, O_RDONLY, "Reading", text, sizeof(text)) && !*text,
	   "nothing with --quiet");
	quiet = false;
}

int main(void)
{
	test_replaced();
	test_progress();
	return tap_done();
}
