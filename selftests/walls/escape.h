/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One program, many attempts. Each ends with one of these statuses, so that one
 * that fails for a silly reason is not taken for one that was refused:
 */
#ifndef WALLS_ESCAPE_H
#define WALLS_ESCAPE_H

enum {
	WORKED = 0,	/* it got through */
	REFUSED = 1,	/* the kernel says that one may not */
	SILLY = 2,	/* anything else: the attempt itself is wrong */
	ABSENT = 3,	/* this kernel does not have it at all */
};

struct attempt {
	const char *name;
	int (*run)(char **args);
	int args;		/* at least so many */
	const char *usage;
};

extern const struct attempt *const areas[];
extern const struct attempt syscall_attempts[], file_attempts[], mount_attempts[];
extern const struct attempt process_attempts[], socket_attempts[], sysctl_attempts[];

/*
 * The verdict on a call that returned @ret: REFUSED are EPERM, EACCES, EROFS and
 * what @also names (errno values up to a zero; may be NULL).
 */
int verdict(const char *what, long ret, const int *also);

/* System call @nr of the 32 bit table; ends with ABSENT where there is none. */
long by_int80(long nr, const long args[4]);

/* Prints why and returns SILLY. */
int silly(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
