// SPDX-License-Identifier: GPL-2.0-only
/* Linux 7.1: UDP-Lite is no longer part of the kernel. */
#include <linux/inet_diag.h>

#if __has_include("net/udplite.h")
#error UDP-Lite is there
#endif

struct inet_diag_handler handler;
