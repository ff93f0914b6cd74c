/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What only a device of a container's own can. See layout.h. PRIVATE/block says, as a
 * configuration file, which it is: DEVICE, a name that lasts, and UUID, of the file system that was
 * made there for this container. The name may lead elsewhere one day; the UUID never does.
 */
#ifndef CLOISON_BLOCK_H
#define CLOISON_BLOCK_H

#include "container.h"

/*
 * The device has the name @device now. EXIT_DEVICES if the container's file system is not there,
 * EXIT_BAD_VALUE if it has none.
 */
int block_rename(const struct container *ct, const char *device);

#endif
