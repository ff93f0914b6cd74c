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

/*
 * The host's side of reboot(2) in a container. The kernel says that it has ended and
 * how; a process for each such event sweeps, and starts it again if that is what
 * was asked for. Nothing of it is remembered but how often: whoever was not settled
 * when this ended is found dead when it begins.
 */

/* A container that reboots this often in that time stays down. */
#define REBOOTS		5
#define REBOOTS_MS	120000

/* How often another host is asked what became of a container that moved. */
#define MOVES_MS	60000

struct history {
	uint32_t id;
	int64_t reboots[REBOOTS];	/* when, the oldest first; 0: never */
};

struct watch {
	struct history *histories;
	size_t count;
	pid_t *children;
	size_t children_count;
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

/* Once more is not too often? */
static bool note_reboot(struct watch *w, uint32_t id)
{
	struct history *h = history_of(w, id);
	bool too_often = h->reboots[0] && now_ms() - h->reboots[0] < REBOOTS_MS;

	memmove(&h->reboots[0], &h->reboots[1], sizeof(h->reboots) - sizeof(h->reboots[0]));
	h->reboots[REBOOTS - 1] = now_ms();
	return !too_often;
}

/* The child's: @arg is not NULL when it may be started again. */
static int settle(uint32_t id, void *arg)
{
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
	if (ret || !kc.id || kc.state != CLOISON_STATE_DEAD)
		return ret;

	reboot = strcmp(event_reason(kc.exit_status), "reboot") == 0;
	quiet = true;
	ret = container_sweep(&ct);
	if (!ret && reboot && arg && container_exists(&ct))
		ret = do_start(&ct, false, true);
	quiet = false;
	if (ret)
		return ret;
	if (reboot && !arg)
		warn("Container %u rebooted %d times within %d s and stays down", id, REBOOTS + 1,
		     REBOOTS_MS / 1000);
	else
		say("Container %u ended (%s): %s", id, event_reason(kc.exit_status),
		    reboot ? "started again" : "swept");
	return 0;
}

static void start_child(struct watch *w, uint32_t id, int (*work)(uint32_t id, void *arg),
			void *arg)
{
	pid_t pid = parallel_fork(id, work, arg);

	if (pid < 0) {
		/* it is found when the service is started again */
		warn("Container %u: %s", id, error_text());
		return;
	}
	w->children = xrealloc(w->children, (w->children_count + 1) * sizeof(*w->children));
	w->children[w->children_count++] = pid;
}

static void on_exited(struct watch *w, const struct kernel_container *kc)
{
	bool again = strcmp(event_reason(kc->exit_status), "reboot") == 0 && note_reboot(w, kc->id);

	start_child(w, kc->id, settle, again ? w : NULL);
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

static void settle_moves(struct watch *w)
{
	cleanup_free uint32_t *ids = NULL;
	size_t count;

	journal_list(&ids, &count);
	for (size_t i = 0; i < count; i++)
		if (settle_presses(ids[i]))
			start_child(w, ids[i], settle_move, NULL);
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
			on_exited(w, &list[i]);
}

static void on_event(const struct event *event, void *arg)
{
	if (event->kind == EVENT_LOST || event->kind == EVENT_MODULE_HERE)
		look_around(arg);
	else if (event->kind == EVENT_CONTAINER && event->what == CLOISON_EVENT_EXITED)
		on_exited(arg, &event->ct);
}

static void reap(struct watch *w, int options)
{
	pid_t pid;

	while (w->children_count && (pid = waitpid(-1, NULL, options)) > 0)
		for (size_t i = 0; i < w->children_count; i++)
			if (w->children[i] == pid)
				w->children[i--] = w->children[--w->children_count];
}

/* Children that wait for a lock end; those at work go on until they are done. */
static void finish(struct watch *w)
{
	for (size_t i = 0; i < w->children_count; i++)
		kill(w->children[i], SIGTERM);
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
	int64_t scheduler_at, moves_at = now_ms() + MOVES_MS;
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

		int n = poll(pfds, 3, ms_until(scheduler_at < moves_at ? scheduler_at : moves_at));

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
	free(w.children);
	return ret;
}
