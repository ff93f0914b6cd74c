// SPDX-License-Identifier: GPL-2.0-only
/*
 * Network redirection: packets between the host and its containers go by
 * address, and from a container only under its own addresses.
 */
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <net/netns/generic.h>
#include <net/rtnetlink.h>

#include "net.h"

/* The table of addresses, what is bound, and what is held: all changes. */
DEFINE_MUTEX(venet_mutex);

static unsigned int venet_net_id __read_mostly;

struct venet_net *venet_net(const struct net *net)
{
	return net_generic(net, venet_net_id);
}

static int __net_init venet_net_init(struct net *net)
{
	venet_net(net)->net = net;
	return 0;
}

/* Its devices are gone by now. */
static void __net_exit venet_net_exit(struct net *net)
{
	struct venet_net *vnet = venet_net(net);

	mutex_lock(&venet_mutex);
	if (vnet->ct)
		venet_unbind(vnet->ct);
	mutex_unlock(&venet_mutex);
}

static struct pernet_operations venet_pernet_ops = {
	.init	= venet_net_init,
	.exit	= venet_net_exit,
	.id	= &venet_net_id,
	.size	= sizeof(struct venet_net),
};

static int __init cloison_net_init(void)
{
	int err;

	venet_address_init();
	venet_host_stats = netdev_alloc_pcpu_stats(struct venet_stats);
	if (!venet_host_stats)
		return -ENOMEM;
	err = venet_hold_init_wq();
	if (err)
		goto free_stats;
	err = register_pernet_subsys(&venet_pernet_ops);
	if (err)
		goto exit_hold;
	err = cloison_register_ops(&venet_cloison_ops);
	if (err)
		goto unregister_pernet;
	err = rtnl_link_register(&venet_link_ops);
	if (err)
		goto unregister_cloison;
	err = venet_host_create();
	if (err)
		goto unregister_link;
	err = venet_netlink_init();
	if (err)
		goto unregister_link;
	return 0;

unregister_link:
	rtnl_link_unregister(&venet_link_ops);
unregister_cloison:
	cloison_unregister_ops(&venet_cloison_ops);
	rcu_barrier();
unregister_pernet:
	unregister_pernet_subsys(&venet_pernet_ops);
exit_hold:
	venet_hold_exit_wq();
free_stats:
	free_percpu(venet_host_stats);
	return err;
}

static void __exit cloison_net_exit(void)
{
	/* No container is bound: each that is holds a reference. */
	venet_netlink_exit();
	rtnl_link_unregister(&venet_link_ops);
	cloison_unregister_ops(&venet_cloison_ops);
	rcu_barrier();
	unregister_pernet_subsys(&venet_pernet_ops);
	venet_hold_exit_wq();
	free_percpu(venet_host_stats);
}

module_init(cloison_net_init);
module_exit(cloison_net_exit);

/*
 * There is no alias for the kind of link on purpose: a container must not be
 * able to have the module loaded.
 */
MODULE_DESCRIPTION("Cloison: network redirection");
MODULE_VERSION(CLOISON_VERSION);
MODULE_LICENSE("GPL");
