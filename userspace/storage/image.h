/* SPDX-License-Identifier: GPL-2.0-only */
/* What only images of disks can. See layout.h. */
#ifndef CLOISON_IMAGE_H
#define CLOISON_IMAGE_H

#include "container.h"

/*
 * Give the host back what the container has deleted; *@bytes is how much the file has
 * shrunk. EXIT_NO_PLOOP if it has no image, EXIT_COMPACT.
 */
int image_compact(const struct container *ct, uint64_t *bytes);

#endif
