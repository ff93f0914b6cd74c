// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/diskstats: the disks that the container has used, and how much. How long
 * it took is not counted by container.
 */
#include <linux/blk_types.h>
#include <linux/slab.h>

#include "view.h"

struct view_disks {
	struct seq_file *m;
	const char *io;	/* io.stat */
};

/* From the first digit after @key up to the end of the line; 0 if it is not there. */
static u64 field(const char *line, const char *key)
{
	const char *at = strstr(line, key), *end = strchrnul(line, '\n');

	return at && at < end ? view_digits(at + strlen(key)) : 0;
}

static int show_disk(const char *line, size_t len, void *arg)
{
	struct view_disks *d = arg;
	unsigned int major, minor;
	char name[32], dev[24];
	const char *io;

	if (sscanf(line, "%u %u %31s", &major, &minor, name) != 3)
		return 0;
	snprintf(dev, sizeof(dev), "%u:%u", major, minor);
	io = view_line(d->io, dev);
	if (io)
		seq_printf(d->m, "%4u %7u %s %llu 0 %llu 0 %llu 0 %llu 0 0 0 0 %llu 0 %llu 0 0 0\n",
			   major, minor, name,
			   field(io, "rios="), field(io, "rbytes=") >> SECTOR_SHIFT,
			   field(io, "wios="), field(io, "wbytes=") >> SECTOR_SHIFT,
			   field(io, "dios="), field(io, "dbytes=") >> SECTOR_SHIFT);
	return seq_has_overflowed(d->m);
}

int view_show_diskstats(struct seq_file *m, struct view_ct *ct)
{
	struct view_disks d = { .m = m };
	char *io = view_text(&ct->dir, "io.stat");
	int err;

	/* The kernel may be without that controller. */
	if (IS_ERR(io))
		return io == ERR_PTR(-ENOENT) ? 0 : PTR_ERR(io);
	d.io = io;
	err = view_each("diskstats", "\n", show_disk, &d);
	kfree(io);
	return err;
}
