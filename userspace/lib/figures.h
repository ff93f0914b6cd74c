/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a running container uses of the machine: figures of its cgroup, of block devices and
 * of its networks. Sources and precision are in Documentation/figures.rst.
 */
#ifndef CLOISON_FIGURES_H
#define CLOISON_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../net/counters.h"
#include "listed.h"
#include "sched.h"

enum figure_unit { FIGURE_NUMBER, FIGURE_BYTES, FIGURE_MICROSECONDS, FIGURE_HUNDREDTHS };

enum figure_index {
	FIGURE_CPU_USAGE,
	FIGURE_CPU_USER,
	FIGURE_CPU_SYSTEM,
	FIGURE_CPU_THROTTLED,
	FIGURE_CPU_THROTTLES,
	FIGURE_CPU_WAITING,
	FIGURE_SCHED_RUN,
	FIGURE_SCHED_WAIT,
	FIGURE_SCHED_WAIT_MAX,
	FIGURE_SCHED_STEAL,
	FIGURE_SCHED_VOLUNTARY,
	FIGURE_SCHED_INVOLUNTARY,
	FIGURE_SCHED_RUNNING,
	FIGURE_SCHED_PEAK,
	FIGURE_LOAD_1,
	FIGURE_LOAD_5,
	FIGURE_LOAD_15,
	FIGURE_MEMORY_USED,
	FIGURE_MEMORY_LIMIT,
	FIGURE_MEMORY_PEAK,
	FIGURE_MEMORY_ANON,
	FIGURE_MEMORY_FILE,
	FIGURE_MEMORY_SHMEM,
	FIGURE_MEMORY_KERNEL,
	FIGURE_MEMORY_FAULTS,
	FIGURE_MEMORY_MAJOR_FAULTS,
	FIGURE_MEMORY_LIMIT_HITS,
	FIGURE_MEMORY_OOM_KILLS,
	FIGURE_MEMORY_WAITING,
	FIGURE_MEMORY_STALLED,
	FIGURE_SWAP_USED,
	FIGURE_SWAP_LIMIT,
	FIGURE_PROCESSES_CURRENT,
	FIGURE_PROCESSES_LIMIT,
	FIGURE_PROCESSES_REFUSED,
	FIGURE_IO_WAITING,
	FIGURE_IO_STALLED,
	FIGURE_DISK_USED,
	FIGURE_DISK_LIMIT,
	FIGURE_DISK_FILES,
	FIGURE_DISK_FILES_LIMIT,
	FIGURES
};

struct figure {
	const char *group, *name;
	enum figure_unit unit;
	bool counter;		/* only grows, from 0 when the container starts */
	const char *file;	/* of the cgroup; NULL: cloison_sched or
				 * cloison_view has it, or its layout
				 */
	const char *key;	/* of the line; of pressure files LINE.FIELD; NULL: all of it */
	const char *help;
	int attribute;		/* of cloison_sched, without a file */
};

/* In the order of the enum, which is that of their groups. */
extern const struct figure figures[FIGURES];

struct device_io {
	unsigned int major, minor;
	uint64_t read_bytes, written_bytes, reads, writes;
};

struct usage {
	uint32_t id;
	uint64_t uptime;	/* seconds */
	char *name;		/* NULL: none */
	bool known[FIGURES];	/* the kernel has it */
	uint64_t of[FIGURES];	/* VALUE_UNLIMITED for limits that are none */
	/* of wakeups, with FIGURE_SCHED_WAIT; and in ns, what all of them waited */
	uint64_t latency[CLOISON_SCHED_BUCKETS], latency_sum;
	struct device_io *devices;
	size_t devices_count;
	struct link_counters *links;
	size_t links_count;
};

/*
 * All that run, by id, or those that @args name (up to NULL): EXIT_NOT_RUNNING for one
 * that does not. To be freed with usage_list_free().
 */
int usage_list(char *const *args, struct usage **list, size_t *count);
void usage_list_free(struct usage *list, size_t count);

#endif
