/* SPDX-License-Identifier: GPL-2.0-only */
/* What the netlink families of all modules have alike. Process context. */
#ifndef _CLOISON_GENL_H
#define _CLOISON_GENL_H

#include <linux/capability.h>
#include <linux/netlink.h>
#include <net/genetlink.h>

/* Of who sent @skb; -EPERM with a message. */
static inline int cloison_genl_capable(const struct sk_buff *skb,
				       struct netlink_ext_ack *extack)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(extack,
		       "this needs CAP_SYS_ADMIN in the initial user namespace");
	return -EPERM;
}

/* The same for a dump, which must not ask for anything in particular. */
static inline int cloison_genl_dump_all(struct netlink_callback *cb)
{
	int err = cloison_genl_capable(cb->skb, cb->extack);

	if (err)
		return err;
	if (nlmsg_attrlen(cb->nlh, GENL_HDRLEN)) {
		NL_SET_ERR_MSG(cb->extack, "a dump takes no attributes");
		return -EINVAL;
	}
	return 0;
}

#endif /* _CLOISON_GENL_H */
