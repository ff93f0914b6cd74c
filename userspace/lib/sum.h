/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SHA-256 of what flows by, by coreutils' sha256sum(1): on another processor than we use,
 * as the archiver is.
 */
#ifndef CLOISON_SUM_H
#define CLOISON_SUM_H

#include <stddef.h>
#include <sys/types.h>

#define SUM_SIZE	65	/* hexadecimal digits and an end */

struct sum {
	pid_t pid;		/* 0: none is at work */
	int in, out;
};

/* EXIT_SYSTEM */
int sum_begin(struct sum *sum);
int sum_add(struct sum *sum, const void *data, size_t len);
/* Ends it. */
int sum_end(struct sum *sum, char text[SUM_SIZE]);
/* Of all that is in the file @fd, said to be @what, from its beginning; it stands there again. */
int sum_file(int fd, const char *what, char text[SUM_SIZE]);
/* Ends it if it is at work. */
void sum_drop(struct sum *sum);

#define cleanup_sum	cleanup(sum_drop)

#endif
