// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "../lib/error.h"
#include "../lib/events.h"
#include "../lib/scx.h"
#include "../lib/util.h"
#include "cmd.h"

/* What the operator asked for. */
struct wish {
	uint32_t *ids;
	size_t count;	/* 0: all */
	bool json;
};

static const char *kind_name(const struct event *event)
{
	switch (event->kind) {
	case EVENT_LOST:
		return "events-lost";
	case EVENT_MODULE_GONE:
		return "module-unloaded";
	case EVENT_MODULE_HERE:
		return "module-loaded";
	case EVENT_SCHEDULER_HERE:
		return "scheduler-enabled";
	case EVENT_SCHEDULER_GONE:
		return "scheduler-disabled";
	case EVENT_SCHEDULER_EJECTED:
		return "scheduler-ejected";
	default:
		return event_name(event->what);
	}
}

static void print_text(const struct event *event, const char *when)
{
	int status = event->ct.exit_status;

	if (event->kind != EVENT_CONTAINER) {
		printf("%s - %s\n", when, kind_name(event));
		return;
	}
	printf("%s %u %s", when, event->ct.id, kind_name(event));
	if (event->what == CLOISON_EVENT_EXITED) {
		printf(" %s", event_reason(status));
		if (WIFEXITED(status))
			printf(" %d", WEXITSTATUS(status));
		else if (strcmp(event_reason(status), "signal") == 0)
			printf(" %d", WTERMSIG(status));
	}
	if (*event->ct.name)
		printf(" (%s)", event->ct.name);
	putchar('\n');
}

static void print_json(const struct event *event, const char *when)
{
	int status = event->ct.exit_status;
	json_t *line = json_pack("{s:s, s:s}", "time", when, "event", kind_name(event));

	if (event->kind == EVENT_CONTAINER) {
		json_object_set_new(line, "ctid", json_integer(event->ct.id));
		json_object_set_new(line, "name",
				    *event->ct.name ? json_string(event->ct.name) : json_null());
	}
	if (event->kind == EVENT_CONTAINER && event->what == CLOISON_EVENT_EXITED) {
		json_object_set_new(line, "reason", json_string(event_reason(status)));
		json_object_set_new(line, WIFEXITED(status) ? "status" : "signal",
				    json_integer(WIFEXITED(status) ? WEXITSTATUS(status) :
								     WTERMSIG(status)));
	}
	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(line);
}

static void print(const struct event *event, void *arg)
{
	const struct wish *wish = arg;
	bool wanted = !wish->count || event->kind != EVENT_CONTAINER;
	time_t now = time(NULL);
	char when[64];
	struct tm tm;

	for (size_t i = 0; i < wish->count; i++)
		wanted |= wish->ids[i] == event->ct.id;
	if (!wanted)
		return;
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S%z", localtime_r(&now, &tm));
	if (wish->json)
		print_json(event, when);
	else
		print_text(event, when);
	fflush(stdout);
}

/* To be ended, or to have no reader any more, is how this ends. */
static void leave(int sig)
{
	(void)sig;
	_exit(0);
}

/* It is in charge, and pinned, only some time after the kernel has told of it. */
#define SCHEDULER_MS	30000
#define LOOK_MS		200

/* Our scheduler came or went. */
static void look_at_scheduler(enum scx_state *was, struct wish *wish)
{
	struct event event = { .kind = EVENT_SCHEDULER_GONE };
	struct scx_status status;

	scx_look(&status);
	if (status.state == SCX_ON)
		event.kind = EVENT_SCHEDULER_HERE;
	else if (status.state == SCX_EJECTED)
		event.kind = EVENT_SCHEDULER_EJECTED;
	if (status.state != *was && (event.kind != EVENT_SCHEDULER_GONE || *was == SCX_ON))
		print(&event, wish);
	*was = status.state;
}

static int follow(struct wish *wish)
{
	int ret = events_open(true), scheduler = scx_listen();
	struct scx_status now;
	enum scx_state was;
	int64_t until = 0;

	signal(SIGINT, leave);
	signal(SIGTERM, leave);
	signal(SIGPIPE, leave);
	scx_look(&now);
	was = now.state;
	while (!ret) {
		struct pollfd pfds[] = {
			{ .fd = events_fd(), .events = POLLIN },
			{ .fd = STDOUT_FILENO },
			{ .fd = scheduler, .events = POLLIN },
		};

		if (poll(pfds, 3, now_ms() < until ? LOOK_MS : -1) < 0 && errno != EINTR)
			return fail_errno(EXIT_SYSTEM, "Cannot wait for events");
		if (pfds[1].revents & (POLLERR | POLLNVAL))
			return 0;
		if (pfds[2].revents && scx_drain(scheduler))
			until = now_ms() + SCHEDULER_MS;
		if (now_ms() < until)
			look_at_scheduler(&was, wish);
		if (pfds[0].revents)
			ret = events_read(print, wish);
	}
	return ret;
}

int cmd_events(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "follow", no_argument, NULL, 'f' },
		{}
	};
	cleanup_free uint32_t *ids = xcalloc(argc, sizeof(*ids));
	struct wish wish = { .ids = ids };
	int opt;

	while ((opt = getopt_long(argc, argv, "jf", options, NULL)) != -1) {
		if (opt == '?')
			return cmd_bad_option(argv);
		wish.json |= opt == 'j';
	}
	for (int i = optind; i < argc; i++) {
		cleanup_container struct container ct = CONTAINER_INIT;
		int ret = container_open(&ct, argv[i], NEED_NOTHING);

		if (ret)
			return ret;
		ids[wish.count++] = ct.id;
	}
	return follow(&wish);
}
