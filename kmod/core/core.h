/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of cloison.ko share. */
#ifndef _CLOISON_CORE_H
#define _CLOISON_CORE_H

#include <linux/mutex.h>
#include <linux/xarray.h>

#include "cloison.h"

/*
 * registry.c: which containers there are. cloison_mutex serializes every change
 * of them and every callback of other modules; readers use RCU.
 */
extern struct mutex cloison_mutex;
extern struct xarray cloison_ids;

struct cloison_container *cloison_new(u32 id, const char *name, u64 cgrp_id,
				      struct netlink_ext_ack *extack);
int cloison_rename(struct cloison_container *c, const char *name,
		   struct netlink_ext_ack *extack);
void cloison_del(struct cloison_container *c);
struct cloison_container *cloison_find_name(const char *name);

/* lifetime.c: from the birth of a container's init to its death. */
extern unsigned int cloison_running;

int cloison_lifetime_init(void);
void cloison_lifetime_exit(void);
void cloison_init_exit_work(struct cloison_container *c);
int cloison_start(struct cloison_container *c, struct pid *pid,
		  struct netlink_ext_ack *extack);
void cloison_let_go(struct cloison_container *c);

/* ops.c: other modules. */
int cloison_ops_attach(struct cloison_container *c,
		       struct netlink_ext_ack *extack);
void cloison_ops_start(struct cloison_container *c);
void cloison_ops_exit(struct cloison_container *c);
void cloison_ops_detach(struct cloison_container *c);

/* netlink.c: the tool. */
int cloison_netlink_init(void);
void cloison_netlink_exit(void);
void cloison_notify(const struct cloison_container *c,
		    enum cloison_event event);

#endif /* _CLOISON_CORE_H */
