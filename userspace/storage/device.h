/* SPDX-License-Identifier: GPL-2.0-only */
/* Block devices of the host's: what is on them, who has them. */
#ifndef CLOISON_DEVICE_H
#define CLOISON_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#define DEVICE_ID_SIZE	64

/* Of what libblkid finds; "" if it does not say. */
struct device_id {
	char type[DEVICE_ID_SIZE];	/* ext4, LVM2_member, swap, gpt, ...; "" for nothing */
	char uuid[DEVICE_ID_SIZE];
};

/* Open the block device @path; -1 and an error. */
int device_open(const char *path);

/*
 * The same by the kernel's own name, and until it is closed no other command of ours has it,
 * whatever name that was given, nor udev looks at it. EXIT_DEVICES: somebody mounted it, swaps to
 * it, or has it in a volume group or RAID.
 */
int device_take(const char *path, int *fd);

/* False if it cannot be read; several signatures are of the type "several". */
bool device_identify(int fd, struct device_id *id);

/* 0 if that cannot be read. */
uint64_t device_size(int fd);

/* Does it have partitions? 1 or 0, -1 and errno if nobody can say. */
int device_divided(int fd);

/*
 * The name of @path that stays: itself, unless it is the kernel's own (/dev/sdb1) and there is
 * one in /dev/disk. To be freed.
 */
char *device_lasting_name(const char *path);

/*
 * Nobody finds anything on it any more; what the device can forget, it does. 0, or -1 and errno:
 * EBUSY if somebody has it meanwhile.
 */
int device_wipe(int fd);

#endif
