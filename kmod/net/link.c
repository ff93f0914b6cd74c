// SPDX-License-Identifier: GPL-2.0-only
/*
 * The link "venet": layer 3, point to point, without addresses of its own. One
 * on the host, which is there as long as the module, and one in a container.
 *
 * The root of a container, or of any user namespace with a network namespace,
 * may make, rename and delete such devices: one that is not bound to a
 * container carries nothing, and no namespace has two.
 */
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/module.h>
#include <net/ip_tunnels.h>
#include <net/rtnetlink.h>

#include "../compat/compat.h"
#include "net.h"

struct net_device __rcu *venet_host_dev;

static int venet_dev_init(struct net_device *dev)
{
	struct venet_net *vnet = venet_net(dev_net(dev));
	struct venet *venet = netdev_priv(dev);
	int err = -EEXIST;

	mutex_lock(&venet_mutex);
	if (!vnet->dev) {
		venet->host = net_eq(vnet->net, &init_net);
		vnet->dev = dev;
		venet_publish(vnet);
		err = 0;
	}
	mutex_unlock(&venet_mutex);
	return err;
}

/* Unregistering waits for those who still read the device. */
static void venet_dev_uninit(struct net_device *dev)
{
	struct venet_net *vnet = venet_net(dev_net(dev));
	struct venet *venet = netdev_priv(dev);

	mutex_lock(&venet_mutex);
	vnet->dev = NULL;
	RCU_INIT_POINTER(venet->ct, NULL);
	venet_publish(vnet);
	mutex_unlock(&venet_mutex);
}

static void venet_set_up(struct net_device *dev, bool up)
{
	struct venet *venet = netdev_priv(dev);

	mutex_lock(&venet_mutex);
	venet->up = up;
	if (venet->host)
		rcu_assign_pointer(venet_host_dev, up ? dev : NULL);
	else
		venet_publish(venet_net(dev_net(dev)));
	mutex_unlock(&venet_mutex);
}

static int venet_open(struct net_device *dev)
{
	venet_set_up(dev, true);
	return 0;
}

/* Before the core flushes what is on its way to the device. */
static int venet_stop(struct net_device *dev)
{
	venet_set_up(dev, false);
	return 0;
}

/*
 * There is no header to make. The kernel sees that by itself only if there are
 * no header_ops, which packet sockets want.
 */
static int venet_neigh_output(struct neighbour *n, struct sk_buff *skb)
{
	return dev_queue_xmit(skb);
}

static int venet_neigh_construct(struct net_device *dev, struct neighbour *n)
{
	n->output = venet_neigh_output;
	return 0;
}

static const struct net_device_ops venet_netdev_ops = {
	.ndo_init		= venet_dev_init,
	.ndo_uninit		= venet_dev_uninit,
	.ndo_open		= venet_open,
	.ndo_stop		= venet_stop,
	.ndo_start_xmit		= venet_xmit,
	.ndo_get_stats64	= dev_get_tstats64,
	.ndo_neigh_construct	= venet_neigh_construct,
	.ndo_features_check	= passthru_features_check,
};

static const struct ethtool_ops venet_ethtool_ops = {
	.get_link		= ethtool_op_get_link,
	.get_ts_info		= ethtool_op_get_ts_info,
};

static void venet_setup(struct net_device *dev)
{
	static const netdev_features_t features =
		NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA |
		NETIF_F_HW_CSUM | NETIF_F_RXCSUM | NETIF_F_SCTP_CRC |
		NETIF_F_GSO_SOFTWARE | NETIF_F_GSO_ENCAP_ALL;

	dev->type = ARPHRD_VOID;
	dev->flags = IFF_NOARP | IFF_POINTOPOINT;
	/* netpoll sends Ethernet, and with interrupts off: venet_drop() must not. */
	dev->priv_flags |= IFF_NO_QUEUE | IFF_DISABLE_NETPOLL;
	dev->mtu = ETH_DATA_LEN;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = ETH_MAX_MTU;
	compat_netdev_lltx_immutable(dev);

	dev->features |= features;
	dev->hw_features |= features;
	dev->hw_enc_features |= features;
	netif_set_tso_max_size(dev, GSO_MAX_SIZE);

	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	dev->netdev_ops = &venet_netdev_ops;
	dev->ethtool_ops = &venet_ethtool_ops;
	dev->header_ops = &ip_tunnel_header_ops;
	dev->needs_free_netdev = true;
}

/*
 * Registering is all there is to do for a new link, and without attributes of
 * its own an empty IFLA_INFO_DATA, as CRIU sends it, is as good as none.
 */
struct rtnl_link_ops venet_link_ops = {
	.kind		= CLOISON_NET_LINK_KIND,
	.priv_size	= sizeof(struct venet),
	.setup		= venet_setup,
};

int venet_host_create(void)
{
	struct net_device *dev;
	int err;

	dev = alloc_netdev(sizeof(struct venet), "venet%d", NET_NAME_ENUM,
			   venet_setup);
	if (!dev)
		return -ENOMEM;
	dev->rtnl_link_ops = &venet_link_ops;
	err = register_netdev(dev);
	if (err)
		free_netdev(dev);
	return err;
}
