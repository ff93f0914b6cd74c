// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/cleanup.h"
#include "../lib/error.h"
#include "../lib/util.h"
#include "hello.h"
#include "ssh.h"
#include "status.h"

#define ARGUMENTS_MAX	64

/*
 * A line that is cut ssh(1) notices. A peer that is there and says nothing: the first word
 * takes what a login does; a large container may be undone, or got to disk, meanwhile.
 */
#define HELLO_MS	120000
#define ANSWER_MS	900000
/* It has ended when the peer has, who still has the lock. */
#define END_MS		60000

/*
 * A signal from the terminal is the tool's to obey: it says good-bye first. ssh(1) leaves
 * alone what it finds ignored, and ends when its input does.
 */
static void become_ssh(const char *const argv[], int in, int out)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(127);
	execvp(argv[0], (char *const *)argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int spawn(struct ssh *ssh, const char *const argv[], const char *host)
{
	int to[2], from[2];

	if (pipe2(to, O_CLOEXEC))
		return fail_errno(MIGRATE_CONNECT, "Cannot make a pipe");
	if (pipe2(from, O_CLOEXEC)) {
		close(to[0]);
		close(to[1]);
		return fail_errno(MIGRATE_CONNECT, "Cannot make a pipe");
	}
	/* a line that breaks is an error like others */
	signal(SIGPIPE, SIG_IGN);
	fflush(NULL);
	ssh->pid = fork();
	if (ssh->pid == 0)
		become_ssh(argv, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	channel_open(&ssh->ch, from[0], to[1], host);
	return ssh->pid < 0 ? fail_errno(MIGRATE_CONNECT, "Cannot fork") : 0;
}

/* Its wait status, at most @ms from now. */
static int end(struct ssh *ssh, int64_t ms)
{
	int64_t until = now_ms() + ms;
	int status = 0;

	channel_close(&ssh->ch);
	while (ssh->pid > 0 && waitpid(ssh->pid, &status, WNOHANG) == 0) {
		if (now_ms() >= until)
			kill(ssh->pid, SIGKILL);
		sleep_ms(10);
	}
	ssh->pid = 0;
	return status;
}

/* What the first word that comes back tells of a line that ends at once. */
static int explain(struct ssh *ssh, const char *host)
{
	int status = end(ssh, 5000);

	if (WIFEXITED(status) && WEXITSTATUS(status) == 255)
		return fail(MIGRATE_CONNECT,
			    "Cannot connect to %s: root here must be able to say \"ssh %s\" without being asked for a password",
			    host, host);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return fail(MIGRATE_NOT_RUNNING, "There is no cloisonctl on %s", host);
	return fail_wrap(MIGRATE_CONNECT, "Cannot speak to Cloison on %s", host);
}

int ssh_open(struct ssh *ssh, const char *host, const char *options, bool compress,
	     json_t **hello)
{
	/*
	 * A link that is cut is to be noticed, but not one that comes back after some seconds:
	 * by then TCP waits as long again. What is said first counts in ssh(1).
	 */
	static const char *const ours[] = {
		"-T", "-oBatchMode=yes", "-oConnectTimeout=15", "-oServerAliveInterval=5",
		"-oServerAliveCountMax=5", "-oForwardAgent=no", "-oClearAllForwardings=yes",
	};
	cleanup_free char *copy = xstrdup(options ? options : "");
	const char *argv[ARGUMENTS_MAX + ARRAY_SIZE(ours) + 8];
	char *rest = copy, *word;
	size_t n = 0;
	int ret;

	*ssh = (struct ssh){ .ch = { .in = -1, .out = -1 } };
	if (!*host || *host == '-')
		return fail(MIGRATE_USAGE, "Bad host name %s", host);
	argv[n++] = "ssh";
	while (n < ARGUMENTS_MAX && (word = strsep(&rest, " ")))
		if (*word)
			argv[n++] = word;
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		argv[n++] = ours[i];
	if (compress)
		argv[n++] = "-C";
	argv[n++] = "--";
	argv[n++] = host;
	argv[n++] = "cloisonctl migrate-receive";
	argv[n] = NULL;
	ret = spawn(ssh, argv, host);
	if (ret)
		return ret;
	ssh->ch.patience = HELLO_MS;
	ret = hello_exchange(&ssh->ch, hello);
	ssh->ch.patience = ANSWER_MS;
	return ret == MIGRATE_CONNECT ? explain(ssh, host) : ret;
}

void ssh_close(struct ssh *ssh)
{
	/* a dead line keeps it waiting */
	end(ssh, ssh->ch.broken ? 0 : END_MS);
}
