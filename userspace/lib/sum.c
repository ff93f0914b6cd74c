// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "sum.h"
#include "terminal.h"
#include "util.h"

/* What is read of a file at once. */
#define SUM_CHUNK	(1 << 18)

static void become(int in, int out, pid_t tool) __attribute__((noreturn));

static void become(int in, int out, pid_t tool)
{
	static const char *const argv[] = { "sha256sum", "-b", NULL };

	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != tool)
		_exit(127);
	execvp(argv[0], (char *const *)argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

int sum_begin(struct sum *sum)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };
	pid_t tool = getpid();

	*sum = (struct sum){ .in = -1, .out = -1 };
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC)) {
		fail_errno(EXIT_SYSTEM, "Cannot make a pipe");
		cleanup_close_fn(&in[0]);
		cleanup_close_fn(&in[1]);
		return EXIT_SYSTEM;
	}
	fflush(NULL);
	sum->pid = fork();
	if (sum->pid == 0)
		become(in[0], out[1], tool);
	close(in[0]);
	close(out[1]);
	sum->in = in[1];
	sum->out = out[0];
	if (sum->pid > 0)
		return 0;
	fail_errno(EXIT_SYSTEM, "Cannot fork");
	sum->pid = 0;
	close(sum->in);
	close(sum->out);
	return EXIT_SYSTEM;
}

int sum_add(struct sum *sum, const void *data, size_t len)
{
	return write_all(sum->in, data, len) ? fail_errno(EXIT_SYSTEM, "sha256sum failed") : 0;
}

int sum_end(struct sum *sum, char text[SUM_SIZE])
{
	ssize_t n;

	close(take_fd(&sum->in));
	memset(text, 0, SUM_SIZE);
	do
		n = read(sum->out, text, SUM_SIZE - 1);
	while (n < 0 && errno == EINTR);
	sum_drop(sum);
	/* a line of it comes whole */
	return n == SUM_SIZE - 1 ? 0 : fail(EXIT_SYSTEM, "sha256sum failed");
}

void sum_drop(struct sum *sum)
{
	if (sum->pid <= 0)
		return;
	/* or it would complain of what it cannot tell any more */
	kill(sum->pid, SIGKILL);
	cleanup_close_fn(&sum->in);
	cleanup_close_fn(&sum->out);
	while (waitpid(sum->pid, NULL, 0) < 0 && errno == EINTR)
		;
	*sum = (struct sum){ .in = -1, .out = -1 };
}

int sum_file(int fd, const char *what, char text[SUM_SIZE])
{
	cleanup_free char *data = xmalloc(SUM_CHUNK);
	cleanup_sum struct sum sum = {};
	struct stat st;
	off_t at = 0;
	ssize_t n = 0;
	int ret;

	if (fstat(fd, &st) || lseek(fd, 0, SEEK_SET))
		return fail_errno(EXIT_SYSTEM, "%s: cannot read it", what);
	ret = sum_begin(&sum);
	while (!ret && (n = pread(fd, data, SUM_CHUNK, at)) > 0) {
		at += n;
		progress_bytes(what, at, st.st_size);
		ret = sum_add(&sum, data, n);
	}
	progress_end();
	if (!ret && n < 0)
		ret = fail_errno(EXIT_SYSTEM, "%s: cannot read it", what);
	return ret ? ret : sum_end(&sum, text);
}
