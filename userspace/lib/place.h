/* SPDX-License-Identifier: GPL-2.0-only */
/* What a container is made in: prepared before its first process. */
#ifndef CLOISON_PLACE_H
#define CLOISON_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "container.h"
#include "devices.h"
#include "devnodes.h"
#include "limits.h"
#include "network.h"

struct place {
	struct limits limits;
	struct device_set devices;
	struct devnodes nodes;
	struct network network;
	uint32_t base;
	uint64_t looked;	/* when its ids were compared with those that run, boot_ns() */
	uint64_t cgid;
	int cgroup;
	bool mounted;	/* it was before, by mount */
	bool ready;	/* all of it was made */
	bool ran;	/* the container's programs may have run in it */
};

/*
 * Cgroup, mount, devices; without @limited, for a restore, the limits come later. What an
 * earlier life left goes first: the caller knows that it does not run (adopt_refuse()).
 * EXIT_START if the container is suspended.
 */
int place_make(struct container *ct, struct place *place, bool limited);

/* What the tool holds of it is let go; if it came to nothing, all else goes too, and
 * the error stays. Returns @ret.
 */
int place_leave(const struct container *ct, struct place *place, int ret);

#endif
