// SPDX-License-Identifier: GPL-2.0-only
/* The target's side of a session: what the source asks, one by one. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../checkpoint/checkpoint.h"
#include "../lib/action.h"
#include "../lib/error.h"
#include "../lib/global.h"
#include "../lib/log.h"
#include "../lib/private.h"
#include "../lib/template.h"
#include "../lib/util.h"
#include "../storage/layout.h"
#include "channel.h"
#include "checks.h"
#include "files.h"
#include "hello.h"
#include "images.h"
#include "offer.h"
#include "status.h"
#include "target.h"

struct session {
	struct channel ch;
	struct container ct;
	struct offer offer;
	struct journal j;
	char *node;		/* what the source calls itself */
	struct container coming;	/* its files, as far as they have come */
	bool locked, checked;
	bool decided;		/* it became ours by this very commit */
};

static int wrong_order(void)
{
	return fail(MIGRATE_VERSION, "That was not to be asked now");
}

/* A process that receives; an id may have been given to another since. */
static bool is_receiver(pid_t pid)
{
	cleanup_free char *path = xasprintf("/proc/%d/cmdline", (int)pid);
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	/* it may be one word without an end, or what its process has written over it */
	char line[4096] = "";
	ssize_t len = fd < 0 ? -1 : read(fd, line, sizeof(line) - 2);

	return len > 0 && strcmp(line + strlen(line) + 1, "migrate-receive") == 0;
}

/* One whose line was cut does not know it yet. It holds up the same source, who calls again. */
static void dismiss(uint32_t ctid, const char *id)
{
	cleanup_journal struct journal j = {};

	if (journal_read(ctid, &j) == 0 && strcmp(j.id, id) == 0 && j.receiver != getpid() &&
	    (j.state == JOURNAL_RECEIVING || j.state == JOURNAL_READY) && j.receiver &&
	    is_receiver(j.receiver))
		kill(j.receiver, SIGKILL);
	error_clear();
}

#define PATIENCE_MS	60000

static int lock_place(struct session *s, uint32_t ctid, const char *id)
{
	int64_t end = now_ms() + PATIENCE_MS;
	int ret;

	if (s->locked && s->ct.id != ctid)
		return wrong_order();
	if (s->locked)
		return 0;
	log_about(ctid);
	ret = container_open_id(&s->ct, ctid, NEED_GOOD_OR_NONE);
	if (ret)
		return fail_wrap(MIGRATE_CONFIG, "Container %u", ctid);
	ret = container_lock_as_is(&s->ct);
	while (ret == EXIT_LOCKED && id && now_ms() < end) {
		dismiss(ctid, id);
		sleep_ms(50);
		ret = container_lock_as_is(&s->ct);
	}
	if (ret)
		return ret == EXIT_LOCKED ? MIGRATE_LOCKED : MIGRATE_CONFIG;
	error_clear();
	s->locked = true;
	return 0;
}

static int on_hello(struct session *s, const json_t *body, json_t **reply)
{
	const char *node = json_string_value(json_object_get(body, "node"));

	free(s->node);
	s->node = xstrdup(node && *node ? node : "the source");
	*reply = hello_ours();
	return 0;
}

/* What an earlier attempt or a killed command left in this place. */
static int clear_place(struct session *s)
{
	int ret = journal_read(s->ct.id, &s->j);

	if (ret)
		return MIGRATE_CONFIG;
	switch (s->j.state) {
	case JOURNAL_RECEIVING:
		ret = target_undo(&s->ct, &s->j);
		break;
	case JOURNAL_RETURNING:
		ret = target_return(&s->ct, &s->j);
		break;
	case JOURNAL_GIVEN:
	case JOURNAL_READY:
		journal_refuses(s->ct.id);
		return MIGRATE_LOCKED;
	default:
		break;
	}
	journal_free(&s->j);
	if (!ret)
		ret = private_settle(&s->ct);
	return ret ? MIGRATE_CONFIG : 0;
}

static int on_check(struct session *s, json_t *body, json_t **reply)
{
	int ret = offer_read(body, &s->offer);

	(void)reply;
	if (!ret)
		ret = lock_place(s, s->offer.ctid, NULL);
	if (!ret)
		ret = clear_place(s);
	if (!ret)
		ret = checks_run(&s->ct, &s->offer);
	s->checked = !ret;
	return ret;
}

static int begin_files(struct session *s, uint32_t *base)
{
	cleanup_free char *staging = private_staging(&s->ct);
	const struct layout *layout = s->offer.layout;
	cleanup_free char *archive = NULL;
	int ret;

	offer_apply(&s->offer, &s->ct);
	ret = private_begin(&s->ct);
	if (!ret)
		ret = container_ids(&s->ct, base);
	if (!ret && s->offer.fresh)
		ret = private_make_fresh(staging, EXIT_CREATE);
	if (!ret && layout == &layout_overlay)
		ret = template_find(conf_get(s->ct.conf, "OSTEMPLATE") ?: "", &archive);
	if (ret)
		return ret;
	s->coming = s->ct;
	s->coming.private = xstrdup(staging);
	s->coming.layout = layout;
	s->coming.fs = xasprintf("%s/%s", staging, layout->files);
	return layout->create(&s->coming, staging, archive);
}

static void forget_coming(struct session *s)
{
	free(s->coming.private);
	free(s->coming.fs);
	s->coming = (struct container){};
}

static int on_prepare(struct session *s, const json_t *body, json_t **reply)
{
	const char *id = json_string_value(json_object_get(body, "id"));
	uint32_t base = 0;
	int ret;

	if (!s->checked || s->j.state || !id || strlen(id) != JOURNAL_ID_LEN)
		return wrong_order();
	if (journal_keep(s->ct.id))
		return MIGRATE_CONFIG;
	s->j = (struct journal){
		.state = JOURNAL_RECEIVING, .peer = xstrdup(s->node), .receiver = getpid(),
		.running = s->offer.running, .live = s->offer.live,
	};
	strcpy(s->j.id, id);
	ret = journal_write(s->ct.id, &s->j);
	if (!ret)
		ret = begin_files(s, &base);
	*reply = json_pack("{s:I}", "base", (json_int_t)base);
	return ret ? MIGRATE_CONFIG : 0;
}

static int on_files(struct session *s, const json_t *body)
{
	uint32_t base;

	if (s->j.state != JOURNAL_RECEIVING || !s->coming.fs || container_ids(&s->ct, &base)) {
		/* it sends already, and cannot be answered before that has ended */
		s->ch.broken = true;
		return wrong_order();
	}
	return files_receive(&s->ch, body, &s->coming, base);
}

static int on_images(struct session *s, const json_t *body)
{
	if (s->j.state != JOURNAL_RECEIVING || !s->j.live) {
		s->ch.broken = true;
		return wrong_order();
	}
	return images_receive(&s->ch, body, s->ct.id, s->offer.memory);
}

/* Frozen and on hold: it does not run before it is ours. */
static int restore(struct session *s)
{
	cleanup_free char *path = images_path(s->ct.id, "dump");

	/* the source has its addresses still */
	global.skip_arpdetect = true;
	return checkpoint_undump(&s->ct, path, s->offer.force) ?
		checkpoint_keep_log(&s->ct, path, "restore.log", MIGRATE_START) : 0;
}

static int on_ready(struct session *s)
{
	int ret;

	if (s->j.state != JOURNAL_RECEIVING || !s->coming.fs)
		return wrong_order();
	ret = action_write(&s->ct, s->offer.scripts);
	/* one of its own is written by its own */
	if (!ret && s->coming.layout->own_fs)
		ret = files_sync(&s->coming);
	forget_coming(s);
	if (!ret)
		ret = private_finish(&s->ct);
	if (ret)
		return MIGRATE_COPY;
	container_paths(&s->ct);
	if (s->j.live && restore(s))
		return MIGRATE_START;
	s->j.state = JOURNAL_READY;
	ret = journal_write(s->ct.id, &s->j);
	/* whether that is on disk nobody knows: it is not, for the source */
	return ret ? MIGRATE_COPY : 0;
}

/* Take up what was begun in another session, which ended. */
static int take_up(struct session *s, const json_t *body, bool *known)
{
	const char *id = json_string_value(json_object_get(body, "id"));
	json_int_t ctid = json_integer_value(json_object_get(body, "ctid"));
	int ret;

	if (!id || ctid <= 0 || ctid > CLOISON_ID_MAX)
		return wrong_order();
	ret = lock_place(s, ctid, id);
	if (ret)
		return ret;
	journal_free(&s->j);
	ret = journal_read(s->ct.id, &s->j);
	*known = !ret && s->j.state && strcmp(s->j.id, id) == 0;
	return ret ? MIGRATE_CONFIG : 0;
}

static json_t *word(const char *state, const char *text)
{
	return json_pack("{s:s, s:s*}", "state", state, "why", text);
}

/*
 * It could not be started. Only who has just made it ours may give it back, and has thawed
 * nothing: otherwise it may have run here, and what it did would be lost.
 */
static int give_back(struct session *s, bool may_have_run, json_t **reply)
{
	cleanup_free char *why = xstrdup(error_text());

	if (s->decided && !may_have_run && target_return(&s->ct, &s->j))
		warn("%s", error_text());
	/* then nothing is said: who asks again finds what is in force */
	s->ch.broken = !s->j.state;
	*reply = word(s->j.state == JOURNAL_OWNED ? "owned" : "returned", why);
	return 0;
}

/* The source has its processes still, if it has not heard of us before. */
static int activate(struct session *s, bool *may_have_run)
{
	*may_have_run = false;
	if (s->decided && target_lost(&s->ct, &s->j))
		return fail(MIGRATE_START, "Its processes ended before they could run");
	return target_activate(&s->ct, &s->j, may_have_run);
}

/* It may have gone on from here since: what became of that attempt is true all the same. */
static json_t *word_of_another(const struct session *s, const json_t *body)
{
	const char *id = json_string_value(json_object_get(body, "id"));

	switch (journal_kept(s->ct.id, id)) {
	case JOURNAL_OWNED:
		return word("owned", NULL);
	case JOURNAL_RETURNED:
		return word("returned", NULL);
	default:
		return word("unknown", NULL);
	}
}

static int on_commit(struct session *s, const json_t *body, json_t **reply)
{
	bool known, may_have_run;
	int ret = take_up(s, body, &known);

	if (ret)
		return ret;
	s->decided = false;
	if (known && s->j.state == JOURNAL_OWNED && journal_sync(s->ct.id))
		return MIGRATE_COPY;
	if (known && s->j.state == JOURNAL_READY) {
		ret = target_own(&s->ct, &s->j);
		if (ret)
			return MIGRATE_COPY;
		s->decided = true;
	}
	if (known && s->j.state == JOURNAL_OWNED) {
		if (activate(s, &may_have_run))
			return give_back(s, may_have_run, reply);
		*reply = word("owned", NULL);
	} else if (known && s->j.state >= JOURNAL_RETURNING) {
		*reply = word("returned", NULL);
		if (s->j.state == JOURNAL_RETURNING)
			ret = target_return(&s->ct, &s->j);
	} else {
		*reply = word_of_another(s, body);
	}
	return ret ? MIGRATE_COPY : 0;
}

static int on_abort(struct session *s, const json_t *body, json_t **reply)
{
	bool known;
	int ret = take_up(s, body, &known);

	forget_coming(s);
	if (ret)
		return ret;
	if (known && (s->j.state == JOURNAL_RECEIVING || s->j.state == JOURNAL_READY)) {
		ret = target_undo(&s->ct, &s->j);
		journal_free(&s->j);
		known = false;
	}
	*reply = word(known && s->j.state == JOURNAL_OWNED ? "owned" : "unknown", NULL);
	return ret ? MIGRATE_COPY : 0;
}

static int serve_one(struct session *s, const char *verb, json_t *body)
{
	json_t *reply = NULL;
	int ret;

	if (strcmp(verb, "files") == 0)
		return on_files(s, body);
	if (strcmp(verb, "images") == 0)
		return on_images(s, body);
	if (strcmp(verb, "hello") == 0)
		ret = on_hello(s, body, &reply);
	else if (!s->node)
		ret = wrong_order();
	else if (strcmp(verb, "check") == 0)
		ret = on_check(s, body, &reply);
	else if (strcmp(verb, "prepare") == 0)
		ret = on_prepare(s, body, &reply);
	else if (strcmp(verb, "ready") == 0)
		ret = on_ready(s);
	else if (strcmp(verb, "commit") == 0)
		ret = on_commit(s, body, &reply);
	else if (strcmp(verb, "abort") == 0)
		ret = on_abort(s, body, &reply);
	else
		ret = fail(MIGRATE_VERSION, "%s is not known here", verb);
	ret = channel_answer(&s->ch, ret, error_text(), reply);
	error_clear();
	return ret;
}

int target_serve(int in, int out)
{
	struct session s = { .ct = CONTAINER_INIT };
	int ret = 0;

	channel_open(&s.ch, in, out, "the source");
	while (!ret) {
		cleanup_json json_t *body = NULL;
		const char *verb;

		ret = channel_hear(&s.ch, &verb, &body);
		if (!ret)
			ret = serve_one(&s, verb, body);
	}
	error_clear();
	forget_coming(&s);
	/* it hung up, or was cut off. READY: only the source knows now */
	if (s.j.state == JOURNAL_RECEIVING)
		ret = target_undo(&s.ct, &s.j);
	else
		ret = s.j.state == JOURNAL_READY ? target_wait(&s.ct, &s.j) : 0;
	channel_close(&s.ch);
	container_close(&s.ct);
	offer_free(&s.offer);
	journal_free(&s.j);
	free(s.node);
	return ret;
}
