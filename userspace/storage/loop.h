/* SPDX-License-Identifier: GPL-2.0-only */
/* Loop devices. Each lets go of its file when it is used no more, whoever was killed. */
#ifndef CLOISON_LOOP_H
#define CLOISON_LOOP_H

#include <sys/types.h>

/*
 * A loop device with the file @path, open, its own path in *@device, to be freed; -1 and an
 * error. If one has the file already it is that: two would destroy a file system.
 */
int loop_open(const char *path, char **device);

/* Nobody has the file @path in one, or soon nobody has. EXIT_MOUNT. */
int loop_await_none(const char *path);

/* The loop device with the number @dev; -1 and errno. */
int loop_open_number(dev_t dev);

/* Its file has grown. 0, or -1 and errno. */
int loop_grown(int loop);

#endif
