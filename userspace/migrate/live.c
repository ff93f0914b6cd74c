// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../checkpoint/checkpoint.h"
#include "../lib/confine.h"
#include "../lib/error.h"
#include "../lib/util.h"
#include "images.h"
#include "live.h"
#include "status.h"

/* More rounds are of no use when so little is left, or no less than before. */
#define ROUNDS_MAX	5
#define ENOUGH_BYTES	(1 << 20)

/* They are of no use any more, and the next one needs the room. */
static void remove_rounds(uint32_t ctid)
{
	for (unsigned int round = 1; round <= ROUNDS_MAX; round++) {
		cleanup_free char *name = xasprintf("round-%u", round);
		cleanup_free char *path = images_path(ctid, name);

		checkpoint_remove(path);
	}
}

static int one_round(struct container *ct, struct channel *ch, struct report *report,
		     unsigned int round, char **parent, uint64_t *room)
{
	cleanup_free char *name = xasprintf("round-%u", round);
	cleanup_free char *path = images_make(ct->id, name);
	bool passes;
	int ret;

	if (!path)
		return MIGRATE_STOP;
	report_step(report, ch, "memory", false);
	ret = checkpoint_predump(ct, path, *parent, &passes);
	free(*parent);
	*parent = ret ? NULL : xasprintf("../%s", name);
	if (!ret)
		return images_send(ch, ct->id, name, false, room);
	checkpoint_keep_log(ct, path, "dump.log", ret);
	if (!passes)
		return MIGRATE_STOP;
	detail("%s", error_text());
	error_clear();
	remove_rounds(ct->id);
	return 0;
}

static int rounds(struct container *ct, struct channel *ch, struct report *report, char **parent)
{
	uint64_t before, bytes = UINT64_MAX, room = 0;
	int ret = 0;

	for (unsigned int round = 1; !ret && round <= ROUNDS_MAX; round++) {
		uint64_t last = bytes, had = images_taken(ct->id);

		before = ch->sent;
		ret = one_round(ct, ch, report, round, parent, &room);
		/* refused: another one, or the dump, has all memory */
		bytes = ret || *parent ? ch->sent - before : UINT64_MAX;
		if (!ret && !*parent)
			continue;
		if (bytes < ENOUGH_BYTES || (round > 1 && bytes > last / 10 * 7))
			break;
		/* the rounds lie there together, and the dump must have room beside one more */
		if (!ret && room < 2 * (images_taken(ct->id) - had)) {
			detail("There is no room for more rounds");
			break;
		}
	}
	return ret;
}

int live_rounds(struct container *ct, struct channel *ch, struct report *report, char **parent)
{
	/* what an attempt that was cut off has left */
	images_remove(ct->id);
	return rounds(ct, ch, report, parent);
}

struct dump {
	struct container *ct;
	struct channel *ch;
	struct report *report;
	struct checkpoint_dump *dump;
	uint64_t rate;		/* while it runs */
	const struct live_work *work;
	char *parent;		/* of rounds since it was refused */
	bool copied;		/* files, in a try that may have been refused */
	int ret;
};

/* While it stands still. */
static void hurry(struct dump *d)
{
	report_step(d->report, d->ch, "quiesce", false);
	/* it would stand still for longer */
	d->ch->rate = 0;
	d->ch->urgent = true;
}

/* It runs again: memory goes ahead again, from the start. */
static int on_refused(void *arg, const char **parent)
{
	struct dump *d = arg;

	d->work->refused(d->work->arg);
	d->ch->rate = d->rate;
	d->ch->urgent = false;
	remove_rounds(d->ct->id);
	free(d->parent);
	d->parent = NULL;
	d->ret = rounds(d->ct, d->ch, d->report, &d->parent);
	*parent = d->parent;
	hurry(d);
	return d->ret;
}

static int on_seizing(void *arg)
{
	struct dump *d = arg;

	report_step(d->report, d->ch, "dump", true);
	d->ret = !d->ch->broken ? 0 :
		 fail(MIGRATE_CONNECT, "The connection to %s is broken", d->ch->peer);
	return d->ret ? EXIT_PAUSE : 0;
}

/* Nothing of it runs, so its files are what they will be, but for what CRIU does. */
static int on_meanwhile(void *arg)
{
	struct dump *d = arg;

	d->ret = d->work->files(d->work->arg, d->copied);
	d->copied = true;
	report_step(d->report, d->ch, "dump", true);
	return d->ret ? EXIT_PAUSE : 0;
}

/*
 * Of a file that is open, and has lost that name but not all, CRIU makes another name
 * (--link-remap), and notes it here, beside those that have none any more. 8 bytes: nothing.
 */
static bool gave_names(const struct dump *d)
{
	cleanup_free char *path = xasprintf("%s/remap-fpath.img", d->dump->images);
	struct stat st;

	return stat(path, &st) ? errno != ENOENT : st.st_size > 8;
}

static int on_taken(void *arg)
{
	struct dump *d = arg;
	uint64_t room;

	if (gave_names(d))
		d->ret = d->work->files(d->work->arg, false);
	report_step(d->report, d->ch, "state", true);
	if (!d->ret)
		d->ret = images_send(d->ch, d->ct->id, "dump", d->work->plain, &room);
	if (!d->ret)
		d->ret = d->work->taken(d->work->arg, &d->dump->leave);
	return d->ret ? EXIT_PAUSE : 0;
}

int live_dump(struct container *ct, struct channel *ch, struct report *report,
	      const char *parent, const struct live_work *work)
{
	cleanup_free char *path = images_make(ct->id, "dump");
	struct checkpoint_dump dump = {
		.images = path, .parent = parent, .seizing = on_seizing, .taken = on_taken,
		.meanwhile = on_meanwhile, .refused = on_refused, .journal = true,
	};
	struct dump d = {
		.ct = ct, .ch = ch, .report = report, .dump = &dump, .rate = ch->rate,
		.work = work,
	};
	int ret;

	if (!path)
		return MIGRATE_STOP;
	dump.arg = &d;
	hurry(&d);
	ret = checkpoint_dump(ct, &dump);
	free(d.parent);
	if (ret && !d.ret && !dump.dumped)
		checkpoint_keep_log(ct, path, "dump.log", ret);
	return d.ret ? d.ret : ret ? MIGRATE_STOP : 0;
}

int live_guard(uint32_t ctid)
{
	cleanup_free char *id = xasprintf("%u", ctid);
	const char *const argv[] = { "cloisonctl", "--quiet", "migrate", "--settle", id, NULL };
	char byte;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		/* a terminal that closes is not to take it along; nor holds it the lock */
		setsid();
		if (confine_descriptors(&ends[0], 1) || read(ends[0], &byte, 1) != 0)
			_exit(0);
		execv("/proc/self/exe", (char *const *)argv);
		_exit(1);
	}
	close(ends[0]);
	if (pid > 0)
		return ends[1];
	close(ends[1]);
	return -1;
}

void live_unguard(int guard)
{
	if (guard >= 0 && write(guard, "", 1) == 1)
		close(guard);
}
