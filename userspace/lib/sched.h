/* SPDX-License-Identifier: GPL-2.0-only */
/* Talking to cloison_sched.ko; see linux/cloison_sched.h. */
#ifndef CLOISON_SCHED_H
#define CLOISON_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/cloison_sched.h>

struct sched_container {
	/* by CLOISON_SCHED_CONTAINER_A_...; ns where it is a time */
	bool known[CLOISON_SCHED_CONTAINER_A_MAX + 1];
	uint64_t of[CLOISON_SCHED_CONTAINER_A_MAX + 1];
	/* known with CLOISON_SCHED_CONTAINER_A_LATENCY */
	uint64_t latency[CLOISON_SCHED_BUCKETS];
};

/* Load the module, unless the configuration says no; that it cannot be is warned of. */
void sched_offer(void);

/* Nothing is known without the module, or of a container that it does not know. */
void sched_read(uint32_t id, struct sched_container *out);

/* What is in a bucket of the latencies waited less, in ns; not for the last one. */
static inline uint64_t latency_bound(int bucket)
{
	return UINT64_C(1) << (CLOISON_SCHED_BUCKET_SHIFT + bucket);
}

#endif
