// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "script.h"
#include "terminal.h"
#include "util.h"

/* execve(2): one argument takes at most 32 pages */
#define SCRIPT_MAX	(128 * 1024)

/* Of what it prints, so much is kept. */
#define OUTPUT_MAX	16384

int script_load(const char *path, char **text)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return fail_errno(EXIT_BAD_VALUE, "Cannot open %s", path);
	*text = xmalloc(SCRIPT_MAX);
	do {
		n = read(fd, *text + len, SCRIPT_MAX - len);
		len += n > 0 ? n : 0;
	} while (n > 0 && len < SCRIPT_MAX);
	if (n < 0)
		return fail_errno(EXIT_BAD_VALUE, "Cannot read %s", path);
	if (len >= SCRIPT_MAX || memchr(*text, '\0', len))
		return fail(EXIT_BAD_VALUE,
			    "%s is not a script of less than 128 KiB: copy it into the container and run it there",
			    path);
	(*text)[len] = '\0';
	return 0;
}

const char **script_argv(const char *text, bool bash)
{
	const char **argv = xcalloc(4, sizeof(*argv));

	argv[0] = bash ? attach_bash : "/bin/sh";
	argv[1] = text ? "-c" : NULL;
	argv[2] = text;
	return argv;
}

static int open_input(const char *input, int *fd)
{
	size_t len = input ? strlen(input) : 0;
	int ends[2];

	if (!input)
		return 0;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return fail_errno(EXIT_SYSTEM, "Cannot make a pipe");
	if (write(ends[1], input, len) != (ssize_t)len) {
		close(ends[0]);
		close(ends[1]);
		return fail(EXIT_BAD_VALUE, "The input of a script is too long");
	}
	close(ends[1]);
	fcntl(ends[0], F_SETFL, 0);
	*fd = ends[0];
	return 0;
}

/*
 * Until it has ended, or at @end. Others may hold the pipe for longer, and write on: what is
 * in it when the program has ended is all that is still read.
 */
static void collect(int fd, int pidfd, int64_t end, char *output)
{
	size_t len = 0;
	bool ended = false;
	int rest = 0;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (!ended || rest > 0) {
		struct pollfd pfds[] = {
			{ .fd = fd, .events = POLLIN }, { .fd = pidfd, .events = POLLIN },
		};
		int64_t left = end - now_ms();
		char unkept[4096];
		bool full = len == OUTPUT_MAX - 1;
		ssize_t n;

		if (left < 0 || poll(pfds, ended ? 1 : 2, ended ? 0 : left) == 0)
			break;
		if (pfds[1].revents) {
			ended = true;
			ioctl(fd, FIONREAD, &rest);
			continue;
		}
		n = full ? read(fd, unkept, sizeof(unkept)) :
			   read(fd, output + len, OUTPUT_MAX - 1 - len);
		if (n == 0)
			break;
		if (n > 0)
			rest -= n;
		if (n > 0 && !full)
			len += n;
	}
	output[len] = '\0';
	/* no newline at the end */
	while (len && output[len - 1] == '\n')
		output[--len] = '\0';
	/* it comes from the container, and goes to terminals and logs of the host's */
	make_lines_printable(output);
}

int script_run(const struct attached *in, const struct script *script)
{
	const char **argv = script_argv(script->text, script->bash);
	cleanup_free char *output = xcalloc(1, OUTPUT_MAX);
	struct attach_program prog = {
		.argv = argv, .env = script->env, .stdio = { -1, -1, -1 }, .master = -1,
	};
	int64_t end = now_ms() + script->seconds * 1000LL;
	cleanup_close int input = -1;
	cleanup_close int pidfd = -1;
	int ends[2], status, ret;
	const char *last;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC)) {
		free(argv);
		return fail_errno(EXIT_SYSTEM, "Cannot make a pipe");
	}
	prog.stdio[STDOUT_FILENO] = prog.stdio[STDERR_FILENO] = ends[1];
	ret = open_input(script->input, &input);
	prog.stdio[STDIN_FILENO] = input;
	if (!ret)
		ret = attach_spawn(in, &prog, &pid);
	close(ends[1]);
	free(argv);
	if (!ret)
		ret = attach_watch(pid, &pidfd);
	if (!ret) {
		collect(ends[0], pidfd, end, output);
		ret = attach_wait(pid, pidfd, end, &status);
	}
	close(ends[0]);
	if (ret)
		return fail_wrap(ret, "%s", script->name);
	if (WIFSIGNALED(status))
		return fail(EXIT_COMMAND, "%s was killed by signal %d in the container",
			    script->name, WTERMSIG(status));
	if (!WEXITSTATUS(status)) {
		if (*output)
			say("%s", output);
		return 0;
	}
	last = strrchr(output, '\n');
	return fail(EXIT_COMMAND, "%s failed in the container with status %d%s%s", script->name,
		    WEXITSTATUS(status), *output ? ": " : "", last ? last + 1 : output);
}
