// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux 6.2, "genetlink: introduce split op representation": pre_doit is given
 * a genl_split_ops.
 */
#include <net/genetlink.h>

static int pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
		    struct genl_info *info)
{
	return 0;
}

struct genl_family family = { .pre_doit = pre_doit };
