/* SPDX-License-Identifier: GPL-2.0-only */
/* What a container's init sends to its NOTIFY_SOCKET, see sd_notify(3). */
#ifndef CLOISON_NOTIFY_H
#define CLOISON_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>

/* Of @len bytes, which anybody in the container may have sent: is READY=1 among the lines? */
bool notify_ready(const char *message, size_t len);

#endif
