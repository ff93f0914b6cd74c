// SPDX-License-Identifier: GPL-2.0-only
/*
 * Computes.
 *
 *	spin [NUMBER [NICE]]
 *		So many processes, until they are killed.
 *	spin bomb
 *		Processes that make processes, without end.
 *	spin wake ROUNDS [US]
 *		Sleeps 2 ms and wakes, again and again; prints how late, in us: the median, the 99th
 *		percentile and the largest. In between it computes for US of CPU time.
 *	spin turns NUMBER MS
 *		So many processes, on one CPU, that compute for MS each; prints how often one took
 *		over from another.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long read_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static long long now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

static void compute(int us)
{
	long long end = read_clock(CLOCK_THREAD_CPUTIME_ID) + us * 1000LL;

	while (us && read_clock(CLOCK_THREAD_CPUTIME_ID) < end)
		;
}

static int ascending(const void *a, const void *b)
{
	const long long *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void wake(int rounds, int us)
{
	long long *late = calloc(rounds, sizeof(*late));

	/* or the kernel may add 50 us of its own */
	if (!late || prctl(PR_SET_TIMERSLACK, 1))
		err(1, NULL);
	/* the first ones it has yet to pay for its start */
	for (int i = -rounds / 10; i < rounds; i++) {
		long long want = now() + 2000000;
		struct timespec ts = { want / 1000000000, want % 1000000000 };

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
		if (i >= 0)
			late[i] = now() - want;
		compute(us);
	}
	qsort(late, rounds, sizeof(*late), ascending);
	printf("%lld %lld %lld\n", late[rounds / 2] / 1000, late[rounds * 99LL / 100] / 1000,
	       late[rounds - 1] / 1000);
	free(late);
}

static void turns(int number, int ms)
{
	int *shared = mmap(NULL, 2 * sizeof(int), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int me = 0;

	if (shared == MAP_FAILED)
		err(1, NULL);
	while (++me < number && fork() > 0)
		;
	while (read_clock(CLOCK_THREAD_CPUTIME_ID) < ms * 1000000LL) {
		if (__atomic_exchange_n(&shared[0], me, __ATOMIC_RELAXED) != me)
			shared[1]++;
	}
	if (me < number)
		_exit(0);
	while (wait(NULL) > 0)
		;
	printf("%d\n", shared[1]);
}

static void nice_to(int level)
{
	if (setpriority(PRIO_PROCESS, 0, level))
		err(1, "setpriority");
}

int main(int argc, char **argv)
{
	int number = argc > 1 ? atoi(argv[1]) : 1, level = argc > 2 ? atoi(argv[2]) : 0;

	if (argc > 2 && strcmp(argv[1], "wake") == 0) {
		wake(atoi(argv[2]), argc > 3 ? atoi(argv[3]) : 0);
		return 0;
	}
	if (argc > 3 && strcmp(argv[1], "turns") == 0) {
		turns(atoi(argv[2]), atoi(argv[3]));
		return 0;
	}
	while (argc > 1 && strcmp(argv[1], "bomb") == 0)
		fork();
	/* or who is there takes the CPU from who makes the others */
	nice_to(number > 20 ? -20 : level);
	while (--number > 0 && fork() > 0)
		;
	nice_to(level);
	for (;;)
		__asm__ __volatile__("");
}
