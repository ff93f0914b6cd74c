// SPDX-License-Identifier: GPL-2.0-only
/* The line between two hosts, and a peer that says what it should not, or nothing. */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "error.h"
#include "status.h"
#include "tap.h"

static struct channel ours;
static int theirs;

static void open_line(void)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		_exit(1);
	channel_open(&ours, ends[0], ends[0], "peer");
	theirs = ends[1];
}

static void close_line(void)
{
	channel_close(&ours);
	close(theirs);
}

/* What channel_wait() makes of such a reply. */
static int hear(const char *reply)
{
	unsigned int head[] = { htonl(strlen(reply)), htonl(2) };
	int ret;

	open_line();
	if (write(theirs, head, sizeof(head)) < 0 || write(theirs, reply, strlen(reply)) < 0)
		_exit(1);
	ret = channel_wait(&ours, NULL);
	close_line();
	return ret;
}

static void statuses(void)
{
	ok(hear("{\"status\":0}") == 0, "success");
	ok(hear("{\"status\":20,\"text\":\"busy\"}") == 20, "a status");
	ok(strcmp(error_text(), "peer: busy") == 0, "with its text: %s", error_text());
	ok(hear("{\"status\":256}") == MIGRATE_VERSION, "one that would exit as 0");
	ok(hear("{\"status\":4294967296}") == MIGRATE_VERSION, "one that is 0 as an int");
	ok(hear("{\"status\":-1}") == MIGRATE_VERSION, "less than none");
	ok(hear("{\"status\":\"0\"}") == MIGRATE_VERSION, "text");
	ok(hear("{}") == MIGRATE_VERSION, "none");
	ok(hear("[]") == MIGRATE_CONNECT, "no object");
}

static void silence(void)
{
	char byte[4096] = {};

	open_line();
	ours.patience = 1;
	ok(channel_call(&ours, "check", NULL, NULL) == MIGRATE_CONNECT, "silence is an error");
	ok(strstr(error_text(), "timed out"), "it says so: %s", error_text());
	ok(ours.broken, "and the line counts no more");
	close_line();

	open_line();
	ours.patience = 1;
	while (send(ours.out, byte, sizeof(byte), MSG_DONTWAIT) > 0)
		;
	ok(channel_ask(&ours, "check", NULL) == MIGRATE_CONNECT, "and who does not read");
	close_line();

	open_line();
	ours.broken = true;
	ok(channel_wait(&ours, NULL) == MIGRATE_CONNECT, "who was interrupted does not wait");
	close_line();
}

/* What channel_tunnel() makes of a peer that takes nothing of @length bytes, and says nothing. */
static int copy(size_t length, bool urgent)
{
	static const char bytes[4096];
	int ends[2], ret;

	open_line();
	ours.patience = 100;
	ours.urgent = urgent;
	while (length && send(ours.out, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	if (pipe(ends) || write(ends[1], bytes, length) != (ssize_t)length)
		_exit(1);
	/* it is not at its end */
	ret = channel_tunnel(&ours, ends[0], -1);
	close(ends[1]);
	close_line();
	return ret;
}

/* It says END when there has been nothing to say for longer than there is patience. */
static int pause_tunnel(void)
{
	unsigned int end[] = { 0, htonl(4) };
	int ends[2], ret;
	pid_t pid;

	open_line();
	ours.patience = 100;
	if (pipe(ends))
		_exit(1);
	pid = fork();
	if (pid == 0) {
		usleep(500000);
		_exit(write(theirs, end, sizeof(end)) < 0);
	}
	ret = channel_tunnel(&ours, ends[0], -1);
	waitpid(pid, NULL, 0);
	close(ends[1]);
	close_line();
	return ret;
}

static void stillness(void)
{
	ok(copy(1, false) == MIGRATE_CONNECT, "who takes nothing of what is copied");
	ok(strstr(error_text(), "timed out"), "it says so: %s", error_text());
	ok(copy(0, true) == MIGRATE_CONNECT, "who is still when it is urgent");
	ok(strstr(error_text(), "timed out"), "it says so: %s", error_text());
	ok(pause_tunnel() == 0, "else that is no matter");
}

int main(void)
{
	statuses();
	silence();
	stillness();
	return tap_done();
}
