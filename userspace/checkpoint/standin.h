/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CLOISON_STANDIN_H
#define CLOISON_STANDIN_H

#include <stdint.h>

/*
 * A trial opens files for writing as they were open, and an overlay copies a file for that. Nobody
 * reads or writes it there, so one that is as large, and empty, will do. Make those in @upper, to
 * be the upper layer over @root, of large files that processes of container @id, which stands
 * still, have open so. EXIT_PAUSE.
 */
int standin_make(uint32_t id, const char *root, const char *upper);

#endif
