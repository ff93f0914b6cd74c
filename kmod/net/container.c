// SPDX-License-Identifier: GPL-2.0-only
/*
 * Containers, and the network namespaces they are bound to.
 *
 * Neither end of a binding keeps the other alive: whichever goes first, a dying
 * namespace or a container that is deleted, undoes it. Each binding keeps the
 * module, so that it cannot be unloaded from under the containers.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "../compat/compat.h"
#include "cloison_net.h"
#include "net.h"

DEFINE_XARRAY(venet_cts);
/* What prev_seq of a dump is before it has seen one is 0. */
unsigned int venet_generation = 1;

/*
 * Tells the datapath what is true of a namespace: that its device is the
 * container's, and takes packets while it is up.
 */
void venet_publish(struct venet_net *vnet)
{
	struct venet *venet = vnet->dev ? netdev_priv(vnet->dev) : NULL;

	lockdep_assert_held(&venet_mutex);
	if (venet)
		rcu_assign_pointer(venet->ct, vnet->ct);
	if (vnet->ct)
		rcu_assign_pointer(vnet->ct->dev,
				   venet && venet->up ? vnet->dev : NULL);
}

int venet_bind(struct venet_ct *ct, struct venet_net *vnet,
	       struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&venet_mutex);

	if (net_eq(vnet->net, &init_net)) {
		NL_SET_ERR_MSG(extack,
			       "the network namespace of the host is no container's");
		return -EINVAL;
	}
	if (ct->net == vnet)
		return 0;
	if (ct->net) {
		NL_SET_ERR_MSG(extack,
			       "the container has another network namespace");
		return -EBUSY;
	}
	if (vnet->ct) {
		NL_SET_ERR_MSG_FMT(extack,
				   "the network namespace belongs to container %u",
				   vnet->ct->id);
		return -EBUSY;
	}
	/* Until venet_unbind(). */
	if (!try_module_get(THIS_MODULE)) {
		NL_SET_ERR_MSG(extack, "the module is being unloaded");
		return -ESHUTDOWN;
	}
	ct->net = vnet;
	vnet->ct = ct;
	venet_publish(vnet);
	venet_generation++;
	return 0;
}

void venet_unbind(struct venet_ct *ct)
{
	struct venet_net *vnet = ct->net;

	lockdep_assert_held(&venet_mutex);

	RCU_INIT_POINTER(ct->dev, NULL);
	ct->net = NULL;
	vnet->ct = NULL;
	venet_publish(vnet);
	venet_generation++;
	module_put(THIS_MODULE);
}

void cloison_net_addresses(u32 id, void (*show)(const struct in6_addr *addr,
						unsigned int plen, void *arg),
			   void *arg)
{
	struct venet_address *a;
	struct venet_ct *ct;

	/* Both are freed a grace period after they were taken away. */
	rcu_read_lock();
	ct = xa_load(&venet_cts, id);
	if (ct)
		list_for_each_entry_rcu(a, &ct->addresses, list)
			show(&a->addr, a->plen, arg);
	rcu_read_unlock();
}
EXPORT_SYMBOL_GPL(cloison_net_addresses);

static int venet_attach(struct cloison_container *c, void *priv,
			struct netlink_ext_ack *extack)
{
	struct venet_ct *ct;
	int err = -ENOMEM;

	ct = kzalloc_obj(*ct);
	if (!ct)
		return -ENOMEM;
	ct->stats = netdev_alloc_pcpu_stats(struct venet_stats);
	if (!ct->stats)
		goto free;
	ct->id = c->id;
	INIT_LIST_HEAD(&ct->addresses);
	venet_hold_init(&ct->hold);
	/* Ten in ten seconds, and not a word about those left out. */
	ratelimit_state_init(&ct->log_limit, 10 * HZ, 10);
	ratelimit_set_flags(&ct->log_limit, RATELIMIT_MSG_ON_RELEASE);

	mutex_lock(&venet_mutex);
	err = xa_insert(&venet_cts, ct->id, ct, GFP_KERNEL);
	if (!err)
		venet_generation++;
	mutex_unlock(&venet_mutex);
	if (err)
		goto free_stats;
	return 0;

free_stats:
	free_percpu(ct->stats);
free:
	kfree(ct);
	return err;
}

/* Packets may have been queued until now. */
static void venet_ct_free(struct rcu_head *rcu)
{
	struct venet_ct *ct = container_of(rcu, struct venet_ct, rcu);

	venet_hold_free(&ct->hold);
	free_percpu(ct->stats);
	kfree(ct);
}

static void venet_detach(struct cloison_container *c, void *priv)
{
	struct venet_ct *ct;

	mutex_lock(&venet_mutex);
	ct = xa_erase(&venet_cts, c->id);
	venet_generation++;
	venet_address_del_all(ct);
	if (ct->net)
		venet_unbind(ct);
	mutex_unlock(&venet_mutex);
	venet_hold_stop(&ct->hold);
	call_rcu(&ct->rcu, venet_ct_free);
}

struct cloison_ops venet_cloison_ops = {
	.name	= "cloison_net",
	.attach	= venet_attach,
	.detach	= venet_detach,
};
