// SPDX-License-Identifier: GPL-2.0-only
/*
 * An empty socket diagnosis handler for UDP-Lite.
 *
 * Linux 7.1 removed UDP-Lite. CRIU (seen with 4.1.1) asks for the sockets of
 * that protocol before every dump, and takes the -ENOENT of a kernel that does
 * not know the protocol for a failure. This answers: there are none.
 *
 * Built only where the kernel has no handler of its own. No alias: inet_diag
 * does not ask for modules for a protocol that is not there.
 */
#include <linux/in.h>
#include <linux/inet_diag.h>
#include <linux/module.h>

static void udplite_dump(struct sk_buff *skb, struct netlink_callback *cb,
			 const struct inet_diag_req_v2 *r)
{
}

static int udplite_dump_one(struct netlink_callback *cb,
			    const struct inet_diag_req_v2 *req)
{
	return -ENOENT;
}

/* Never called, as it takes a socket; but inet_diag does not test for NULL. */
static void udplite_get_info(struct sock *sk, struct inet_diag_msg *r,
			     void *info)
{
}

static const struct inet_diag_handler udplite_handler = {
	.owner		= THIS_MODULE,
	.dump		= udplite_dump,
	.dump_one	= udplite_dump_one,
	.idiag_get_info	= udplite_get_info,
	.idiag_type	= IPPROTO_UDPLITE,
};

static int __init cloison_diag_init(void)
{
	/* -EEXIST if somebody else was first. */
	return inet_diag_register(&udplite_handler);
}

static void __exit cloison_diag_exit(void)
{
	inet_diag_unregister(&udplite_handler);
}

module_init(cloison_diag_init);
module_exit(cloison_diag_exit);

MODULE_DESCRIPTION("Cloison: empty UDP-Lite socket diagnosis for CRIU");
MODULE_VERSION(CLOISON_VERSION);
MODULE_LICENSE("GPL");
