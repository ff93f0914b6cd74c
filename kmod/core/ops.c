// SPDX-License-Identifier: GPL-2.0-only
/*
 * Other modules on the containers, in the manner of pernet operations: a module
 * registers its callbacks and gets data of its own in every container.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "core.h"

/* Under cloison_mutex. */
static struct cloison_ops *cloison_ops[CLOISON_OPS_MAX];

static int attach_one(struct cloison_container *c, unsigned int slot,
		      struct netlink_ext_ack *extack)
{
	struct cloison_ops *ops = cloison_ops[slot];
	void *data;
	int err;

	/* A module without data still needs a mark that it is attached. */
	data = kzalloc(max_t(size_t, ops->size, 1), GFP_KERNEL);
	if (!data)
		return -ENOMEM;

	if (ops->attach) {
		err = ops->attach(c, data, extack);
		if (err) {
			if (extack && !extack->_msg)
				NL_SET_ERR_MSG(extack,
					       "a module refuses the container");
			kfree(data);
			return err;
		}
	}
	c->data[slot] = data;
	/* Pairs with cloison_priv(): whoever sees it sees it attached. */
	rcu_assign_pointer(c->priv[slot], data);
	return 0;
}

/* After priv was cleared and a grace period has passed. */
static void detach_one(struct cloison_container *c, unsigned int slot)
{
	struct cloison_ops *ops = cloison_ops[slot];

	if (!c->data[slot])
		return;
	if (ops->detach)
		ops->detach(c, c->data[slot]);
	kfree(c->data[slot]);
	c->data[slot] = NULL;
}

/* For a container that nobody else can see yet. */
int cloison_ops_attach(struct cloison_container *c,
		       struct netlink_ext_ack *extack)
{
	unsigned int slot;
	int err;

	for (slot = 0; slot < CLOISON_OPS_MAX; slot++) {
		if (!cloison_ops[slot])
			continue;
		err = attach_one(c, slot, extack);
		if (err)
			goto detach;
	}
	return 0;

detach:
	cloison_ops_detach(c);
	return err;
}

void cloison_ops_start(struct cloison_container *c)
{
	unsigned int slot;

	for (slot = 0; slot < CLOISON_OPS_MAX; slot++)
		if (c->data[slot] && cloison_ops[slot]->start)
			cloison_ops[slot]->start(c, c->data[slot]);
}

void cloison_ops_exit(struct cloison_container *c)
{
	int slot;

	for (slot = CLOISON_OPS_MAX - 1; slot >= 0; slot--)
		if (c->data[slot] && cloison_ops[slot]->exit)
			cloison_ops[slot]->exit(c, c->data[slot]);
}

/* For a container that new readers do not find any more. */
void cloison_ops_detach(struct cloison_container *c)
{
	bool attached = false;
	int slot;

	for (slot = 0; slot < CLOISON_OPS_MAX; slot++) {
		RCU_INIT_POINTER(c->priv[slot], NULL);
		attached |= !!c->data[slot];
	}
	if (!attached)
		return;
	synchronize_rcu();
	for (slot = CLOISON_OPS_MAX - 1; slot >= 0; slot--)
		detach_one(c, slot);
}

static void detach_all(unsigned int slot)
{
	struct cloison_container *c;
	unsigned long id;

	xa_for_each(&cloison_ids, id, c)
		RCU_INIT_POINTER(c->priv[slot], NULL);
	/* One grace period for all. */
	synchronize_rcu();
	xa_for_each(&cloison_ids, id, c)
		detach_one(c, slot);
	cloison_ops[slot] = NULL;
}

int cloison_register_ops(struct cloison_ops *ops)
{
	struct cloison_container *c;
	unsigned int slot;
	unsigned long id;
	int err = 0;

	mutex_lock(&cloison_mutex);
	for (slot = 0; slot < CLOISON_OPS_MAX; slot++)
		if (!cloison_ops[slot])
			break;
	if (slot == CLOISON_OPS_MAX) {
		err = -ENOSPC;
		goto unlock;
	}
	ops->slot = slot;
	cloison_ops[slot] = ops;

	xa_for_each(&cloison_ids, id, c) {
		err = attach_one(c, slot, NULL);
		if (err) {
			pr_err("cloison: %s refuses container %u: %d\n",
			       ops->name, c->id, err);
			detach_all(slot);
			goto unlock;
		}
		if (c->state == CLOISON_STATE_RUNNING && ops->start)
			ops->start(c, c->data[slot]);
	}
unlock:
	mutex_unlock(&cloison_mutex);
	return err;
}
EXPORT_SYMBOL_GPL(cloison_register_ops);

void cloison_unregister_ops(struct cloison_ops *ops)
{
	mutex_lock(&cloison_mutex);
	detach_all(ops->slot);
	mutex_unlock(&cloison_mutex);
}
EXPORT_SYMBOL_GPL(cloison_unregister_ops);
