// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../lib/error.h"
#include "../lib/global.h"
#include "../lib/json.h"
#include "../lib/scx.h"
#include "../lib/util.h"
#include "cmd.h"

/* Seconds from a time of CLOCK_BOOTTIME until now. */
static int64_t age(uint64_t boot_ns)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec - (int64_t)(boot_ns / 1000000000);
}

static void when(uint64_t boot_ns, char *text, size_t size)
{
	time_t then = time(NULL) - age(boot_ns);
	struct tm tm;

	strftime(text, size, "%Y-%m-%dT%H:%M:%S%z", localtime_r(&then, &tm));
}

static const char *in_charge(const struct scx_status *s)
{
	return s->state == SCX_ON ? "cloison" : s->state == SCX_FOREIGN ? s->name : "kernel";
}

static const char *state_name(const struct scx_status *s)
{
	static const char *const names[] = {
		[SCX_MISSING] = "unsupported", [SCX_OFF] = "disabled", [SCX_FOREIGN] = "foreign",
		[SCX_ON] = "enabled", [SCX_EJECTED] = "ejected",
	};

	return names[s->state];
}

static int64_t retry_in(const struct scx_status *s)
{
	int64_t at = scx_retry_at(s), now = now_ms();

	return at > now ? (at - now + 999) / 1000 : 0;
}

static int add_containers(json_t *out)
{
	cleanup_free struct scx_container *list = NULL;
	json_t *array = json_array();
	size_t count;
	int ret = scx_containers(&list, &count);

	for (size_t i = 0; i < count; i++) {
		const struct scx_container *c = &list[i];
		json_t *one = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:I, s:I, s:s}",
					"ctid", (int)c->id, "weight", (int)c->weight,
					"running", (int)c->running,
					"waiting", (int)c->waiting, "cpus", (int)c->cpus,
					"most_cpus", (int)c->most,
					"throttled_us", (json_int_t)c->throttled_us,
					"throttles", (json_int_t)c->throttles,
					"policy", scx_policy_name(c->policy));

		json_array_append_new(array, one);
	}
	json_object_set_new(out, "containers", array);
	return ret;
}

static int status_json(const struct scx_status *s)
{
	json_t *out = json_pack("{s:s, s:s}", "in_charge", in_charge(s), "state", state_name(s));
	char text[64];

	if (s->state == SCX_ON)
		json_object_set_new(out, "other_version", json_boolean(s->other));
	if (s->state == SCX_ON && s->since) {
		when(s->since, text, sizeof(text));
		json_object_set_new(out, "since", json_string(text));
	}
	json_object_set_new(out, "ejections", json_integer(s->ejections));
	if (s->ended) {
		when(s->ended, text, sizeof(text));
		json_object_set_new(out, "ejected", json_string(text));
		json_object_set_new(out, "reason", json_text(s->reason));
		json_object_set_new(out, "message", json_text(s->message));
	}
	if (s->state == SCX_EJECTED)
		json_object_set_new(out, "retry_in", json_integer(retry_in(s)));
	if (s->state == SCX_ON && !s->other) {
		int ret = add_containers(out);

		if (ret) {
			json_decref(out);
			return ret;
		}
	}
	return json_print(out);
}

static void status_text(const struct scx_status *s)
{
	char text[64];

	printf("in charge: %s (%s)\n", in_charge(s), state_name(s));
	if (s->state == SCX_ON && s->since) {
		when(s->since, text, sizeof(text));
		printf("since: %s\n", text);
	}
	if (s->other)
		printf("another version's, to be replaced by: " SCX_REPLACE "\n");
	if (s->ended) {
		when(s->ended, text, sizeof(text));
		printf("ejected: %s, %u in a row\nreason: %s%s%s\n", text, s->ejections, s->reason,
		       *s->message ? ": " : "", s->message);
	}
	if (s->state == SCX_EJECTED)
		printf("tried again in: %" PRId64 " s, if cloisonctl watch runs\n", retry_in(s));
}

/* Who asks because something is to be done about it sees it in the exit status. */
static int sched_status(bool json)
{
	struct scx_status s;
	int ret = 0;

	scx_look(&s);
	if (json)
		ret = status_json(&s);
	else
		status_text(&s);
	if (ret || s.state != SCX_EJECTED)
		return ret;
	return fail(EXIT_KERNEL, "The scheduler was ejected");
}

static int sched_enable(bool automatic)
{
	struct scx_status s;
	int ret;

	scx_look(&s);
	if (automatic && (!global.sched_auto || s.state == SCX_MISSING)) {
		say("The kernel's group scheduling is in charge");
		return 0;
	}
	ret = scx_enable();
	if (!ret)
		say("The scheduler is in charge");
	return ret;
}

int cmd_sched(int argc, char **argv)
{
	static const struct option options[] = {
		{ "auto", no_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'j' },
		{}
	};
	bool automatic = false, json = false;
	const char *what = argc > 1 ? argv[1] : "";
	int opt, ret;

	while (argc > 1 && (opt = getopt_long(argc - 1, argv + 1, "", options, NULL)) != -1) {
		if (opt == '?')
			return cmd_bad_option(argv);
		automatic |= opt == 'a';
		json |= opt == 'j';
	}
	if (argc > 1) {
		ret = cmd_no_more(argc - 1, argv + 1);
		if (ret)
			return ret;
	}
	if (strcmp(what, "enable") == 0 && !json)
		return sched_enable(automatic);
	if (strcmp(what, "status") == 0 && !automatic)
		return sched_status(json);
	if (strcmp(what, "disable") != 0 || json || automatic)
		return fail(EXIT_BAD_OPTION,
			    "Usage: cloisonctl sched enable [--auto] | disable | status [--json]");
	ret = scx_disable();
	if (!ret)
		say("The kernel's group scheduling is in charge");
	return ret;
}
