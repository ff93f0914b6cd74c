/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Images of applications' containers, as the Open Container Initiative's image-spec has them in a
 * directory: oci-layout, index.json, blobs/sha256/DIGEST.
 */
#ifndef CLOISON_OCI_H
#define CLOISON_OCI_H

#include <stdint.h>

#include "room.h"

/*
 * Unpack the layers of the image in directory @layout, for Linux on this machine's processor,
 * upon each other into directory @to, as tarball.h does. EXIT_BAD_TEMPLATE if that is no image,
 * or a blob is not what its digest says; EXIT_NO_SPACE if no @room is left.
 */
int oci_unpack(const char *layout, const char *to, uint32_t base, const struct room *room);

#endif
