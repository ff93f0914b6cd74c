// SPDX-License-Identifier: GPL-2.0-only
/* Timers and clocks. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "shapes.h"

/* Seconds that one has left at first: some will have passed, and not all. */
#define FAR	100000

/* A handler's. */
static int ticks, given;

static void on_tick(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	given = info->si_value.sival_int;
	__atomic_add_fetch(&ticks, 1, __ATOMIC_RELEASE);
}

static void handle(int sig)
{
	struct sigaction sa = { .sa_sigaction = on_tick, .sa_flags = SA_SIGINFO | SA_RESTART };

	need(sigaction(sig, &sa, NULL) == 0);
}

static int ticked(void)
{
	return __atomic_load_n(&ticks, __ATOMIC_ACQUIRE);
}

/* It goes on. */
static bool ticks_on(void)
{
	int before = ticked();

	for (int i = 0; i < 1000 && ticked() < before + 3; i++)
		usleep(50000);
	return ticked() >= before + 3;
}

static int fd[2];

static const struct itimerspec often = { { 0, 50000000 }, { 0, 50000000 } };
static const struct itimerspec once = { {}, { FAR, 0 } };

static bool is_far(const struct itimerspec *its)
{
	return its->it_value.tv_sec > FAR / 2 && its->it_value.tv_sec < FAR &&
	       !its->it_interval.tv_sec && !its->it_interval.tv_nsec;
}

static void timerfd_up(void)
{
	fd[0] = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	fd[1] = timerfd_create(CLOCK_BOOTTIME, 0);
	need(fd[0] >= 0 && fd[1] >= 0);
	need(timerfd_settime(fd[0], 0, &often, NULL) == 0);
	need(timerfd_settime(fd[1], 0, &once, NULL) == 0);
}

static void timerfd_look(void)
{
	struct pollfd pfd = { fd[0], POLLIN };
	struct itimerspec its;
	uint64_t n;

	want(timerfd_gettime(fd[1], &its) == 0 && is_far(&its));
	want(timerfd_gettime(fd[0], &its) == 0 && its.it_interval.tv_nsec == 50000000);
	for (int i = 0; i < 3; i++) {
		want(poll(&pfd, 1, 60000) == 1);
		want(read(fd[0], &n, sizeof(n)) == sizeof(n) && n > 0);
	}
}

static timer_t timers[2];

static void posix_up(void)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 3,
			       .sigev_value.sival_int = 4711 };
	struct sigevent none = { .sigev_notify = SIGEV_NONE };

	handle(SIGRTMIN + 3);
	need(timer_create(CLOCK_MONOTONIC, &ev, &timers[0]) == 0);
	need(timer_create(CLOCK_REALTIME, &none, &timers[1]) == 0);
	need(timer_settime(timers[0], 0, &often, NULL) == 0);
	need(timer_settime(timers[1], 0, &once, NULL) == 0);
}

static void posix_look(void)
{
	struct itimerspec its;

	want(ticks_on() && given == 4711);
	want(timer_gettime(timers[1], &its) == 0 && is_far(&its));
}

static void itimer_up(void)
{
	struct itimerval real = { { 0, 50000 }, { 0, 50000 } }, virtual = { {}, { FAR, 0 } };

	handle(SIGALRM);
	need(setitimer(ITIMER_REAL, &real, NULL) == 0);
	need(setitimer(ITIMER_PROF, &virtual, NULL) == 0);
}

static void itimer_look(void)
{
	struct itimerval it;

	want(ticks_on());
	want(getitimer(ITIMER_REAL, &it) == 0 && it.it_interval.tv_usec == 50000);
	want(getitimer(ITIMER_PROF, &it) == 0 && it.it_value.tv_sec > FAR / 2);
}

/* They never go back. */
static const clockid_t clocks[] = {
	CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME,
};
static struct timespec was[4];

static void clocks_up(void)
{
	for (int i = 0; i < 4; i++)
		need(clock_gettime(clocks[i], &was[i]) == 0);
}

static void clocks_look(void)
{
	struct timespec is;

	for (int i = 0; i < 4; i++) {
		need(clock_gettime(clocks[i], &is) == 0);
		want(is.tv_sec > was[i].tv_sec ||
		     (is.tv_sec == was[i].tv_sec && is.tv_nsec >= was[i].tv_nsec));
	}
}

const struct shape time_shapes[] = {
	{ "timerfd", timerfd_up, timerfd_look },
	{ "timers", posix_up, posix_look },
	{ "interval-timers", itimer_up, itimer_look },
	{ "clocks", clocks_up, clocks_look },
	{}
};
