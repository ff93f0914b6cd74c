// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux 6.15, "net: rename netns_local to netns_immutable", also in Debian's
 * 6.12: bits of their own say that a device transmits without a lock and does
 * not move to another network namespace.
 */
#include <linux/netdevice.h>

static inline void check(struct net_device *dev)
{
	dev->lltx = true;
	dev->netns_immutable = true;
}
