// SPDX-License-Identifier: GPL-2.0-only
/*
 * host-upgrade: all containers are suspended, the host boots another kernel, and resumes them
 * (boot.c). What can be known before is looked at before; what fails later, or is
 * interrupted, brings all back.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "../checkpoint/state.h"
#include "../lib/error.h"
#include "../lib/global.h"
#include "../lib/lock.h"
#include "../lib/parallel.h"
#include "../lib/suspended.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "../upgrade/grub.h"
#include "../upgrade/guest.h"
#include "../upgrade/kexec.h"
#include "../upgrade/newkernel.h"
#include "../upgrade/upgrade.h"
#include "cmd.h"
#include "order.h"

enum way { BY_KEXEC = 1, BY_REBOOT };

struct options {
	const char *kernel;
	enum way way;
	bool check_only, stop_others, back;
	uint64_t timeout;	/* seconds, 0: none */
};

struct plan {
	struct newkernel kernel;
	enum way way;
	char *entry;		/* GRUB's, or NULL */
	/* in the order in which they go down */
	struct ordered *suspended, *stopped;
	size_t suspended_count, stopped_count;
	size_t lost;		/* of the latter, those that nobody said may be stopped */
	uint64_t sum, largest;	/* of states */
};

static void plan_free(struct plan *p)
{
	newkernel_free(&p->kernel);
	free(p->entry);
	free(p->suspended);
	free(p->stopped);
}

/* Whoever asks us to end, or hears us no more: all is brought back first. */
static sig_atomic_t asked_to_end;

static void on_signal(int sig)
{
	(void)sig;
	asked_to_end = 1;
}

static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	/* what is executed for us has its own way with them */
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &act, NULL);
}

static bool runs(const struct container *ct, const struct kernel_container *kc, const void *arg)
{
	(void)ct;
	(void)arg;
	return kernel_runs(kc);
}

static void plan_one(struct plan *p, const struct ordered *one, bool stop)
{
	int ret = guest_possible(one->id);
	uint64_t size;

	if (ret == EXIT_NOT_RUNNING) {
		error_clear();
		return;
	}
	if (!ret) {
		size = guest_size(one->id);
		p->sum += size;
		p->largest = size > p->largest ? size : p->largest;
		p->suspended[p->suspended_count++] = *one;
		say("Container %u can be suspended (%" PRIu64 " MB)", one->id, size >> 20);
		return;
	}
	/* who works on it does not want it stopped */
	stop &= ret != EXIT_LOCKED;
	p->stopped[p->stopped_count++] = *one;
	p->lost += !stop;
	if (stop)
		say("Container %u will be stopped, and started again: %s", one->id, error_text());
	else
		warn("Container %u cannot be suspended: %s", one->id, error_text());
	error_clear();
}

static int plan_containers(struct plan *p, const struct options *o)
{
	cleanup_free struct ordered *list = NULL;
	size_t count;
	int ret = kernel_loaded() ? order_choose(runs, NULL, &list, &count) : 0;

	if (ret || !list)
		return ret;
	order_reverse(list, count);
	p->suspended = xcalloc(count + 1, sizeof(*p->suspended));
	p->stopped = xcalloc(count + 1, sizeof(*p->stopped));
	for (size_t i = 0; i < count; i++)
		plan_one(p, &list[i], o->stop_others);
	return 0;
}

/* Their states, and beside them the images of those that are at it. */
static int plan_room(const struct plan *p)
{
	uint64_t need = p->sum + order_width() * p->largest, room;
	struct statfs fs;

	if (mkdir_parents(global.dumpdir, 0700) || statfs(global.dumpdir, &fs))
		return fail_errno(EXIT_SYSTEM, "Cannot look at %s", global.dumpdir);
	if (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC)
		return fail(EXIT_NO_SPACE,
			    "%s is in memory, of which the boot leaves nothing: set DUMPDIR in cloison.conf",
			    global.dumpdir);
	room = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (room >= need)
		return 0;
	return fail(EXIT_NO_SPACE,
		    "Their states may need %" PRIu64 " MB, and %s has %" PRIu64 " MB left: "
		    "make room, or set DUMPDIR in cloison.conf",
		    need >> 20, global.dumpdir, room >> 20);
}

static bool has_systemd(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

/* Who would resume them? */
static int check_unit(void)
{
	const char *const argv[] = { "systemctl", "-q", "is-enabled", "cloison.service", NULL };

	if (!has_systemd() || run_program(argv, -1) == 0)
		return 0;
	return fail(EXIT_KERNEL,
		    "cloison.service is not enabled: nothing would resume them after the boot; systemctl enable cloison");
}

/* How it gets there is made sure of while nothing has happened yet. */
static int plan_way(struct plan *p, const struct options *o)
{
	int ret = check_unit();

	if (ret)
		return ret;
	p->way = o->way ? o->way : BY_KEXEC;
	if (p->way == BY_KEXEC && !has_systemd())
		return fail(EXIT_KERNEL,
			    "Without systemd there is no kexec at the end of a shutdown: use --reboot");
	if (p->way == BY_KEXEC)
		return 0;
	if (grub_there()) {
		ret = grub_find(p->kernel.version, &p->entry);
		if (!ret)
			say("GRUB has it as %s", p->entry);
		return ret;
	}
	warn("There is no GRUB to be told what to boot: make sure that Linux %s is what the "
	     "boot loader takes", p->kernel.version);
	return 0;
}

static int plan_kernel(struct plan *p, const struct options *o)
{
	int ret = newkernel_find(o->kernel, &p->kernel);

	if (!ret)
		ret = newkernel_check(&p->kernel);
	if (ret)
		return ret;
	say("Linux %s can be booted (%s%s%s)", p->kernel.version, p->kernel.image,
	    p->kernel.initrd ? ", " : "", p->kernel.initrd ? p->kernel.initrd : "");
	return 0;
}

static int plan_all(struct plan *p, const struct options *o)
{
	int ret = plan_kernel(p, o);

	if (!ret)
		ret = plan_way(p, o);
	if (!ret)
		ret = plan_containers(p, o);
	if (!ret)
		ret = plan_room(p);
	if (!ret && p->way == BY_KEXEC)
		ret = kexec_load_kernel(&p->kernel);
	if (!ret && p->lost)
		ret = fail(EXIT_PAUSE,
			   "%zu containers cannot be suspended: see to that, or have them stopped and started again with --stop-others",
			   p->lost);
	return ret;
}

/* Of all that suspend, shared by their processes. */
struct suspending {
	int64_t end;	/* none begins later, or is waited for any longer */
	bool failed;	/* nor after one could not be */
};

static int go_on(const struct suspending *s)
{
	if (asked_to_end)
		return fail(EXIT_SYSTEM, "Interrupted");
	if (now_ms() > s->end)
		return fail(EXIT_PAUSE, "Not all could be suspended in time");
	return 0;
}

static int suspend_one(uint32_t id, void *arg)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	int64_t end = now_ms() + global.stop_timeout * 1000LL;
	struct suspending *s = arg;
	struct kernel_container kc;
	bool was = quiet;
	int ret;

	/* the others say why */
	if (s->failed || go_on(s))
		return 0;
	ret = container_open_id(&ct, id, NEED_CONF);
	if (!ret)
		ret = container_lock_until(&ct, end < s->end ? end : s->end);
	if (!ret)
		ret = kernel_get(id, &kc);
	/* it has ended meanwhile */
	if (!ret && !kernel_runs(&kc))
		return 0;
	quiet = true;
	suspended_marks_upgrade = true;
	if (!ret)
		ret = state_suspend(&ct, NULL);
	quiet = was;
	if (!ret)
		say("Container %u is suspended", id);
	else
		s->failed = true;
	return ret;
}

static bool is_over(void *arg)
{
	const struct suspending *s = arg;

	return asked_to_end || now_ms() > s->end;
}

/*
 * Those that were killed at it: CRIU undoes what it did, and the lock is held until that is put
 * right. One that never comes to its end is nothing to the others.
 */
static void wait_for_undone(const uint32_t *ids, size_t count)
{
	int64_t end = now_ms() + global.stop_timeout * 1000LL;

	for (size_t i = 0; i < count; i++) {
		cleanup_container struct container ct = CONTAINER_INIT;

		if (container_open_id(&ct, ids[i], NEED_CONF) || container_lock_until(&ct, end)) {
			warn("Container %u: %s", ids[i], error_text());
			error_clear();
		}
	}
}

static int suspend_groups(const struct plan *p, struct suspending *s)
{
	cleanup_free uint32_t *ids = xcalloc(p->suspended_count + 1, sizeof(*ids));
	size_t n, failed = 0;
	int ret = go_on(s);

	for (size_t i = 0; !ret && i < p->suspended_count; i += n) {
		n = order_group(p->suspended, p->suspended_count, i, ids);
		failed = parallel_run_until(ids, n, order_width(), suspend_one, is_over, s);
		if (failed && is_over(s))
			wait_for_undone(ids, n);
		ret = go_on(s);
		if (!ret && failed)
			ret = fail(EXIT_PAUSE, "%zu containers could not be suspended", failed);
	}
	return ret;
}

static int suspend_all(const struct plan *p, uint64_t timeout)
{
	struct suspending *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int ret;

	if (s == MAP_FAILED)
		return fail_errno(EXIT_SYSTEM, "Cannot get memory");
	s->end = timeout ? now_ms() + (int64_t)timeout * 1000 : INT64_MAX;
	ret = suspend_groups(p, s);
	munmap(s, sizeof(*s));
	return ret;
}

/* At once, as at a shutdown. */
static int stop_others(const struct plan *p)
{
	size_t failed;

	failed = order_work(p->stopped, p->stopped_count, p->stopped_count, boot_stop_one, NULL);
	return failed ? fail(EXIT_STOP, "%zu containers did not stop", failed) : 0;
}

/* Also those that an earlier attempt stopped and that was cut off. */
static void note_stopped(struct upgrade *u, const struct ordered *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t id = list[i].id;

		if (upgrade_stopped(u, id))
			continue;
		u->stopped = xrealloc(u->stopped, (u->stopped_count + 1) * sizeof(*u->stopped));
		u->stopped[u->stopped_count++] = id;
	}
}

/* Who was started meanwhile, or rebooted, is stopped with the host. */
static int note_running(struct upgrade *u)
{
	cleanup_free struct ordered *list = NULL;
	size_t count = 0;
	int ret = kernel_loaded() ? order_choose(runs, NULL, &list, &count) : 0;

	note_stopped(u, list, count);
	return ret;
}

static int leave(const struct plan *p, struct upgrade *u)
{
	const char *const kexec[] = { "systemctl", "kexec", NULL };
	const char *const reboot[] = { "systemctl", "reboot", NULL };
	const char *const shutdown[] = { "shutdown", "-r", "now", NULL };
	const char *const *argv = p->way == BY_KEXEC ? kexec : has_systemd() ? reboot : shutdown;
	int ret = note_running(u);

	u->leaving = true;
	if (!ret)
		ret = upgrade_write(u);
	if (!ret && p->entry)
		ret = grub_once(p->entry);
	if (ret)
		return ret;
	/* systemctl reboot would take what somebody has loaded */
	if (p->way == BY_REBOOT)
		setenv("SYSTEMCTL_SKIP_AUTO_KEXEC", "1", 1);
	say("Booting Linux %s ...", p->kernel.version);
	/* nobody may hear us afterwards */
	fflush(stdout);
	return run_program(argv, -1) ? fail(EXIT_SYSTEM, "%s %s failed", argv[0], argv[1]) : 0;
}

/* The next boot is as any other. */
static void forget_kernel(const struct upgrade *u)
{
	if (u->kexec)
		kexec_unload();
	else if (grub_there() && u->leaving && grub_once(NULL))
		warn("%s", error_text());
	error_clear();
}

static int undo(const struct upgrade *u, int ret)
{
	cleanup_free char *why = xstrdup(error_text());
	size_t count, failed;

	warn("%s: all that was suspended is resumed", why);
	forget_kernel(u);
	if (boot_bring_back(u, false, &count, &failed))
		return fail_wrap(ret, "%s; and what was suspended still is: "
				 "cloisonctl host-upgrade --resume", why);
	if (failed)
		return fail(ret, "%s; and %zu of %zu could not be resumed: they are suspended, "
			    "or down", why, failed, count);
	return fail(ret, "%s; all run as before", why);
}

static void note(struct upgrade *u, const struct plan *p)
{
	free(u->kernel);
	free(u->boot);
	free(u->time);
	free(u->modules);
	u->kernel = xstrdup(p->kernel.version);
	u->boot = upgrade_boot_id();
	u->time = upgrade_now();
	u->modules = newkernel_modules();
	u->kexec = p->way == BY_KEXEC;
	u->leaving = false;
	note_stopped(u, p->stopped, p->stopped_count);
}

static int carry_out(struct upgrade *u, const struct plan *p, const struct options *o)
{
	int ret;

	note(u, p);
	catch_signals();
	ret = upgrade_write(u);
	if (!ret)
		ret = suspend_all(p, o->timeout);
	if (!ret)
		ret = stop_others(p);
	if (!ret && asked_to_end)
		ret = fail(EXIT_SYSTEM, "Interrupted");
	if (!ret)
		ret = leave(p, u);
	return ret ? undo(u, ret) : 0;
}

static int upgrade(struct upgrade *u, const struct options *o)
{
	struct plan p = {};
	bool was_loaded = kexec_loaded();
	int ret;

	if (u->kernel && u->leaving && upgrade_same_boot(u))
		return fail(EXIT_LOCKED, "The host was told to boot Linux %s already; if it does "
			    "not: cloisonctl host-upgrade --resume", u->kernel);
	ret = plan_all(&p, o);
	if (!ret && !o->check_only)
		ret = carry_out(u, &p, o);
	else if (!was_loaded)
		kexec_unload();
	plan_free(&p);
	return ret;
}

/* The note, while nobody else goes by it. */
static int begin(struct upgrade *u, int *lock)
{
	int ret = lock_take(UPGRADE_LOCK, false, lock);

	if (ret == EXIT_LOCKED)
		return fail(ret, "Another command upgrades the host, or starts its containers");
	return ret ? ret : upgrade_read(u);
}

int do_upgrade_back(size_t *count, size_t *failed)
{
	cleanup_upgrade struct upgrade u = {};
	cleanup_close int lock = -1;
	int ret = begin(&u, &lock);

	if (ret)
		return ret;
	if (u.kernel && upgrade_same_boot(&u))
		forget_kernel(&u);
	return boot_bring_back(&u, false, count, failed);
}

static int bring_back(void)
{
	size_t count, failed;
	int ret = do_upgrade_back(&count, &failed);

	if (ret)
		return ret;
	say("%zu of %zu containers run again", count - failed, count);
	return failed ? fail(EXIT_START, "%zu containers could not be resumed", failed) : 0;
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "kernel", required_argument, NULL, 'k' },
		{ "kexec", no_argument, NULL, 'x' },
		{ "reboot", no_argument, NULL, 'b' },
		{ "check-only", no_argument, NULL, 'c' },
		{ "stop-others", no_argument, NULL, 's' },
		{ "timeout", required_argument, NULL, 't' },
		{ "resume", no_argument, NULL, 'r' },
		{ "abort", no_argument, NULL, 'r' },
		{}
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'k':
			o->kernel = optarg;
			break;
		case 'x':
		case 'b':
			if (o->way)
				return fail(EXIT_BAD_OPTION,
					    "Either --kexec or --reboot, and once");
			o->way = opt == 'x' ? BY_KEXEC : BY_REBOOT;
			break;
		case 'c':
			o->check_only = true;
			break;
		case 's':
			o->stop_others = true;
			break;
		case 't':
			if (!parse_number(optarg, 1, 86400, &o->timeout))
				return fail(EXIT_BAD_VALUE, "Bad timeout %s: seconds, 1 to 86400",
					    optarg);
			break;
		case 'r':
			o->back = true;
			break;
		default:
			return cmd_bad_option(argv);
		}
	}
	if (o->back && (o->kernel || o->way || o->check_only || o->stop_others || o->timeout))
		return fail(EXIT_BAD_OPTION, "--resume and --abort go with no other option");
	return cmd_no_more(argc, argv);
}

int cmd_host_upgrade(int argc, char **argv)
{
	cleanup_upgrade struct upgrade u = {};
	cleanup_close int lock = -1;
	struct options o = {};
	int ret = parse(argc, argv, &o);

	if (ret || o.back)
		return ret ? ret : bring_back();
	ret = begin(&u, &lock);
	return ret ? ret : upgrade(&u, &o);
}
