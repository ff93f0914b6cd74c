/* SPDX-License-Identifier: GPL-2.0-only */
/* Resources that let go of themselves when their variable leaves its scope. */
#ifndef CLOISON_CLEANUP_H
#define CLOISON_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define cleanup(fn)	__attribute__((cleanup(fn)))

static inline void cleanup_close_fn(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_free_fn(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_file_fn(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void cleanup_dir_fn(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define cleanup_close	cleanup(cleanup_close_fn)
#define cleanup_free	cleanup(cleanup_free_fn)
#define cleanup_file	cleanup(cleanup_file_fn)
#define cleanup_dir	cleanup(cleanup_dir_fn)

/* Hand a descriptor on: the scope no longer closes it. */
static inline int take_fd(int *fd)
{
	int ret = *fd;

	*fd = -1;
	return ret;
}

#endif
