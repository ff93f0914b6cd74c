// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "container.h"
#include "diagnose.h"
#include "layout.h"
#include "promises.h"
#include "util.h"

struct promise {
	dev_t dev;
	char *where;		/* one of those that are there */
	uint64_t bytes;		/* beyond what they have */
};

static struct promise *find(struct promises *all, dev_t dev, const char *where)
{
	struct promise *new;

	for (size_t i = 0; i < all->count; i++)
		if (all->list[i].dev == dev)
			return &all->list[i];
	all->list = xrealloc(all->list, (all->count + 1) * sizeof(*all->list));
	new = &all->list[all->count++];
	*new = (struct promise){ .dev = dev, .where = xstrdup(where) };
	return new;
}

void promises_add(struct promises *all, const struct container *ct)
{
	uint64_t has;
	struct stat st;

	if (ct->layout != &layout_image || stat(ct->fs, &st))
		return;
	has = st.st_blocks * 512ULL;
	if ((uint64_t)st.st_size > has)
		find(all, st.st_dev, ct->private)->bytes += (uint64_t)st.st_size - has;
}

static void report(const struct promise *p, struct findings *f)
{
	struct statvfs st;
	uint64_t left;

	if (statvfs(p->where, &st))
		return;
	left = (uint64_t)st.f_bavail * st.f_frsize;
	if (p->bytes > left)
		finding(f, FINDING_HINT,
			"watch its free space; cloisonctl compact gives back what is free in one",
			"images may still grow by %" PRIu64 "M, and the file system of %s has "
			"%" PRIu64 "M: when it is full their containers get input/output errors",
			p->bytes >> 20, p->where, left >> 20);
}

void promises_report(struct promises *all, struct findings *f)
{
	for (size_t i = 0; i < all->count; i++) {
		report(&all->list[i], f);
		free(all->list[i].where);
	}
	free(all->list);
}
