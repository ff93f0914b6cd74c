/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container's own view of the machine: the files of cloison_view.ko, mounted over
 * those in its /proc and /sys. See Documentation/view.rst.
 */
#ifndef CLOISON_VIEW_H
#define CLOISON_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/cloison_view.h>

bool view_loaded(void);

/* On the host: load the module, and have the views where they can be taken from. */
int view_load(void);
/* The same for a start: as cloison.conf has it. Without the module it goes on. */
int view_offer(void);

/* The load averages of a container, in hundredths; false if they are not known. */
bool view_averages(uint32_t id, uint64_t out[3]);

/*
 * What the views have counted of container @c->id, into as many times as @c has room for; and
 * for it to go on from that. EXIT_SYSTEM. See linux/cloison_view.h.
 */
int view_count(struct cloison_view_carried *c);
int view_carry(struct cloison_view_carried *c);

/* Is that path of the host's one of the views? */
bool view_has(const char *path);

/* In the container, before it has changed its root: put them into its file system. */
int view_attach(int root);

#endif
