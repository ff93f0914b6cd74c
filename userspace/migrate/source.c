// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../checkpoint/checkpoint.h"
#include "../lib/suspended.h"
#include "../lib/cgroup.h"
#include "../lib/error.h"
#include "../lib/halt.h"
#include "../lib/launch.h"
#include "../lib/names.h"
#include "../lib/private.h"
#include "../lib/util.h"
#include "../net/network.h"
#include "../storage/snapshot.h"
#include "files.h"
#include "hello.h"
#include "images.h"
#include "live.h"
#include "offer.h"
#include "report.h"
#include "settle.h"
#include "source.h"
#include "status.h"

struct migration {
	const struct migrate_options *o;
	struct container ct;
	struct journal j;
	struct ssh ssh;
	struct report report;
	uint32_t base;
	struct moment pass;	/* over its files: the last one began then, while it ran */
	struct last_pass last;	/* is prepared for */
	bool changed_files;	/* the target takes a pass over some of them */
	bool plain_images;	/* and images that are not compressed */
	bool running;
	int outcome;		/* of hand_over(), for live_dump() does more after it */
	char *why;		/* of that */
	char *why_not;		/* it is theirs, and does not run */
};

static struct migration *shown;

static void show_progress(struct channel *ch)
{
	report_progress(&shown->report, ch);
}

static void step(struct migration *m, const char *name, bool down)
{
	report_step(&m->report, &m->ssh.ch, name, down);
}

/*
 * Who interrupts the tool gets the container back: so it goes on to the next step and
 * finds the line broken. After the container was given nothing can be interrupted.
 */
static struct channel *interruptible;

static void interrupt(int sig)
{
	(void)sig;
	if (interruptible)
		interruptible->broken = true;
}

static void take_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = interrupt };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &sa, NULL);
}

int source_open(struct container *ct, const char *arg)
{
	if (!container_open(ct, arg, NEED_GOOD_OR_NONE))
		return 0;
	/* one whose file cannot be read is there */
	return ct->conf_path ? MIGRATE_CONFIG : MIGRATE_NOT_EXIST;
}

static int look(struct migration *m)
{
	struct kernel_container kc;
	int ret = source_open(&m->ct, m->o->ctid);

	if (ret)
		return ret;
	ret = container_lock_as_is(&m->ct);
	if (ret)
		return ret == EXIT_LOCKED ? MIGRATE_LOCKED : MIGRATE_CONFIG;
	ret = settle_before(&m->ct, m->o->host);
	if (ret)
		return ret;
	if (container_settle(&m->ct))
		return MIGRATE_STOP;
	if (!container_exists(&m->ct))
		return fail(MIGRATE_NOT_EXIST, "Container %u does not exist", m->ct.id);
	ret = kernel_look(m->ct.id, &kc);
	if (!ret)
		ret = container_ids(&m->ct, &m->base);
	if (ret)
		return MIGRATE_CONFIG;
	m->running = kernel_runs(&kc);
	ret = suspended_refuse(&m->ct, MIGRATE_STOP);
	if (!ret)
		ret = snapshots_refuse(&m->ct, MIGRATE_STOP);
	/* it would be thawed, there or here */
	if (!ret)
		ret = checkpoint_refuse_staged(&m->ct, MIGRATE_STOP);
	if (ret)
		return ret;
	if (m->o->live && !m->running)
		return fail(MIGRATE_STOPPED,
			    "Container is not running: leave --live out, and it is migrated as it is");
	if (!m->running && container_mounted(&m->ct) && !kc.id && !cgroup_exists(m->ct.id))
		return fail(MIGRATE_STOP, "Container is mounted: cloisonctl umount %u",
			    m->ct.id);
	return 0;
}

static int ask(struct migration *m)
{
	cleanup_json json_t *hello = NULL;
	json_t *offer;
	int ret;

	step(m, "checks", false);
	ret = ssh_open(&m->ssh, m->o->host, m->o->ssh, m->o->compress, &hello);
	if (ret)
		return ret;
	m->ssh.ch.rate = m->o->rate;
	m->ssh.ch.progress = show_progress;
	m->changed_files = hello_can(hello, "changed-files");
	m->plain_images = hello_can(hello, "plain-images");
	if (m->o->live && !hello_can(hello, "live"))
		return fail(MIGRATE_VERSION, "%s cannot take it over while it runs",
			    m->o->host);
	if (m->o->live && checkpoint_possible(&m->ct))
		return MIGRATE_STOP;
	ret = offer_make(&m->ct, m->base, m->running, m->o->live, m->o->force, &offer);
	return ret ? ret : channel_call(&m->ssh.ch, "check", offer, NULL);
}

/* It runs, so they are there. */
static int sync_files(const struct migration *m)
{
	return sync_file_system(m->ct.root) ?
	       fail_errno(MIGRATE_COPY, "Cannot sync %s", m->ct.root) : 0;
}

/* While it runs; what changes meanwhile is for copy_last(). */
static int copy_files(struct migration *m, bool first)
{
	int ret;

	step(m, "files", false);
	changed_begin(&m->pass);
	/* what is written to a page after that notes a time, too */
	ret = sync_files(m);
	return ret ? ret : files_send(&m->ssh.ch, &m->ct, m->base, &m->pass, first);
}

/* It stands still: nothing may be amiss. */
static int copy_last(void *arg, bool again)
{
	struct migration *m = arg;

	step(m, "last files", true);
	if (!m->changed_files)
		m->pass = (struct moment){};
	return files_send_changed(&m->ssh.ch, &m->ct, m->base, &m->pass, again, &m->last);
}

static void forget_last(void *arg)
{
	struct migration *m = arg;

	files_forget(&m->ssh.ch, &m->last);
}

/* What has come there becomes a container that waits: READY. */
static int make_ready(struct migration *m)
{
	step(m, m->o->live ? "restore" : "to disk", true);
	return channel_call(&m->ssh.ch, "ready", NULL, NULL);
}

static int prepare(struct migration *m)
{
	if (journal_keep(m->ct.id))
		return MIGRATE_CONFIG;
	m->j = (struct journal){
		.state = JOURNAL_SENDING, .peer = xstrdup(m->o->host),
		.ssh = m->o->ssh ? xstrdup(m->o->ssh) : NULL, .running = m->running,
		.live = m->o->live, .keep = m->o->keep,
	};
	random_digits(m->j.id, JOURNAL_ID_LEN);
	if (journal_write(m->ct.id, &m->j))
		return MIGRATE_CONFIG;
	return channel_call(&m->ssh.ch, "prepare", json_pack("{s:s}", "id", m->j.id), NULL);
}

/* All that can be done while it is ours. */
static int transfer(struct migration *m)
{
	int ret;

	say("Copying files to %s", m->o->host);
	if (!m->running) {
		step(m, "files", true);
		ret = files_send(&m->ssh.ch, &m->ct, m->base, NULL, true);
	} else {
		ret = copy_files(m, true);
	}
	if (!ret && m->running && !m->o->live) {
		say("Stopping container ...");
		step(m, "stop", true);
		/* it would be down for longer */
		m->ssh.ch.rate = 0;
		ret = halt_container(&m->ct, false, true) ? MIGRATE_STOP :
		      copy_last(m, false);
	}
	return ret || m->o->live ? ret : make_ready(m);
}

/* See on_taken(). */
static int thaw(struct container *ct)
{
	struct kernel_container kc;
	int ret = kernel_get(ct->id, &kc);

	/* what of its network cannot be mended now is mended later */
	if (!ret && network_again(ct->id, kc.init)) {
		warn("%s", error_text());
		error_clear();
	}
	return ret ? ret : checkpoint_resume(ct);
}

int source_recover(struct container *ct, struct journal *j)
{
	struct kernel_container kc;
	int ret;

	/* frozen by who was cut off */
	ret = checkpoint_settle(ct);
	if (!ret && checkpoint_staged(ct))
		ret = thaw(ct);
	images_remove(ct->id);
	if (ret || !j->running)
		return ret;
	ret = kernel_get(ct->id, &kc);
	if (!ret && !kernel_runs(&kc))
		ret = launch(ct, false, NULL);
	/* a note that stays says what is true now: who stops it from here on means it */
	if (!ret)
		journal_forget_running(ct->id);
	return ret;
}

int source_tell(uint32_t ctid, const struct journal *j, struct ssh *ssh)
{
	cleanup_json json_t *reply = NULL;
	const char *state;
	int ret = channel_call(&ssh->ch, "abort", json_pack("{s:i, s:s}", "ctid", (int)ctid,
							    "id", j->id), &reply);

	if (ret)
		return ret;
	state = json_string_value(json_object_get(reply, "state"));
	if (state && strcmp(state, "owned") == 0)
		return fail(MIGRATE_EXISTS,
			    "%s was told to take container %u over: decide with cloisonctl migrate --resolve, or destroy one of them",
			    j->peer, ctid);
	return 0;
}

int source_undo(struct container *ct, struct journal *j, struct ssh *ssh)
{
	int ret = source_recover(ct, j);

	if (ret)
		return fail_wrap(MIGRATE_START, "Container %u", ct->id);
	if (ssh->ch.broken) {
		ssh_close(ssh);
		ret = ssh_open(ssh, j->peer, j->ssh, false, NULL);
	}
	if (!ret)
		ret = source_tell(ct->id, j, ssh);
	return ret ? ret : journal_remove(ct->id) ? MIGRATE_CONFIG : 0;
}

int source_remove(struct container *ct, struct journal *j)
{
	const char *own = ct->conf ? conf_get(ct->conf, "NAME") : NULL;
	cleanup_free char *name = own ? xstrdup(own) : NULL;
	int ret = container_sweep(ct);

	images_remove(ct->id);
	/* what an earlier attempt at this has left */
	if (!ret)
		ret = private_settle(ct);
	if (!ret && ct->conf)
		ret = j->keep ? private_put_aside(ct) : private_destroy(ct);
	if (ret)
		return fail_wrap(MIGRATE_STOP,
				 "It is on %s now, but here not all of it could be removed (cloisonctl migrate --settle %u tries again)",
				 j->peer, ct->id);
	if (name)
		names_release(name, ct->id);
	if (rmdir(ct->root) && errno != ENOENT)
		warn("%s is not empty and stays", ct->root);
	return journal_remove(ct->id) ? MIGRATE_CONFIG : 0;
}

int source_ask(uint32_t ctid, const struct journal *j, struct ssh *ssh, struct verdict *v)
{
	cleanup_json json_t *reply = NULL;
	const char *state, *why;
	int ret = channel_call(&ssh->ch, "commit", json_pack("{s:i, s:s}", "ctid", (int)ctid,
							     "id", j->id), &reply);

	if (ret)
		return ret == MIGRATE_START ? MIGRATE_CONNECT : ret;
	state = json_string_value(json_object_get(reply, "state"));
	why = json_string_value(json_object_get(reply, "why"));
	v->returned = state && strcmp(state, "returned") == 0;
	if (!v->returned && (!state || strcmp(state, "owned") != 0))
		return fail(MIGRATE_CONNECT,
			    "%s does not know of container %u any more, which was given to it: find it, and decide with cloisonctl migrate --resolve",
			    j->peer, ctid);
	v->why = why ? xstrdup(why) : NULL;
	return 0;
}

/* MIGRATE_START, and why, if it is ours now. */
static int take_again(uint32_t ctid, struct journal *j, const struct verdict *v)
{
	/* not forgotten before it runs again */
	j->state = JOURNAL_SENDING;
	if (journal_write(ctid, j))
		return MIGRATE_CONFIG;
	return fail(MIGRATE_START, "It could not be started on %s: %s", j->peer,
		    v->why ? v->why : "it does not say why");
}

/* 0: it is theirs for good. MIGRATE_START: ours again. Else nobody knows yet. */
static int commit(struct migration *m)
{
	struct verdict v = {};
	int ret = source_ask(m->ct.id, &m->j, &m->ssh, &v);

	if (!ret && !v.returned) {
		m->why_not = v.why;
		return 0;
	}
	if (!ret)
		ret = take_again(m->ct.id, &m->j, &v);
	free(v.why);
	return ret;
}

/* It is theirs. What it has here goes, whether it could be started there or not. */
static int conclude(struct container *ct, struct journal *j, const char *why_not)
{
	int ret = source_remove(ct, j);

	if (ret || !why_not)
		return ret;
	return fail(MIGRATE_START, "It is on %s now, but could not be started there: %s",
		    j->peer, why_not);
}

/* All as it was, here and there. The error stays. */
static int back_out(struct container *ct, struct journal *j, struct ssh *ssh, int ret)
{
	cleanup_free char *why = xstrdup(error_text());

	if (source_undo(ct, j, ssh))
		warn("Not all of it is undone (cloisonctl migrate --settle %u): %s", ct->id,
		     error_text());
	return fail(ret, "%s", why);
}

int source_end(struct container *ct, struct journal *j, struct ssh *ssh, const struct verdict *v)
{
	int ret = v->returned ? take_again(ct->id, j, v) : conclude(ct, j, v->why);

	return v->returned && ret == MIGRATE_START ? back_out(ct, j, ssh, ret) : ret;
}

/*
 * GIVEN could not be noted, or nobody knows what a power cut would leave of it. GIVEN still: what
 * stands still stays so, for what is on disk may be that, and it must not run on beside it.
 */
static int take_back(struct migration *m)
{
	cleanup_free char *why = xstrdup(error_text());
	cleanup_journal struct journal is = {};

	m->j.state = JOURNAL_SENDING;
	/* it did not come so far, for want of room on the disk, say; or it is as before, surely */
	if ((journal_read(m->ct.id, &is) == 0 && is.state == JOURNAL_SENDING) ||
	    journal_write(m->ct.id, &m->j) == 0)
		return fail(MIGRATE_CONFIG, "%s", why);
	m->j.state = JOURNAL_GIVEN;
	return fail(MIGRATE_CONFIG, "The disk fails (then cloisonctl migrate --settle %u): %s",
		    m->ct.id, why);
}

/*
 * The step that cannot be taken back, and what follows at once: they are told. The line
 * may break right now: then it is made anew, for a while.
 */
static int hand_over(struct migration *m)
{
	int64_t end;
	int ret;

	interruptible = NULL;
	m->ssh.ch.broken = false;
	m->j.state = JOURNAL_GIVEN;
	if (journal_write(m->ct.id, &m->j))
		return take_back(m);
	step(m, m->running ? "start" : "take-over", true);
	ret = commit(m);
	/* from when it is known */
	end = now_ms() + 60000;
	while (ret == MIGRATE_CONNECT && m->ssh.ch.broken && now_ms() < end) {
		detail("%s; trying again", error_text());
		ssh_close(&m->ssh);
		sleep_ms(1000);
		ret = ssh_open(&m->ssh, m->j.peer, m->j.ssh, false, NULL);
		if (ret)
			m->ssh.ch.broken = true;
		else
			ret = commit(m);
	}
	if (ret && m->j.state == JOURNAL_GIVEN)
		return fail_wrap(ret,
				 "Container %u was given to %s, which cannot be asked how it is (cloisonctl migrate --settle %u)",
				 m->ct.id, m->j.peer, m->ct.id);
	return ret;
}

/* Frozen, and its state is there. 0: what is here is not to run on. */
static int on_taken(void *arg, bool *leave)
{
	struct migration *m = arg;
	int ret = make_ready(m);

	if (!ret)
		m->outcome = hand_over(m);
	if (m->j.state == JOURNAL_GIVEN) {
		step(m, "clear away", false);
		/* it may still come back, and runs there, perhaps */
		*leave = m->outcome;
		m->why = xstrdup(error_text());
		if (!*leave)
			network_pass_on(m->ct.id);
		else if (network_pause(m->ct.id))
			warn("%s", error_text());
		return 0;
	}
	return ret ? ret : m->outcome;
}

static int move_live(struct migration *m)
{
	const struct live_work work = {
		.files = copy_last, .refused = forget_last, .taken = on_taken, .arg = m,
		.plain = m->plain_images,
	};
	cleanup_free char *parent = NULL;
	int guard = live_guard(m->ct.id);
	int ret = guard < 0 ? fail_errno(MIGRATE_STOP, "Cannot fork") : transfer(m);

	if (!ret)
		ret = live_rounds(&m->ct, &m->ssh.ch, &m->report, &parent);
	if (!ret)
		ret = copy_files(m, false);
	if (!ret && m->changed_files)
		ret = files_prepare(&m->ssh.ch, &m->ct, m->base, &m->pass, &m->last);
	if (!ret)
		ret = live_dump(&m->ct, &m->ssh.ch, &m->report, parent, &work);
	forget_last(m);
	live_unguard(guard);
	if (m->j.state != JOURNAL_GIVEN)
		return ret;
	/* what is given is away, whatever became of its rest here */
	return m->outcome ? fail(m->outcome, "%s", m->why) : 0;
}

static int move(struct migration *m)
{
	int ret;

	interruptible = &m->ssh.ch;
	ret = ask(m);
	if (ret || m->o->check_only)
		return ret;
	ret = prepare(m);
	if (!ret && m->o->live)
		ret = move_live(m);
	else if (!ret)
		ret = transfer(m);
	if (!ret && !m->o->live)
		ret = hand_over(m);
	if (m->j.state == JOURNAL_GIVEN)
		return ret ? ret : conclude(&m->ct, &m->j, m->why_not);
	if (!m->j.state)
		return ret;
	step(m, "undo", true);
	/* who interrupts that too has the container back, and what is there stays for now */
	return back_out(&m->ct, &m->j, &m->ssh, ret);
}

int source_migrate(const struct migrate_options *o)
{
	struct migration m = { .o = o, .ct = CONTAINER_INIT,
			       .ssh.ch = { .in = -1, .out = -1 } };
	int ret = look(&m), printed;

	shown = &m;
	report_begin(&m.report, o->host, m.ct.id);
	if (!ret) {
		take_signals();
		ret = move(&m);
		step(&m, NULL, false);
		interruptible = NULL;
		ssh_close(&m.ssh);
		images_remove(m.ct.id);
	}
	if (o->json) {
		printed = report_json(&m.report, ret, o->live);
		ret = ret ? ret : printed;
	} else if (!ret && o->check_only) {
		say("Container %u can be migrated to %s", m.ct.id, o->host);
	} else if (!ret) {
		report_print(&m.report, o->times);
	}
	container_close(&m.ct);
	journal_free(&m.j);
	free(m.why);
	free(m.why_not);
	return ret;
}
