// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shapes.h"

static const struct shape *const all[] = {
	file_shapes, memory_shapes, process_shapes, socket_shapes, time_shapes, refused_shapes,
};

#define SHAPES_MAX	128

int many_processes;

static const char *name = "shapes";
static int result;
static bool amiss;

static void tell(const char *file, int line, const char *what)
{
	dprintf(result, "%s: %s:%d: %s (%s)\n", name, file, line, what, strerror(errno));
}

void shape_failed(const char *file, int line, const char *what)
{
	tell(file, line, what);
	_exit(2);
}

void shape_wrong(const char *file, int line, const char *what)
{
	tell(file, line, what);
	amiss = true;
}

void want_text(int fd, const char *text)
{
	size_t length = strlen(text), done = 0;
	char buf[256] = "";

	while (done < length) {
		ssize_t n = read(fd, buf + done, length - done);

		if (n <= 0)
			break;
		done += n;
	}
	want(done == length && memcmp(buf, text, length) == 0);
}

struct child child_start(int (*work)(void *arg), void *arg)
{
	struct child c;
	int ends[2];
	char byte;

	need(pipe(ends) == 0);
	c.go = ends[1];
	c.pid = fork();
	need(c.pid >= 0);
	if (c.pid == 0) {
		close(ends[1]);
		need(read(ends[0], &byte, 1) == 0);
		_exit(work(arg));
	}
	close(ends[0]);
	return c;
}

void child_go(struct child *c)
{
	close(c->go);
	c->go = -1;
}

int child_end(struct child *c)
{
	int status;

	if (c->go >= 0)
		child_go(c);
	if (waitpid(c->pid, &status, 0) != c->pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* Where it can make files. */
static void enter(const struct shape *s)
{
	name = s->name;
	need(mkdir(name, 0755) == 0 || errno == EEXIST);
	need(chdir(name) == 0);
}

static pid_t start(const struct shape *s, int go[2])
{
	int ready[2];
	char byte;
	pid_t pid;

	need(pipe(ready) == 0);
	pid = fork();
	need(pid >= 0);
	if (pid == 0) {
		close(go[1]);
		close(ready[0]);
		enter(s);
		s->set_up();
		need(write(ready[1], "r", 1) == 1);
		close(ready[1]);
		need(read(go[0], &byte, 1) == 0);
		s->look();
		_exit(amiss);
	}
	close(ready[1]);
	need(read(ready[0], &byte, 1) == 1);
	close(ready[0]);
	return pid;
}

static bool asked_for(const struct shape *s, char **names)
{
	if (!*names)
		return !s->asked;
	while (*names && strcmp(*names, s->name) != 0)
		names++;
	return *names;
}

static void finish(const struct shape *const *running, const pid_t *pids, int count)
{
	int status;

	for (int i = 0; i < count; i++) {
		name = running[i]->name;
		need(waitpid(pids[i], &status, 0) == pids[i]);
		/* of what it found itself it has told */
		if (!WIFEXITED(status))
			shape_wrong(__FILE__, __LINE__, "it was killed");
	}
	dprintf(result, "%d have looked\n", count);
	need(rename("result.new", "result") == 0);
}

/* By whom they are told to look. */
static void tell_ready(void)
{
	int fd = creat("ready.new", 0644);

	need(fd >= 0 && dprintf(fd, "%d\n", getpid()) > 0 && close(fd) == 0);
	need(rename("ready.new", "ready") == 0);
}

int main(int argc, char **argv)
{
	const struct shape *running[SHAPES_MAX];
	pid_t pids[SHAPES_MAX];
	int count = 0, sig, go[2];
	sigset_t set;

	if (argc < 3 || chdir(argv[1]))
		return 2;
	many_processes = atoi(argv[2]);
	result = open("result.new", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	need(result >= 0 && sigprocmask(SIG_BLOCK, &set, NULL) == 0 && pipe(go) == 0);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		for (const struct shape *s = all[i]; s->name; s++)
			if (asked_for(s, argv + 3)) {
				need(count < SHAPES_MAX);
				running[count] = s;
				pids[count++] = start(s, go);
			}
	tell_ready();
	need(sigwait(&set, &sig) == 0);
	close(go[1]);
	finish(running, pids, count);
	return 0;
}
