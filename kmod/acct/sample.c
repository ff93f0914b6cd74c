// SPDX-License-Identifier: GPL-2.0-only
/*
 * All figures of a container at one moment, and the maxima over time.
 *
 * Nothing is counted where processes run: figures are gathered when somebody
 * asks, and every now and then for the sake of the maxima that the kernel does
 * not keep.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "../compat/compat.h"
#include "acct.h"

static unsigned int interval = 10;
module_param(interval, uint, 0644);
MODULE_PARM_DESC(interval,
		 "Seconds between two looks for what containers hold at most, 0: never (10)");

/* How soon a change of the parameter is noticed when it is 0. */
#define ACCT_IDLE	10

static struct workqueue_struct *acct_wq;
static struct delayed_work acct_work;
static struct delayed_work acct_soon_work;

/* What was set, where the kernel does not say how it is; see cloison_acct.h. */
static void acct_bound(struct acct_ct *ct, struct acct_row *row, int r)
{
	bool set = ct->kept[r].bounded;

	if (row->flags & CLOISON_ACCT_F_LIMITED) {
		if (set && ct->kept[r].barrier <= row->limit)
			row->barrier = ct->kept[r].barrier;
		return;
	}
	row->barrier = set ? ct->kept[r].barrier : CLOISON_ACCT_UNLIMITED;
	row->limit = set ? ct->kept[r].limit : CLOISON_ACCT_UNLIMITED;
}

static void acct_keep(struct acct_ct *ct, struct acct_row *row, int r)
{
	ct->kept[r].maxheld = max3(ct->kept[r].maxheld, row->held, row->maxheld);
	row->maxheld = ct->kept[r].maxheld;
	ct->kept[r].failcnt = max(ct->kept[r].failcnt,
				  row->failcnt + ct->kept[r].carried);
	row->failcnt = ct->kept[r].failcnt;
	ct->kept[r].flags |= row->flags & ~CLOISON_ACCT_F_LIMITED;
}

static void acct_merge(struct acct_ct *ct, struct acct_sample *s, bool dead)
{
	int r;

	spin_lock(&ct->lock);
	for (r = 0; r < CLOISON_ACCT_RESOURCES; r++) {
		/* Of what is dead nothing is held, as far as it ever was known. */
		if (dead)
			s->row[r].flags |= ct->kept[r].flags;
		acct_keep(ct, &s->row[r], r);
		acct_bound(ct, &s->row[r], r);
	}
	spin_unlock(&ct->lock);
}

int acct_sample(struct acct_ct *ct, struct acct_sample *s)
{
	struct acct_source src;
	int err = 0;

	memset(s, 0, sizeof(*s));
	/* A guarantee: nothing of it is ever held. */
	acct_hold(&s->row[CLOISON_ACCT_VMGUARPAGES], 0);
	acct_source_get(ct, &src);
	if (src.cgroup) {
		acct_cgroup_sample(&src, s);
		err = acct_walk(ct, &src, s);
	}
	acct_sample_enforced(ct, s, !src.cgroup);
	if (!err)
		acct_merge(ct, s, !src.cgroup);
	acct_source_put(&src);
	return err;
}

void acct_carry(struct acct_ct *ct, u32 r, u64 maxheld, u64 failcnt)
{
	spin_lock(&ct->lock);
	ct->kept[r].maxheld = max(ct->kept[r].maxheld, maxheld);
	ct->kept[r].carried = failcnt;
	spin_unlock(&ct->lock);
}

/* Without memory it is as last seen. */
void acct_sample_last(struct acct_ct *ct)
{
	struct acct_sample *s = kzalloc_obj(*s);
	struct acct_source src;

	if (!s)
		return;
	acct_source_get(ct, &src);
	if (src.cgroup) {
		acct_sample_counters(&src, s);
		acct_merge(ct, s, false);
	}
	acct_source_put(&src);
	kfree(s);
}

/*
 * Containers must not make the host work for them: looks at one take a hundredth of a CPU, and
 * those at all a twentieth. Of that each has an equal part, whatever the others use: who is dear to
 * look at waits longer for it himself, and nobody else does.
 */
#define ACCT_SHARE	100U
#define ACCT_SHARE_ALL	20U

/* The jiffy from which on a container may be looked at again, after a look that began then. */
static u64 acct_due(u64 began)
{
	u64 pause = max(ACCT_SHARE, ACCT_SHARE_ALL * acct_containers()) * (ktime_get_ns() - began);

	return get_jiffies_64() + nsecs_to_jiffies(pause);
}

static void acct_look(struct work_struct *work)
{
	unsigned int secs = READ_ONCE(interval);
	struct acct_sample *s = secs ? kmalloc_obj(*s) : NULL;
	struct acct_ct *ct;
	u64 id = 0, began;

	while (s && (ct = acct_next(id))) {
		began = ktime_get_ns();
		if (time_after_eq64(get_jiffies_64(), ct->due)) {
			acct_sample(ct, s);
			ct->due = acct_due(began);
		}
		id = (u64)ct->id + 1;
		acct_put(ct);
	}
	kfree(s);
	queue_delayed_work(acct_wq, &acct_work, min(secs ?: ACCT_IDLE, 86400U) * HZ);
}

/* As long as what was missed may go unseen, on a machine where a look takes no time. */
#define ACCT_SOON	3

void acct_look_soon(struct acct_ct *ct)
{
	if (READ_ONCE(ct->stale))
		return;
	WRITE_ONCE(ct->stale, true);
	queue_delayed_work(acct_wq, &acct_soon_work, ACCT_SOON * HZ);
}

/* Those that got something since the last time: of others nothing was missed. */
static void acct_look_again(struct work_struct *work)
{
	/* Nobody reads it, and the work runs once at a time. */
	static struct acct_sample s;
	bool later = false;
	struct acct_ct *ct;
	u64 id = 0, began;

	while ((ct = acct_next(id))) {
		began = ktime_get_ns();
		if (time_before64(get_jiffies_64(), ct->due_soon)) {
			/* Nothing else queues it: that is done for the first thing only. */
			later |= READ_ONCE(ct->stale);
		} else if (xchg(&ct->stale, false)) {
			/* Before it: what comes meanwhile may be missed, and queues the next. */
			acct_catch_up(ct, &s);
			ct->due_soon = acct_due(began);
		}
		id = (u64)ct->id + 1;
		acct_put(ct);
	}
	if (later)
		queue_delayed_work(acct_wq, &acct_soon_work, ACCT_SOON * HZ);
}

int acct_sampler_init(void)
{
	acct_wq = alloc_workqueue("cloison_acct", WQ_UNBOUND, 1);
	if (!acct_wq)
		return -ENOMEM;
	INIT_DELAYED_WORK(&acct_work, acct_look);
	INIT_DELAYED_WORK(&acct_soon_work, acct_look_again);
	queue_delayed_work(acct_wq, &acct_work, HZ);
	return 0;
}

void acct_sampler_exit(void)
{
	/* No program is left that would queue it again: each has a reference on the module. */
	cancel_delayed_work_sync(&acct_soon_work);
	cancel_delayed_work_sync(&acct_work);
	destroy_workqueue(acct_wq);
}
