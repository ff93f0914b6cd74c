// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/magic.h>
#include <linux/netlink.h>
#include <linux/types.h>

#include "cgroup.h"
#include "cleanup.h"
#include "error.h"
#include "global.h"
#include "limits.h"
#include "lock.h"
#include "scx.h"
#include "util.h"

#include "../sched/cloison_sched.h"
#include "../sched/cloison_sched.skel.h"

#define SYS		"/sys/kernel/sched_ext/"
#define BPFFS		"/sys/fs/bpf"
#define PINS		BPFFS "/cloison"
#define PIN_LINK	PINS "/sched"
#define PIN_ENDED	PINS "/sched_ended"
#define PIN_STATE	PINS "/sched_state"
#define PIN_TIMERS	PINS "/sched_timers"
#define PIN_SET_OWN	PINS "/sched_set_own"

#define NAME		"cloison"

/* Tried again after a minute, two, four, ... but for ever. */
#define RETRY_MS	60000
#define RETRY_MOST	6

/* One that was in charge for longer is the first of a new row. */
#define ROW_NS		(3600ULL * 1000000000)

/* The kernel takes all tasks from one scheduler to the other. */
#define LEAVE_MS	60000

/* What libbpf had to say last. */
static char last_word[512];

static int listen_to(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char line[sizeof(last_word)];

	if (level > LIBBPF_INFO)
		return 0;
	vsnprintf(line, sizeof(line), fmt, ap);
	line[strcspn(line, "\n")] = '\0';
	detail("%s", line);
	if (level == LIBBPF_WARN && !*last_word)
		memcpy(last_word, line, sizeof(last_word));
	return 0;
}

static bool read_line(const char *path, char *line, size_t size)
{
	cleanup_free char *text = read_file(path, size);

	if (!text)
		return false;
	snprintf(line, size, "%s", text);
	line[strcspn(line, "\n")] = '\0';
	return true;
}

/* The kernel copies what the map has, however little was meant to hold it. */
static bool read_pinned(const char *path, void *value, size_t size)
{
	cleanup_close int fd = bpf_obj_get(path);
	struct bpf_map_info info = {};
	__u32 len = sizeof(info), zero = 0;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
		return false;
	errno = EINVAL;
	return info.value_size == size && !bpf_map_lookup_elem(fd, &zero, value);
}

static bool read_ended(struct sched_ended *e)
{
	return read_pinned(PIN_ENDED, e, sizeof(*e));
}

/* Which object this tool has, and that one is made anew when it differs: FNV-1a. */
static __u64 own_object(void)
{
	static __u64 hash;
	size_t size;
	const unsigned char *bytes = cloison_sched__elf_bytes(&size);

	/* events looks again and again */
	if (hash)
		return hash;
	hash = 0xcbf29ce484222325ULL;
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
	return hash;
}

void scx_look(struct scx_status *status)
{
	struct sched_ended e = {};
	char state[64], name[128] = "";
	bool on;

	*status = (struct scx_status){};
	if (!read_line(SYS "state", state, sizeof(state)))
		return;
	/* one that comes or goes has no name */
	on = strcmp(state, "disabled") != 0 && read_line(SYS "root/ops", name, sizeof(name));
	if (read_ended(&e)) {
		status->since = e.since;
		status->ejections = e.ejections;
	}
	if (!e.kind && on && !access(PIN_LINK, F_OK) && strncmp(name, NAME, strlen(NAME)) == 0) {
		status->state = SCX_ON;
		status->other = e.object != own_object();
		status->host_weight = e.host_weight;
		return;
	}
	if (e.kind && e.kind != SCHED_UNREG) {
		status->ended = e.at;
		status->ejections = e.at - e.since > ROW_NS ? 1 : e.ejections + 1;
		memcpy(status->reason, e.reason, sizeof(status->reason));
		memcpy(status->message, e.message, sizeof(status->message));
	}
	if (on) {
		status->state = SCX_FOREIGN;
		memcpy(status->name, name, sizeof(name));
	} else {
		status->state = status->ended ? SCX_EJECTED : SCX_OFF;
	}
}

const char *scx_why_not(void)
{
	static const char *const why[] = {
		[SCX_MISSING] = "this kernel has no sched_ext",
		[SCX_OFF] = "cloisonctl sched enable",
		[SCX_FOREIGN] = "another one of sched_ext is",
		[SCX_EJECTED] = "the kernel has ended it, see cloisonctl sched status",
		[SCX_ON] = NULL,
	};
	struct scx_status status;

	scx_look(&status);
	return why[status.state];
}

int scx_containers(struct scx_container **list, size_t *count)
{
	struct cloison_sched__bss *all = xcalloc(1, sizeof(*all));

	*count = 0;
	if (!read_pinned(PIN_STATE, all, sizeof(*all))) {
		free(all);
		return fail_errno(EXIT_KERNEL, "Cannot look at the scheduler");
	}
	*list = xcalloc(MAX_CONTAINERS, sizeof(**list));
	for (size_t i = 0; i < MAX_CONTAINERS; i++) {
		const struct sched_ct *ct = &all->cts[i];

		if (ct->used)
			(*list)[(*count)++] = (struct scx_container){
				.id = ct->ctid, .weight = ct->weight, .running = ct->running,
				.waiting = ct->waiting, .cpus = ct->max_cpus,
				.most = ct->max_running, .throttled_us = ct->throttled_ns / 1000,
				.throttles = ct->throttles, .policy = ct->policy,
			};
	}
	free(all);
	return 0;
}

static int have_bpffs(void)
{
	struct statfs st;

	if ((statfs(BPFFS, &st) || st.f_type != BPF_FS_MAGIC) &&
	    mount("bpf", BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=700"))
		return fail_errno(EXIT_SYSTEM, "Cannot mount " BPFFS);
	if (mkdir(PINS, 0700) && errno != EEXIST)
		return fail_errno(EXIT_SYSTEM, "Cannot make " PINS);
	return 0;
}

/* Or on its way out, when it has no name any more. */
static bool in_charge(void)
{
	char state[64], name[128];

	return read_line(SYS "state", state, sizeof(state)) && strcmp(state, "disabled") != 0 &&
	       (!read_line(SYS "root/ops", name, sizeof(name)) ||
		strncmp(name, NAME, strlen(NAME)) == 0);
}

/* Who only let go of the link would not know when the kernel does. */
static void detach(void)
{
	cleanup_close int link = bpf_obj_get(PIN_LINK);

	if (link >= 0)
		bpf_link_detach(link);
}

/* The link first: without it the rest means nothing. How it ended is known until another begins. */
static int unpin(void)
{
	static const char *const pins[] = { PIN_LINK, PIN_SET_OWN, PIN_STATE, PIN_TIMERS };
	int64_t end = now_ms() + LEAVE_MS;

	detach();
	for (size_t i = 0; i < ARRAY_SIZE(pins); i++)
		if (unlink(pins[i]) && errno != ENOENT)
			return fail_errno(EXIT_SYSTEM, "Cannot remove %s", pins[i]);
	while (in_charge()) {
		if (now_ms() > end)
			return fail(EXIT_KERNEL, "The scheduler stays: something has it open");
		sleep_ms(10);
	}
	return 0;
}

static int forget_ended(void)
{
	if (unlink(PIN_ENDED) && errno != ENOENT)
		return fail_errno(EXIT_SYSTEM, "Cannot remove " PIN_ENDED);
	return 0;
}

static int pin(const struct cloison_sched *s, struct bpf_link *link)
{
	int ret = forget_ended();

	if (ret)
		return ret;
	/* timers run only as long as somebody has their map */
	if (bpf_map__pin(s->maps.timers, PIN_TIMERS) ||
	    bpf_map__pin(s->maps.ended, PIN_ENDED) || bpf_map__pin(s->maps.bss, PIN_STATE) ||
	    bpf_program__pin(s->progs.set_own, PIN_SET_OWN) || bpf_link__pin(link, PIN_LINK))
		return fail_errno(EXIT_SYSTEM, "Cannot keep the scheduler in " PINS);
	return 0;
}

/* Once there, it is in charge until the pins go. */
static int load(unsigned int ejections)
{
	struct cloison_sched *s = cloison_sched__open();
	struct bpf_link *link = NULL;
	struct sched_ended fresh = {
		.ejections = ejections, .object = own_object(),
		.host_weight = limits_weight(global.host_cpuunits),
	};
	__u32 zero = 0;
	int ret = 0;

	*last_word = '\0';
	if (!s)
		return fail_errno(EXIT_SYSTEM, "Cannot open the scheduler");
	s->rodata->host_weight = fresh.host_weight;
	if (cloison_sched__load(s) ||
	    bpf_map_update_elem(bpf_map__fd(s->maps.ended), &zero, &fresh, BPF_ANY))
		ret = fail_errno(EXIT_KERNEL, "The kernel does not take the scheduler%s%s",
				 *last_word ? ": " : "", last_word);
	if (!ret) {
		link = bpf_map__attach_struct_ops(s->maps.cloison);
		if (!link)
			ret = fail_errno(EXIT_KERNEL, "The scheduler cannot be enabled");
	}
	if (!ret)
		ret = pin(s, link);
	bpf_link__destroy(link);
	cloison_sched__destroy(s);
	return ret;
}

/* A container that starts meanwhile sees to itself. */
static void tell_all(void)
{
	cleanup_free uint32_t *ids = NULL;
	size_t count = 0;

	if (cgroup_list(&ids, &count)) {
		error_clear();
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (scx_tell(ids[i])) {
			warn("%s", error_text());
			error_clear();
		}
	}
}

static int enable(unsigned int ejections)
{
	int ret = have_bpffs();

	libbpf_set_print(listen_to);
	if (!ret)
		ret = unpin();
	if (!ret)
		ret = load(ejections);
	if (ret)
		return ret;
	tell_all();
	return 0;
}

/* One at a time says who is in charge. */
static int lock_scheduler(int *lock)
{
	return lock_take("sched", true, lock);
}

int scx_enable(void)
{
	cleanup_close int lock = -1;
	struct scx_status status;
	int ret = lock_scheduler(&lock);

	if (ret)
		return ret;
	scx_look(&status);
	switch (status.state) {
	case SCX_MISSING:
		return fail(EXIT_KERNEL,
			    "This kernel has no sched_ext: its own group scheduling stays in charge");
	case SCX_FOREIGN:
		return fail(EXIT_KERNEL, "Another scheduler is in charge: %s; end it first",
			    status.name);
	case SCX_ON:
		if (!status.other && status.host_weight == limits_weight(global.host_cpuunits))
			return 0;
		return enable(0);
	default:
		return enable(0);
	}
}

int scx_disable(void)
{
	cleanup_close int lock = -1;
	int ret = lock_scheduler(&lock);

	if (ret || access(PINS, F_OK))
		return ret;
	ret = unpin();
	return ret ? ret : forget_ended();
}

int64_t scx_retry_at(const struct scx_status *status)
{
	unsigned int times = status->ejections - 1;

	if (status->state != SCX_EJECTED)
		return INT64_MAX;
	return now_ms() + (int64_t)(status->ended / 1000000) - (int64_t)(boot_ns() / 1000000) +
	       ((int64_t)RETRY_MS << (times < RETRY_MOST ? times : RETRY_MOST));
}

/* Then the next time is later. */
static void count_failure(const struct scx_status *status)
{
	cleanup_close int fd = bpf_obj_get(PIN_ENDED);
	struct sched_ended e;
	__u32 zero = 0;

	if (fd < 0 || !read_ended(&e))
		return;
	e.ejections = status->ejections;
	e.since = e.at = boot_ns();
	bpf_map_update_elem(fd, &zero, &e, BPF_ANY);
}

static bool retry_due(struct scx_status *status)
{
	scx_look(status);
	return scx_retry_at(status) <= now_ms();
}

void scx_retry(void)
{
	cleanup_close int lock = -1;
	struct scx_status status;
	int ret;

	if (!retry_due(&status))
		return;
	ret = lock_scheduler(&lock);
	/* who had the lock may have done it */
	if (!ret && !retry_due(&status))
		return;
	if (ret || enable(status.ejections)) {
		warn("%s", error_text());
		error_clear();
		count_failure(&status);
	} else {
		say("The scheduler is in charge again, after: %s", status.message);
	}
}

int scx_tell(uint32_t id)
{
	struct sched_own arg = {
		.ctid = id, .cpus = cgroup_noted(id, CGROUP_CPUS),
		.policy = cgroup_noted(id, CGROUP_SCHED),
	};
	struct bpf_test_run_opts opts = {
		.sz = sizeof(opts), .ctx_in = &arg, .ctx_size_in = sizeof(arg),
	};
	cleanup_close int fd = -1;
	struct scx_status status;

	scx_look(&status);
	if (status.other) {
		warn("The scheduler is another version's and is not told of container %u: "
		     SCX_REPLACE, id);
		return 0;
	}
	fd = bpf_obj_get(PIN_SET_OWN);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || bpf_prog_test_run_opts(fd, &opts))
		return fail_errno(EXIT_LIMITS, "The scheduler cannot be told of container %u", id);
	/* an ejected scheduler knows no containers any more */
	return 0;
}

static const char *const policies[] = {
	[SCHED_DEFAULT] = "default", [SCHED_LATENCY] = "latency", [SCHED_BATCH] = "batch",
};

const char *scx_policy_name(uint32_t policy)
{
	return policies[policy < ARRAY_SIZE(policies) ? policy : SCHED_DEFAULT];
}

bool scx_policy_parse(const char *name, uint32_t *policy)
{
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		if (strcmp(policies[i], name) != 0)
			continue;
		*policy = i;
		return true;
	}
	return false;
}

int scx_listen(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_KOBJECT_UEVENT);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

bool scx_drain(int fd)
{
	static const char path[] = "@/kernel/sched_ext";
	bool ours = false;
	char text[4096];
	ssize_t n;

	while ((n = recv(fd, text, sizeof(text) - 1, 0)) > 0 || (n < 0 && errno == ENOBUFS)) {
		text[n > 0 ? n : 0] = '\0';
		ours |= n < 0 || strstr(text, path);
	}
	return ours;
}
