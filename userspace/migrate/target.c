// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <unistd.h>

#include "../checkpoint/checkpoint.h"
#include "../lib/action.h"
#include "../lib/error.h"
#include "../lib/launch.h"
#include "../lib/private.h"
#include "../lib/util.h"
#include "../net/network.h"
#include "images.h"
#include "offer.h"
#include "target.h"

static int clear(struct container *ct)
{
	int ret = container_sweep(ct);

	if (!ret)
		ret = private_undo(ct);
	images_remove(ct->id);
	if (ret)
		return ret;
	action_remove(ct);
	if (rmdir(ct->root) && errno != ENOENT)
		warn("%s is not empty and stays", ct->root);
	return 0;
}

/* The journal first: nobody else has word of what is undone half. */
int target_undo(struct container *ct, struct journal *j)
{
	int ret = 0;

	if (j->state == JOURNAL_READY) {
		j->state = JOURNAL_RECEIVING;
		ret = journal_write(ct->id, j);
	}
	if (!ret)
		ret = clear(ct);
	return ret ? ret : journal_remove(ct->id);
}

/* RETURNING could not be noted; it may be what is read, or be on disk, all the same. */
static int keep(struct container *ct, struct journal *j, int ret)
{
	cleanup_free char *why = xstrdup(error_text());

	j->state = JOURNAL_OWNED;
	if (journal_write(ct->id, j))
		j->state = JOURNAL_NONE;
	return fail(ret, "%s", why);
}

int target_return(struct container *ct, struct journal *j)
{
	int ret;

	if (j->state == JOURNAL_OWNED) {
		j->state = JOURNAL_RETURNING;
		ret = journal_write(ct->id, j);
		if (ret)
			return keep(ct, j, ret);
	} else {
		ret = journal_sync(ct->id);
	}
	if (!ret)
		ret = clear(ct);
	if (ret)
		return ret;
	j->state = JOURNAL_RETURNED;
	return journal_write(ct->id, j);
}

int target_wait(struct container *ct, struct journal *j)
{
	int ret = j->receiver && j->live ? network_pause(ct->id) : 0;

	if (ret || !j->receiver)
		return ret;
	/* without one nobody comes back to this; who takes it up then looks at its network */
	j->receiver = 0;
	return journal_write(ct->id, j);
}

int target_own(struct container *ct, struct journal *j)
{
	j->state = JOURNAL_OWNED;
	return journal_write(ct->id, j);
}

/* It waits, with its processes. */
static bool waits(const struct container *ct, const struct kernel_container *kc)
{
	return checkpoint_staged(ct) && kernel_runs(kc);
}

bool target_lost(const struct container *ct, const struct journal *j)
{
	struct kernel_container kc;

	return j->live && j->running && (kernel_get(ct->id, &kc) || !waits(ct, &kc));
}

static int thaw(struct container *ct, const struct journal *j, pid_t init)
{
	int ret = j->receiver == getpid() ? 0 : network_again(ct->id, init);

	return ret ? ret : checkpoint_resume(ct);
}

int target_activate(struct container *ct, struct journal *j, bool *may_have_run)
{
	cleanup_free char *before = xasprintf("%s/" PRIVATE_BEFORE, ct->private);
	struct kernel_container kc;
	int ret;

	*may_have_run = false;
	unlink(before);
	if (!j->running)
		return 0;
	ret = kernel_get(ct->id, &kc);
	if (!ret && waits(ct, &kc)) {
		ret = thaw(ct, j, kc.init);
		/* the stage is the first that changes, before anything is thawed */
		*may_have_run = !checkpoint_staged(ct);
	} else if (!ret && !kernel_runs(&kc)) {
		ret = launch(ct, false, may_have_run);
	}
	images_remove(ct->id);
	if (ret)
		return ret;
	/* it is not to be started again when the source asks once more */
	j->running = false;
	if (journal_write(ct->id, j)) {
		warn("%s", error_text());
		error_clear();
	}
	return 0;
}
