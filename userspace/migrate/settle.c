// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "../checkpoint/checkpoint.h"
#include "../lib/error.h"
#include "../lib/util.h"
#include "../net/network.h"
#include "journal.h"
#include "settle.h"
#include "source.h"
#include "status.h"
#include "target.h"

bool settle_needed(uint32_t ctid)
{
	cleanup_journal struct journal j = {};

	/* one that cannot be understood, too */
	if (journal_read(ctid, &j)) {
		error_clear();
		return true;
	}
	return j.state && j.state != JOURNAL_OWNED && j.state != JOURNAL_RETURNED;
}

static int settle_sending(struct container *ct, struct journal *j)
{
	struct ssh ssh = { .ch = { .in = -1, .out = -1, .broken = true } };
	int ret = source_undo(ct, j, &ssh);

	ssh_close(&ssh);
	return ret;
}

/*
 * It stands still, and may run there for as long as that host cannot be asked. Who gave it away was
 * killed, perhaps before he saw to that.
 */
static void keep_apart(const struct container *ct)
{
	if (!checkpoint_staged(ct) || !network_pause(ct->id))
		return;
	warn("%s", error_text());
	error_clear();
}

/* Somebody may have decided since it was read, or settled it: then there is nothing to do. */
static int read_again(uint32_t ctid, struct journal *j)
{
	cleanup_journal struct journal is = {};
	int ret = journal_read(ctid, &is);

	if (!ret && (is.state != JOURNAL_GIVEN || strcmp(is.id, j->id) != 0))
		j->state = JOURNAL_NONE;
	return ret ? MIGRATE_CONFIG : 0;
}

/* How long another command may take. */
#define LOCK_MS		60000

static int lock_again(struct container *ct, struct ssh *ssh)
{
	int ret;

	/* the other host has its own lock for it, which who has ours may wait for */
	ssh_close(ssh);
	ssh->ch.broken = true;
	ret = container_lock_as_is_until(ct, now_ms() + LOCK_MS);
	return ret == EXIT_LOCKED ? MIGRATE_LOCKED : ret ? MIGRATE_CONFIG : 0;
}

/* With @yield without the lock while the other host is asked. */
static int settle_given(struct container *ct, struct journal *j, bool yield)
{
	struct verdict v = {};
	struct ssh ssh;
	int ret;

	keep_apart(ct);
	if (yield)
		container_unlock(ct);
	ret = ssh_open(&ssh, j->peer, j->ssh, false, NULL);
	if (!ret && yield)
		ret = read_again(ct->id, j);
	if (!ret && j->state == JOURNAL_GIVEN)
		ret = source_ask(ct->id, j, &ssh, &v);
	if (!ret && yield)
		ret = lock_again(ct, &ssh);
	if (!ret && yield)
		ret = read_again(ct->id, j);
	if (!ret && j->state == JOURNAL_GIVEN)
		ret = source_end(ct, j, &ssh, &v);
	ssh_close(&ssh);
	free(v.why);
	return ret;
}

static int settle(struct container *ct, bool yield)
{
	cleanup_journal struct journal j = {};
	int ret = journal_read(ct->id, &j);

	/* nothing is done by what a power cut may take back */
	if (!ret && (j.state == JOURNAL_SENDING || j.state == JOURNAL_GIVEN))
		ret = journal_sync(ct->id);
	if (ret)
		return MIGRATE_CONFIG;
	switch (j.state) {
	case JOURNAL_SENDING:
		return settle_sending(ct, &j);
	case JOURNAL_GIVEN:
		return settle_given(ct, &j, yield);
	case JOURNAL_RECEIVING:
		return target_undo(ct, &j) ? MIGRATE_COPY : 0;
	case JOURNAL_RETURNING:
		return target_return(ct, &j) ? MIGRATE_COPY : 0;
	case JOURNAL_READY:
		if (!target_wait(ct, &j))
			journal_refuses(ct->id);
		return MIGRATE_LOCKED;
	default:
		return 0;
	}
}

int settle_one(struct container *ct)
{
	return settle(ct, false);
}

int settle_yielding(struct container *ct)
{
	return settle(ct, true);
}

int settle_before(struct container *ct, const char *host)
{
	cleanup_journal struct journal j = {};
	int ret = settle_one(ct);

	if (!ret || journal_read(ct->id, &j) || j.state != JOURNAL_SENDING)
		return ret;
	/* the note is all that there is of what is there */
	if (strcmp(j.peer, host) != 0)
		return fail_wrap(ret,
				 "An earlier attempt cannot be undone on %s (cloisonctl migrate --settle %u; if that host is lost, --resolve here)",
				 j.peer, ct->id);
	warn("%s", error_text());
	error_clear();
	return 0;
}

/* Who works on it settles it himself: then *@busy. */
static int open_locked(struct container *ct, uint32_t ctid, bool *busy)
{
	int ret = container_open_id(ct, ctid, NEED_GOOD_OR_NONE);

	*busy = false;
	if (ret)
		return ret;
	ret = container_lock_as_is(ct);
	*busy = ret == EXIT_LOCKED;
	return ret;
}

static int try_one(uint32_t ctid, bool *busy)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	int ret = open_locked(&ct, ctid, busy);

	return ret ? ret : settle_yielding(&ct);
}

int settle_all(void)
{
	cleanup_free uint32_t *ids = NULL;
	size_t count;
	int worst = 0;

	journal_list(&ids, &count);
	for (size_t i = 0; i < count; i++) {
		bool busy;
		int ret = settle_needed(ids[i]) ? try_one(ids[i], &busy) : 0;

		if (ret && !busy) {
			warn("Container %u: %s", ids[i], error_text());
			worst = ret;
		}
		error_clear();
	}
	return worst ? fail(worst, "Not all migrations that were cut off could be settled") : 0;
}

bool settle_presses(uint32_t ctid)
{
	cleanup_journal struct journal j = {};
	int ret = journal_read(ctid, &j);

	error_clear();
	return !ret && j.state && j.state != JOURNAL_OWNED && j.state != JOURNAL_RETURNED &&
	       (j.state != JOURNAL_READY || j.receiver);
}

/* The note goes, unless another attempt has begun meanwhile, which has told it, too. */
static int forget(uint32_t ctid, const char *id, bool *busy)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	cleanup_journal struct journal j = {};
	int ret = open_locked(&ct, ctid, busy);

	if (!ret)
		ret = journal_read(ctid, &j);
	if (ret || j.state != JOURNAL_SENDING || strcmp(j.id, id) != 0)
		return ret;
	return journal_remove(ctid);
}

/*
 * It runs here, or is down because somebody wants that: only the other host is to hear of it, and
 * it is not locked for a host that does not answer.
 */
static int tell(uint32_t ctid, const struct journal *j, bool *busy)
{
	struct ssh ssh;
	int ret = ssh_open(&ssh, j->peer, j->ssh, false, NULL);

	if (!ret)
		ret = source_tell(ctid, j, &ssh);
	ssh_close(&ssh);
	return ret ? ret : forget(ctid, j->id, busy);
}

bool settle_again(uint32_t ctid)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	cleanup_journal struct journal j = {};
	bool busy;
	int ret = open_locked(&ct, ctid, &busy);

	if (!ret)
		ret = journal_read(ctid, &j);
	if (!ret && j.state == JOURNAL_SENDING && !j.running) {
		/* who had the lock has ended: nobody takes that attempt up again */
		container_close(&ct);
		ret = tell(ctid, &j, &busy);
	} else if (!ret) {
		ret = settle_yielding(&ct);
	}
	if (ret && !busy)
		detail("%s", error_text());
	error_clear();
	return !ret;
}

int settle_resolve(struct container *ct, bool here)
{
	cleanup_journal struct journal j = {};
	int ret = journal_read(ct->id, &j);
	bool may_have_run;

	if (ret)
		return MIGRATE_CONFIG;
	if (j.state == JOURNAL_GIVEN && !here)
		return source_remove(ct, &j);
	if (j.state == JOURNAL_GIVEN) {
		if (journal_remove(ct->id))
			return MIGRATE_CONFIG;
		return source_recover(ct, &j) ? MIGRATE_START : 0;
	}
	/* it is, without doubt: the other host is not waited for any more */
	if (j.state == JOURNAL_SENDING && here) {
		ret = source_recover(ct, &j);
		return ret ? MIGRATE_START : journal_remove(ct->id) ? MIGRATE_CONFIG : 0;
	}
	if (j.state == JOURNAL_READY && !here)
		return target_undo(ct, &j) ? MIGRATE_COPY : 0;
	if (j.state == JOURNAL_READY) {
		if (target_own(ct, &j))
			return MIGRATE_CONFIG;
		return target_activate(ct, &j, &may_have_run) ? MIGRATE_START : 0;
	}
	return fail(MIGRATE_USAGE, "Where container %u is, is in no doubt%s", ct->id,
		    j.state ? ": cloisonctl migrate --settle" : "");
}
