// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "figures.h"
#include "layout.h"
#include "names.h"
#include "scx.h"
#include "util.h"
#include "value.h"
#include "view.h"

/* Figures of one file stand together: it is read once. Documentation/admin-guide/cgroup-v2.rst */
const struct figure figures[FIGURES] = {
	[FIGURE_CPU_USAGE] = { "cpu", "usage", FIGURE_MICROSECONDS, true, "cpu.stat",
		"usage_usec", "CPU time used" },
	[FIGURE_CPU_USER] = { "cpu", "user", FIGURE_MICROSECONDS, true, "cpu.stat",
		"user_usec", "CPU time used in user mode" },
	[FIGURE_CPU_SYSTEM] = { "cpu", "system", FIGURE_MICROSECONDS, true, "cpu.stat",
		"system_usec", "CPU time used in the kernel" },
	[FIGURE_CPU_THROTTLED] = { "cpu", "throttled", FIGURE_MICROSECONDS, true, "cpu.stat",
		"throttled_usec", "CPU time of run queues held back by the limit of CPU time" },
	[FIGURE_CPU_THROTTLES] = { "cpu", "throttles", FIGURE_NUMBER, true, "cpu.stat",
		"nr_throttled", "how often the limit of CPU time held it back" },
	[FIGURE_CPU_WAITING] = { "cpu", "waiting", FIGURE_MICROSECONDS, true, "cpu.pressure",
		"some.total", "time in which some task waited for a CPU" },
	[FIGURE_SCHED_RUN] = { "sched", "run", FIGURE_MICROSECONDS, true, NULL, NULL,
		"time that tasks ran", CLOISON_SCHED_CONTAINER_A_RUN },
	[FIGURE_SCHED_WAIT] = { "sched", "wait", FIGURE_MICROSECONDS, true, NULL, NULL,
		"time that tasks could have run and had no CPU", CLOISON_SCHED_CONTAINER_A_WAIT },
	[FIGURE_SCHED_WAIT_MAX] = { "sched", "wait_max", FIGURE_MICROSECONDS, false, NULL, NULL,
		"longest time that a task waited for a CPU", CLOISON_SCHED_CONTAINER_A_WAIT_MAX },
	[FIGURE_SCHED_STEAL] = { "sched", "steal", FIGURE_MICROSECONDS, true, NULL, NULL,
		"time that CPUs it could have used ran others", CLOISON_SCHED_CONTAINER_A_STEAL },
	[FIGURE_SCHED_VOLUNTARY] = { "sched", "voluntary", FIGURE_NUMBER, true, NULL, NULL,
		"switches from tasks that went to sleep", CLOISON_SCHED_CONTAINER_A_VOLUNTARY },
	[FIGURE_SCHED_INVOLUNTARY] = { "sched", "involuntary", FIGURE_NUMBER, true, NULL, NULL,
		"switches from tasks that could have run on",
		CLOISON_SCHED_CONTAINER_A_INVOLUNTARY },
	[FIGURE_SCHED_RUNNING] = { "sched", "running", FIGURE_NUMBER, false, NULL, NULL,
		"CPUs that run its tasks now", CLOISON_SCHED_CONTAINER_A_RUNNING },
	[FIGURE_SCHED_PEAK] = { "sched", "peak", FIGURE_NUMBER, false, NULL, NULL,
		"most CPUs that ever ran its tasks at once", CLOISON_SCHED_CONTAINER_A_PEAK },
	[FIGURE_LOAD_1] = { "load", "1", FIGURE_HUNDREDTHS, false, NULL, NULL,
		"load average of a minute" },
	[FIGURE_LOAD_5] = { "load", "5", FIGURE_HUNDREDTHS, false, NULL, NULL,
		"load average of five minutes" },
	[FIGURE_LOAD_15] = { "load", "15", FIGURE_HUNDREDTHS, false, NULL, NULL,
		"load average of fifteen minutes" },
	[FIGURE_MEMORY_USED] = { "memory", "used", FIGURE_BYTES, false, "memory.current",
		NULL, "memory charged, with the cache of files" },
	[FIGURE_MEMORY_LIMIT] = { "memory", "limit", FIGURE_BYTES, false, "memory.max",
		NULL, "memory that may be charged" },
	[FIGURE_MEMORY_PEAK] = { "memory", "peak", FIGURE_BYTES, false, "memory.peak",
		NULL, "most memory ever charged" },
	[FIGURE_MEMORY_ANON] = { "memory", "anon", FIGURE_BYTES, false, "memory.stat",
		"anon", "memory of processes that is in no file" },
	[FIGURE_MEMORY_FILE] = { "memory", "file", FIGURE_BYTES, false, "memory.stat",
		"file", "cache of files, with shared memory" },
	[FIGURE_MEMORY_SHMEM] = { "memory", "shmem", FIGURE_BYTES, false, "memory.stat",
		"shmem", "shared memory and tmpfs" },
	[FIGURE_MEMORY_KERNEL] = { "memory", "kernel", FIGURE_BYTES, false, "memory.stat",
		"kernel", "memory of the kernel" },
	[FIGURE_MEMORY_FAULTS] = { "memory", "faults", FIGURE_NUMBER, true, "memory.stat",
		"pgfault", "page faults" },
	[FIGURE_MEMORY_MAJOR_FAULTS] = { "memory", "major_faults", FIGURE_NUMBER, true,
		"memory.stat", "pgmajfault", "page faults that waited for a device" },
	[FIGURE_MEMORY_LIMIT_HITS] = { "memory", "limit_hits", FIGURE_NUMBER, true,
		"memory.events", "max", "how often the limit of memory was met" },
	[FIGURE_MEMORY_OOM_KILLS] = { "memory", "oom_kills", FIGURE_NUMBER, true,
		"memory.events", "oom_kill", "processes killed because memory was out" },
	[FIGURE_MEMORY_WAITING] = { "memory", "waiting", FIGURE_MICROSECONDS, true,
		"memory.pressure", "some.total", "time in which some task waited for memory" },
	[FIGURE_MEMORY_STALLED] = { "memory", "stalled", FIGURE_MICROSECONDS, true,
		"memory.pressure", "full.total", "time in which all tasks waited for memory" },
	[FIGURE_SWAP_USED] = { "swap", "used", FIGURE_BYTES, false, "memory.swap.current",
		NULL, "swap space used" },
	[FIGURE_SWAP_LIMIT] = { "swap", "limit", FIGURE_BYTES, false, "memory.swap.max",
		NULL, "swap space that may be used" },
	[FIGURE_PROCESSES_CURRENT] = { "processes", "current", FIGURE_NUMBER, false, "pids.current",
		NULL, "processes and threads" },
	[FIGURE_PROCESSES_LIMIT] = { "processes", "limit", FIGURE_NUMBER, false, "pids.max",
		NULL, "processes and threads there may be" },
	[FIGURE_PROCESSES_REFUSED] = { "processes", "refused", FIGURE_NUMBER, true,
		"pids.events", "max", "forks refused at the limit" },
	[FIGURE_IO_WAITING] = { "io", "waiting", FIGURE_MICROSECONDS, true, "io.pressure",
		"some.total", "time in which some task waited for a device" },
	[FIGURE_IO_STALLED] = { "io", "stalled", FIGURE_MICROSECONDS, true, "io.pressure",
		"full.total", "time in which all tasks waited for a device" },
	[FIGURE_DISK_USED] = { "disk", "used", FIGURE_BYTES, false, NULL, NULL,
		"space its files take" },
	[FIGURE_DISK_LIMIT] = { "disk", "limit", FIGURE_BYTES, false, NULL, NULL,
		"space its files may take" },
	[FIGURE_DISK_FILES] = { "disk", "files", FIGURE_NUMBER, false, NULL, NULL,
		"files and directories" },
	[FIGURE_DISK_FILES_LIMIT] = { "disk", "files_limit", FIGURE_NUMBER, false, NULL, NULL,
		"files and directories there may be" },
};

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0": Documentation/accounting/psi.rst */
static bool pressure(const char *text, const char *key, uint64_t *out)
{
	size_t len = strcspn(key, ".");
	cleanup_free char *field = xasprintf(" %s=", key + len + 1);

	for (; text && *text; text = strchr(text, '\n')) {
		const char *at;

		text += *text == '\n';
		if (strncmp(text, key, len) != 0 || text[len] != ' ')
			continue;
		at = strstr(text, field);
		return at && sscanf(at + strlen(field), "%" SCNu64, out) == 1;
	}
	return false;
}

static bool read_one(struct listed *l, const struct sched_container *sched,
		     const struct figure *f, uint64_t *out)
{
	/* read_disk() or read_load() does */
	if (!f->file && !f->attribute)
		return false;
	if (!f->file) {
		*out = sched->of[f->attribute] / (f->unit == FIGURE_MICROSECONDS ? 1000 : 1);
		return sched->known[f->attribute];
	}
	if (f->key && strchr(f->key, '.'))
		return pressure(listed_file(l, f->file), f->key, out);
	return listed_number(l, f->file, f->key, out);
}

static void take(const char *word, const char *key, uint64_t *out)
{
	size_t len = strlen(key);

	if (strncmp(word, key, len) == 0)
		*out = strtoull(word + len, NULL, 10);
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0"; a device without figures has none. */
static bool parse_device(char *line, struct device_io *d)
{
	char *word, *rest = line;

	*d = (struct device_io){};
	word = strsep(&rest, " ");
	if (sscanf(word, "%u:%u", &d->major, &d->minor) != 2 || !rest)
		return false;
	while ((word = strsep(&rest, " "))) {
		take(word, "rbytes=", &d->read_bytes);
		take(word, "wbytes=", &d->written_bytes);
		take(word, "rios=", &d->reads);
		take(word, "wios=", &d->writes);
	}
	return true;
}

static void read_devices(struct listed *l, struct usage *u)
{
	const char *text = listed_file(l, "io.stat");
	cleanup_free char *copy = text ? xstrdup(text) : NULL;
	char *rest = copy, *line;
	struct device_io d;

	while ((line = strsep(&rest, "\n"))) {
		if (!parse_device(line, &d))
			continue;
		u->devices = xrealloc(u->devices, (u->devices_count + 1) * sizeof(*u->devices));
		u->devices[u->devices_count++] = d;
	}
}

static void put(struct usage *u, enum figure_index index, uint64_t value)
{
	u->known[index] = true;
	u->of[index] = value;
}

/* What somebody counts; with the limits that then hold. */
static void read_disk(struct listed *l, struct usage *u)
{
	const struct container *ct = listed_container(l);
	struct disk_limits limits;
	struct disk_usage disk;

	if (!ct->conf || !ct->layout->usage(ct, &disk))
		return;
	put(u, FIGURE_DISK_USED, disk.space * 1024);
	put(u, FIGURE_DISK_FILES, disk.inodes);
	if (disk_limits_read(ct->conf, &limits)) {
		error_clear();
		return;
	}
	put(u, FIGURE_DISK_LIMIT, limits.space_hard ? limits.space_hard * 1024 : VALUE_UNLIMITED);
	put(u, FIGURE_DISK_FILES_LIMIT, limits.inodes_hard ?: VALUE_UNLIMITED);
}

static void read_load(struct usage *u)
{
	uint64_t load[3];

	if (!view_averages(u->id, load))
		return;
	for (int i = 0; i < 3; i++)
		put(u, FIGURE_LOAD_1 + i, load[i]);
}

static bool usage_read(struct listed *l, struct usage *out)
{
	struct sched_container sched;
	const char *name;

	*out = (struct usage){ .id = l->id };
	if (!listed_runs(l))
		return false;
	sched_read(l->id, &sched);
	memcpy(out->latency, sched.latency, sizeof(out->latency));
	out->latency_sum = sched.of[CLOISON_SCHED_CONTAINER_A_LATENCY_SUM];
	for (int i = 0; i < FIGURES; i++)
		out->known[i] = read_one(l, &sched, &figures[i], &out->of[i]);
	/* its cgroup goes when it ends */
	if (!out->known[FIGURE_CPU_USAGE])
		return false;
	read_devices(l, out);
	read_disk(l, out);
	read_load(out);
	out->uptime = listed_uptime_ms(l) / 1000;
	name = listed_conf(l, "NAME");
	out->name = name ? xstrdup(name) : NULL;
	link_counters_read(l->id, &out->links, &out->links_count);
	return true;
}

static void usage_free(struct usage *u)
{
	free(u->name);
	free(u->devices);
	free(u->links);
}

/* While our scheduler is in charge the kernel's counters stand still: its own are added. */
static void add_throttling(struct usage *list, size_t count)
{
	cleanup_free struct scx_container *all = NULL;
	struct scx_status status;
	size_t n = 0;

	if (!count)
		return;
	scx_look(&status);
	if (status.state != SCX_ON || status.other)
		return;
	/* it may end meanwhile */
	if (scx_containers(&all, &n)) {
		error_clear();
		return;
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < n; j++) {
			if (all[j].id != list[i].id)
				continue;
			list[i].of[FIGURE_CPU_THROTTLED] += all[j].throttled_us;
			list[i].of[FIGURE_CPU_THROTTLES] += all[j].throttles;
		}
	}
}

static void add(struct usage **list, size_t *count, const struct kernel_container *kc)
{
	struct listed l = { .id = kc->id, .kc = *kc };

	*list = xrealloc(*list, (*count + 1) * sizeof(**list));
	if (usage_read(&l, &(*list)[*count]))
		(*count)++;
	listed_close(&l);
}

static int add_named(struct usage **list, size_t *count, const char *arg)
{
	struct kernel_container kc;
	size_t before = *count;
	uint32_t id;
	int ret;

	if (!parse_ctid(arg, &id) && !names_find(arg, &id))
		return fail(EXIT_NO_CONF, "There is no container %s", arg);
	ret = kernel_look(id, &kc);
	if (ret)
		return ret;
	if (kernel_runs(&kc))
		add(list, count, &kc);
	return *count > before ? 0 : fail(EXIT_NOT_RUNNING, "Container %s is not running", arg);
}

int usage_list(char *const *args, struct usage **list, size_t *count)
{
	cleanup_free struct container_entry *all = NULL;
	size_t n = 0;
	int ret = 0;

	*list = NULL;
	*count = 0;
	for (; !ret && args && *args; args++, n++)
		ret = add_named(list, count, *args);
	if (!ret && !n) {
		ret = container_list(false, &all, &n);
		for (size_t i = 0; !ret && i < n; i++)
			add(list, count, &all[i].kc);
	}
	if (!ret)
		add_throttling(*list, *count);
	if (ret) {
		usage_list_free(*list, *count);
		*list = NULL;
		*count = 0;
	}
	return ret;
}

void usage_list_free(struct usage *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		usage_free(&list[i]);
	free(list);
}
