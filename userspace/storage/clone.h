/* SPDX-License-Identifier: GPL-2.0-only */
/* A container made from another, or from a snapshot of it: its files, with ids of its own. */
#ifndef CLOISON_CLONE_H
#define CLOISON_CLONE_H

#include "container.h"
#include "snapshot.h"

/*
 * Both locks are held. ct->conf is what the new one gets: clone_conf(), changed as may be.
 * @s NULL: of @source as it is, running or not; it stands still meanwhile. As private_create().
 */
int clone_create(struct container *ct, const struct container *source, const struct snapshot *s);

/* The source's configuration, without what only one can have; to be freed. */
struct conf *clone_conf(const struct container *source);

#endif
