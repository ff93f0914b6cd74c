/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a restore must know beside CRIU's images, in "container.json" among them: where the
 * images came from, and what of the host's was mounted in the container.
 */
#ifndef CLOISON_META_H
#define CLOISON_META_H

#include <jansson.h>

#include "container.h"
#include "criu.h"
#include "devnodes.h"
#include "netif.h"

/*
 * Mounts of the host's, which CRIU must be told by name: @point in the container, which
 * @source is mounted on again: a path of the host's; or "node:" and the name of a file that
 * devnodes.h has; or "root:" and a path below VE_ROOT, where a script has mounted it.
 */
struct external {
	char *point, *name, *source;
};

struct externals {
	struct external *list;
	size_t count;
};

/* Of the container whose init is @init. EXIT_PAUSE. */
int externals_find(const struct container *ct, pid_t init, struct externals *out);
void externals_free(struct externals *all);

#define cleanup_externals	cleanup(externals_free)

/* As --external takes them, for a dump or for a restore; to be freed with words_free(). */
char **externals_for_dump(const struct externals *all);
char **externals_for_restore(const struct externals *all, const struct netifs *links,
			     uint32_t id);
/* Those that are no path: they wait where CRIU finds them. EXIT_DEVICES, EXIT_MOUNT. */
int externals_open(const struct externals *all, const struct container *ct,
		   const struct devnodes *nodes, struct criu_mount **mounts, size_t *count);
void externals_close(struct criu_mount *mounts, size_t count);
void words_free(char **words);

struct meta {
	json_t *json;
	struct externals externals;
	const char *addresses, *netif;	/* IP_ADDRESS, NETIF, as it had them */
	const char *conf;		/* its configuration */
	uint32_t base;			/* of its user ids; 0: an older tool did not say */
	json_t *beancounters, *view;	/* see carried.h, NULL: none */
	json_t *affinity;		/* see affinity.h, NULL: an older tool did not say */
	const char *rates;		/* see limits_rates(), NULL: none */
	int cpus;			/* that it may have at once, 0: all */
	int sched;			/* enum sched_policy */
};

#define cleanup_meta	cleanup(meta_close)

/* @rates: see there. EXIT_PAUSE */
int meta_write(const struct container *ct, const struct externals *externals, const char *rates,
	       int images);
/*
 * EXIT_UNPAUSE, EXIT_KERNEL if this host cannot have what was dumped there; with @any_cpu
 * whatever processor that was.
 */
int meta_read(int images, bool any_cpu, struct meta *meta);
void meta_close(struct meta *meta);

#endif
