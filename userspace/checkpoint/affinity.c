// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "affinity.h"
#include "cgroup.h"
#include "cleanup.h"
#include "error.h"
#include "process.h"
#include "util.h"

/* As many as a kernel may be built for. */
#define CPUS_MAX	8192
#define SET_SIZE	CPU_ALLOC_SIZE(CPUS_MAX)

struct work {
	cpu_set_t *most;	/* what the container's own group has */
	cpu_set_t *set;
	json_t *all;
	bool in_vain;
	void (*look)(struct work *w, pid_t tid);
};

/* "0-3,8" */
static bool parse(const char *text, cpu_set_t *set)
{
	unsigned int from, to;
	int n = 0;

	CPU_ZERO_S(SET_SIZE, set);
	for (; text && sscanf(text, "%u%n", &from, &n) == 1; text += *text == ',') {
		text += n;
		to = from;
		if (sscanf(text, "-%u%n", &to, &n) == 1)
			text += n;
		for (; from <= to && from < CPUS_MAX; from++)
			CPU_SET_S(from, SET_SIZE, set);
	}
	return CPU_COUNT_S(SET_SIZE, set);
}

/* Its group's, or those of the next one above that has the controller. */
static bool has_all(pid_t tid, const cpu_set_t *set)
{
	cleanup_free char *file = xasprintf("/proc/%d/cgroup", (int)tid);
	cleanup_free char *text = read_file(file, 8192);
	cleanup_free char *path = NULL;
	cleanup_free char *cpus = NULL;
	cpu_set_t *may;
	bool equal;
	char *end;

	if (!text || strncmp(text, "0::", strlen("0::")) != 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	path = xasprintf(CGROUP_ROOT "%s", text + strlen("0::"));
	while (!cpus && (end = strrchr(path, '/')) > path) {
		cleanup_free char *name = xasprintf("%s/cpuset.cpus.effective", path);

		cpus = read_file(name, 65536);
		*end = '\0';
	}
	may = CPU_ALLOC(CPUS_MAX);
	equal = parse(cpus, may) && CPU_EQUAL_S(SET_SIZE, may, set);
	CPU_FREE(may);
	return equal;
}

/* Its id in the container; to be freed. */
static char *inner_id(pid_t tid)
{
	pid_t ids[PROCESS_LEVELS];
	unsigned int count = process_ids(tid, ids);

	return count ? xasprintf("%d", (int)ids[count - 1]) : xstrdup("");
}

/* To be freed. */
static char *text_of(const cpu_set_t *set)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (int cpu = 0; out && cpu < CPUS_MAX; cpu++) {
		int from = cpu;

		if (!CPU_ISSET_S(cpu, SET_SIZE, set))
			continue;
		while (cpu + 1 < CPUS_MAX && CPU_ISSET_S(cpu + 1, SET_SIZE, set))
			cpu++;
		fprintf(out, ftell(out) ? ",%d" : "%d", from);
		if (cpu > from)
			fprintf(out, "-%d", cpu);
	}
	if (out)
		fclose(out);
	return text;
}

static void record(struct work *w, pid_t tid)
{
	cleanup_free char *cpus = NULL;
	cleanup_free char *id = NULL;

	CPU_ZERO_S(SET_SIZE, w->set);
	if (sched_getaffinity(tid, SET_SIZE, w->set) || CPU_EQUAL_S(SET_SIZE, w->set, w->most) ||
	    has_all(tid, w->set))
		return;
	id = inner_id(tid);
	cpus = text_of(w->set);
	json_object_set_new(w->all, id, json_string(cpus));
}

static void set(struct work *w, pid_t tid)
{
	cleanup_free char *id = inner_id(tid);
	json_t *cpus = json_object_get(w->all, id), *cpu;
	size_t i;

	if (!cpus)
		return;
	/* an older tool's are an array of numbers */
	parse(json_string_value(cpus), w->set);
	json_array_foreach(cpus, i, cpu) {
		size_t n = json_integer_value(cpu);

		if (n < CPUS_MAX)
			CPU_SET_S(n, SET_SIZE, w->set);
	}
	w->in_vain |= sched_setaffinity(tid, SET_SIZE, w->set) != 0;
}

static void each_thread(pid_t pid, void *arg)
{
	cleanup_free char *path = xasprintf("/proc/%d/task", (int)pid);
	cleanup_dir DIR *dir = opendir(path);
	struct work *w = arg;
	struct dirent *de;

	while (dir && (de = readdir(dir)))
		if (atoi(de->d_name))
			w->look(w, atoi(de->d_name));
}

json_t *affinity_record(uint32_t id)
{
	cleanup_free char *cpus = cgroup_text(id, "cpuset.cpus.effective");
	struct work w = {
		.most = CPU_ALLOC(CPUS_MAX), .set = CPU_ALLOC(CPUS_MAX), .all = json_object(),
		.look = record,
	};

	/* without the controller all may run everywhere */
	if (!parse(cpus, w.most))
		sched_getaffinity(1, SET_SIZE, w.most);
	cgroup_each_process(id, true, each_thread, &w);
	CPU_FREE(w.most);
	CPU_FREE(w.set);
	return w.all;
}

void affinity_set(uint32_t id, json_t *all)
{
	struct work w = { .set = CPU_ALLOC(CPUS_MAX), .all = all, .look = set };

	if (json_object_size(all))
		cgroup_each_process(id, true, each_thread, &w);
	CPU_FREE(w.set);
	if (w.in_vain)
		warn("Threads of container %u may run on CPUs that they had not chosen: this host "
		     "has not those they had", id);
}
