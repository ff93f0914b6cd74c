// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/error.h"
#include "../lib/events.h"
#include "../lib/parallel.h"
#include "../lib/scx.h"
#include "../lib/util.h"
#include "../migrate/journal.h"
#include "../migrate/settle.h"
#include "cmd.h"
#include "order.h"

/*
 * The host's side of reboot(2) in a container. The kernel says that it has ended and
 * how; a process for each sweeps, and starts it again if that is what was asked for.
 * What is told only leads to a look at what is: an event may be lost, or be found in
 * the registry before it is read. Nothing is remembered but how often: whoever was not
 * settled when this ended is found dead when it begins.
 */

/* A container that reboots this often in that time stays down. */
#define REBOOTS		5
#define REBOOTS_MS	120000

/* Who takes longer, or waits for a lock, keeps the others waiting no more. */
#define SLOW_MS		30000

/* How often another host is asked what became of a container that moved. */
#define MOVES_MS	60000

struct history {
	uint32_t id;
	uint64_t started;		/* the one that rebooted last, as the kernel has it */
	bool too_often;			/* and that was once too often */
	int64_t reboots[REBOOTS];	/* when, the oldest first; 0: never */
};

struct job {
	uint32_t id;
	bool move;			/* settle its migration, not its end */
	bool once_more;			/* there was news of it meanwhile */
	pid_t pid;			/* 0: it waits for its turn */
	int64_t since;			/* when its process began */
};

/* What a process is to see to. */
struct end {
	uint64_t started;		/* of the one that ended */
	bool again;			/* if it rebooted, it may be started again */
};

struct watch {
	struct history *histories;
	size_t count;
	struct job *jobs;		/* in the order in which they came */
	size_t jobs_count;
};

static struct history *history_of(struct watch *w, uint32_t id)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->histories[i].id == id)
			return &w->histories[i];
	w->histories = xrealloc(w->histories, (w->count + 1) * sizeof(*w->histories));
	w->histories[w->count] = (struct history){ .id = id };
	return &w->histories[w->count++];
}

/* It has rebooted: once more is not too often? However often it is seen, it counts once. */
static bool note_reboot(struct watch *w, const struct kernel_container *kc)
{
	struct history *h = history_of(w, kc->id);

	if (h->started == kc->started)
		return !h->too_often;
	h->started = kc->started;
	h->too_often = h->reboots[0] && now_ms() - h->reboots[0] < REBOOTS_MS;
	memmove(&h->reboots[0], &h->reboots[1], sizeof(h->reboots) - sizeof(h->reboots[0]));
	h->reboots[REBOOTS - 1] = now_ms();
	return !h->too_often;
}

static bool is_dead(const struct kernel_container *kc)
{
	return kc->id && kc->state == CLOISON_STATE_DEAD;
}

static bool rebooted(const struct kernel_container *kc)
{
	return strcmp(event_reason(kc->exit_status), "reboot") == 0;
}

/* The child's: of that end, and of no later one. */
static int settle(uint32_t id, void *arg)
{
	const struct end *end = arg;
	cleanup_container struct container ct = CONTAINER_INIT;
	struct kernel_container kc = {};
	sigset_t all;
	bool reboot;
	int ret = container_open_id(&ct, id, NEED_NOTHING);

	sigemptyset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	/* who stops or starts it sees to it himself, and it is not dead then any more */
	if (!ret)
		ret = container_lock_until(&ct, INT64_MAX);
	/* the service may be stopped now, we are not */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	if (!ret)
		ret = kernel_get(id, &kc);
	if (ret || !is_dead(&kc) || kc.started != end->started)
		return ret;

	reboot = rebooted(&kc);
	quiet = true;
	ret = container_sweep(&ct);
	if (!ret && reboot && end->again && container_exists(&ct))
		ret = do_start(&ct, &(struct start_options){ .force = true });
	quiet = false;
	if (ret)
		return ret;
	if (reboot && !end->again)
		warn("Container %u rebooted %d times within %d s and stays down", id, REBOOTS + 1,
		     REBOOTS_MS / 1000);
	else
		say("Container %u ended (%s): %s", id, event_reason(kc.exit_status),
		    reboot ? "started again" : "swept");
	return 0;
}

/* The child's. It may be ended at any step, as the tool that moves may be. */
static int settle_move(uint32_t id, void *arg)
{
	sigset_t none;

	(void)arg;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (settle_again(id))
		say("Container %u: its migration, which was cut off, is settled", id);
	return 0;
}

/* There is something to do: once for all that was told before it begins. */
static void want(struct watch *w, uint32_t id, bool move)
{
	for (size_t i = 0; i < w->jobs_count; i++) {
		if (w->jobs[i].id == id && w->jobs[i].move == move) {
			w->jobs[i].once_more = w->jobs[i].pid;
			return;
		}
	}
	w->jobs = xrealloc(w->jobs, (w->jobs_count + 1) * sizeof(*w->jobs));
	w->jobs[w->jobs_count++] = (struct job){ .id = id, .move = move };
}

static void forget(struct watch *w, size_t i)
{
	memmove(&w->jobs[i], &w->jobs[i + 1], (--w->jobs_count - i) * sizeof(*w->jobs));
}

static int begin_settle(struct watch *w, struct job *job)
{
	struct kernel_container kc = {};
	struct end end;
	int ret = kernel_get(job->id, &kc);

	if (ret || !is_dead(&kc))
		return ret;
	end.started = kc.started;
	end.again = rebooted(&kc) && note_reboot(w, &kc);
	job->pid = parallel_fork(job->id, settle, &end);
	return job->pid < 0;
}

/* False: there is nothing to do any more, or it cannot be done. */
static bool begin(struct watch *w, struct job *job)
{
	int ret;

	job->since = now_ms();
	if (job->move) {
		job->pid = parallel_fork(job->id, settle_move, NULL);
		ret = job->pid < 0;
	} else {
		ret = begin_settle(w, job);
	}
	if (ret) {
		/* it is found when the service is started again */
		warn("Container %u: %s", job->id, error_text());
		error_clear();
	}
	return job->pid > 0;
}

/* Its process counts against those that may be at work at once. Moves wait for another host. */
static bool is_busy(const struct job *job)
{
	return job->pid && !job->move && now_ms() - job->since < SLOW_MS;
}

/* Begin what can begin now; when to look again, if nothing happens before. */
static int64_t begin_some(struct watch *w)
{
	int64_t next = INT64_MAX;
	size_t busy = 0;

	for (size_t i = 0; i < w->jobs_count; i++) {
		if (!is_busy(&w->jobs[i]))
			continue;
		busy++;
		if (w->jobs[i].since + SLOW_MS < next)
			next = w->jobs[i].since + SLOW_MS;
	}
	for (size_t i = 0; i < w->jobs_count; i++) {
		struct job *job = &w->jobs[i];

		if (job->pid || (!job->move && busy >= order_width()))
			continue;
		if (begin(w, job))
			busy += !job->move;
		else
			forget(w, i--);
	}
	return next;
}

static void settle_moves(struct watch *w)
{
	cleanup_free uint32_t *ids = NULL;
	size_t count;

	journal_list(&ids, &count);
	for (size_t i = 0; i < count; i++)
		if (settle_presses(ids[i]))
			want(w, ids[i], true);
}

/* Who died unseen. */
static void look_around(struct watch *w)
{
	cleanup_free struct kernel_container *list = NULL;
	size_t count;

	/* the module need not be there yet */
	if (!kernel_loaded() || kernel_list(&list, &count)) {
		error_clear();
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (list[i].state == CLOISON_STATE_DEAD)
			want(w, list[i].id, false);
}

static void on_event(const struct event *event, void *arg)
{
	if (event->kind == EVENT_LOST || event->kind == EVENT_MODULE_HERE)
		look_around(arg);
	else if (event->kind == EVENT_CONTAINER && event->what == CLOISON_EVENT_EXITED)
		want(arg, event->ct.id, false);
}

static void reap(struct watch *w, int options)
{
	pid_t pid;

	while (w->jobs_count && (pid = waitpid(-1, NULL, options)) > 0) {
		for (size_t i = 0; i < w->jobs_count; i++) {
			struct job job = w->jobs[i];

			if (job.pid != pid)
				continue;
			forget(w, i);
			/* after those that wait */
			if (job.once_more && !job.move)
				want(w, job.id, false);
			break;
		}
	}
}

/* Children that wait for a lock end; those at work go on until they are done. */
static void finish(struct watch *w)
{
	for (size_t i = 0; i < w->jobs_count; i++)
		if (w->jobs[i].pid)
			kill(w->jobs[i].pid, SIGTERM);
	reap(w, 0);
}

/* The kernel has ended our scheduler: that is told once, and tried again, at the time returned. */
static int64_t watch_scheduler(bool *told)
{
	struct scx_status status;

	scx_retry();
	scx_look(&status);
	if (status.state == SCX_EJECTED && !*told)
		warn("The kernel ejected the scheduler: %s: %s", status.reason, status.message);
	*told = status.state == SCX_EJECTED;
	return scx_retry_at(&status);
}

/* For poll(2). */
static int ms_until(int64_t at)
{
	at -= now_ms();
	return at < 0 ? 0 : at > INT_MAX ? INT_MAX : at;
}

int cmd_watch(int argc, char **argv)
{
	cleanup_close int signals = -1, scheduler = -1;
	struct watch w = {};
	bool told = false;
	sigset_t set;
	int64_t scheduler_at, jobs_at, moves_at = now_ms() + MOVES_MS;
	int ret;

	if (argc > 1)
		return fail(EXIT_BAD_OPTION, "Unexpected argument: %s", argv[1]);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0)
		return fail_errno(EXIT_SYSTEM, "Cannot watch for signals");
	scheduler = scx_listen();
	scheduler_at = watch_scheduler(&told);
	ret = events_open(false);
	if (!ret)
		look_around(&w);
	while (!ret) {
		struct pollfd pfds[] = {
			{ .fd = events_fd(), .events = POLLIN },
			{ .fd = signals, .events = POLLIN },
			{ .fd = scheduler, .events = POLLIN },
		};
		struct signalfd_siginfo si;
		int n;

		jobs_at = begin_some(&w);
		if (moves_at < jobs_at)
			jobs_at = moves_at;
		n = poll(pfds, 3, ms_until(scheduler_at < jobs_at ? scheduler_at : jobs_at));
		if (n < 0 && errno != EINTR)
			ret = fail_errno(EXIT_SYSTEM, "Cannot wait for events");
		if (now_ms() >= scheduler_at || (pfds[2].revents && scx_drain(scheduler)))
			scheduler_at = watch_scheduler(&told);
		if (now_ms() >= moves_at) {
			settle_moves(&w);
			moves_at = now_ms() + MOVES_MS;
		}
		if (pfds[1].revents && read(signals, &si, sizeof(si)) == sizeof(si)) {
			if (si.ssi_signo != SIGCHLD)
				break;
			reap(&w, WNOHANG);
		}
		if (!ret && pfds[0].revents)
			ret = events_read(on_event, &w);
	}
	finish(&w);
	free(w.histories);
	free(w.jobs);
	return ret;
}
