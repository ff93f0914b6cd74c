// SPDX-License-Identifier: GPL-2.0-only
/* The line between two hosts, and a peer that says what it should not, or nothing. */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
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

int main(void)
{
	statuses();
	silence();
	return tap_done();
}
