// SPDX-License-Identifier: GPL-2.0-only
/*
 * How fast this machine's time stamp counter is, in kHz, as the kernel's parameter tsc_early_khz wants it.
 *
 * An emulated processor has the counter of the machine it runs on. Its kernel compares it with emulated
 * timers to find that out, and on a busy machine is off by a factor of three sometimes: all its clocks
 * are then.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

/* A moment on both clocks; of many the one that was disturbed least. */
static uint64_t moment(int64_t *ns)
{
	int64_t least = INT64_MAX;
	uint64_t tsc = 0;

	for (int i = 0; i < 100; i++) {
		int64_t before = now();
		uint64_t count = __rdtsc();
		int64_t took = now() - before;

		if (took < least) {
			least = took;
			tsc = count;
			*ns = before + took / 2;
		}
	}
	return tsc;
}

int main(void)
{
	const struct timespec rest = { .tv_nsec = 100000000 };
	int64_t begin, end;
	uint64_t from = moment(&begin), ticks;

	nanosleep(&rest, NULL);
	ticks = moment(&end) - from;
	printf("%.0f\n", ticks * 1e6 / (end - begin));
	return 0;
}
