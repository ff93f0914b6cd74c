/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container while it is listed. What it is asked for is read when it is first asked
 * for: hundreds of containers are listed at once, and most columns need little.
 */
#ifndef CLOISON_LISTED_H
#define CLOISON_LISTED_H

#include "acct.h"
#include "container.h"
#include "limits.h"

enum listed_status {	/* in the order in which they are sorted */
	LISTED_RUNNING,
	LISTED_PAUSED,
	LISTED_STOPPED,
	LISTED_MOUNTED,
	LISTED_SUSPENDED,
};

struct listed {
	uint32_t id;
	struct kernel_container kc;
	bool as_vzlist;		/* no word that vzlist does not know */
	/* the rest is read and kept by the functions below */
	struct container ct;
	bool opened;
	struct limits limits;
	bool have_limits;
	struct acct_container acct;
	bool have_acct;
	const char *file;	/* the file of its cgroup that was read last */
	char *text;
};

static inline bool listed_runs(const struct listed *l)
{
	return kernel_runs(&l->kc);
}

/* Since the running container was started, in ms. */
uint64_t listed_uptime_ms(const struct listed *l);

void listed_close(struct listed *l);

/* The container; a configuration that cannot be read is warned of and empty. */
const struct container *listed_container(struct listed *l);

/*
 * A value of its configuration; NULL if there is none, or an empty one, or a NAME that
 * does not lead to it.
 */
const char *listed_conf(struct listed *l, const char *key);

/* What its configuration limits; the defaults for what is bad in it. */
const struct limits *listed_limits(struct listed *l);

enum listed_status listed_status(struct listed *l);

/*
 * A number of the running container's cgroup: what @file holds, or the line @key in it;
 * VALUE_UNLIMITED for "max". False if the container does not run or the kernel has no
 * such file. @file must live as long as @l.
 */
bool listed_number(struct listed *l, const char *file, const char *key, uint64_t *out);

/* What the module cloison_acct knows of it; NULL if nothing. */
const struct acct_container *listed_acct(struct listed *l);

/* The whole file, owned by @l and good until the next call. */
const char *listed_file(struct listed *l, const char *file);

#endif
