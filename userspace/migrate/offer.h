/* SPDX-License-Identifier: GPL-2.0-only */
/* What the source tells of a container before its files come. */
#ifndef CLOISON_MIGRATE_OFFER_H
#define CLOISON_MIGRATE_OFFER_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "../lib/container.h"

struct offer {
	uint32_t ctid;
	struct conf *conf;	/* as the file is on the source */
	json_t *scripts;	/* action scripts, text by name */
	uint64_t bytes;		/* what its files take */
	uint64_t memory;	/* and, if it comes while it runs, its processes */
	const struct layout *layout;
	bool fresh;		/* it was never started, see dist.h */
	bool running;		/* and is to be started, or restored */
	bool live;
	bool force;		/* whatever the processors' flags are */
	const char *flags;	/* those; in ->json */
	json_t *json;
};

/*
 * The source's, of a container with ids from @base on. To be let go of. MIGRATE_CONFIG,
 * MIGRATE_COPY, MIGRATE_STOP.
 */
int offer_make(const struct container *ct, uint32_t base, bool running, bool live, bool force,
	       json_t **out);

/* The target's. MIGRATE_VERSION if it cannot be understood. */
int offer_read(json_t *json, struct offer *out);
void offer_free(struct offer *o);

/* Its file as it is to be here: with places of ours, and ids nobody has. */
void offer_apply(const struct offer *o, struct container *ct);

/* The flags of this host's processor, to be freed. */
char *offer_cpu_flags(void);

#endif
