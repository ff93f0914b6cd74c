/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's disks. */
#ifndef CLOISON_DISK_H
#define CLOISON_DISK_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The whole disk that holds @path, or its nearest parent directory that exists;
 * false if that is not a block device's file system.
 */
bool disk_of(const char *path, dev_t *dev);

#endif
