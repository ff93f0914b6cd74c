// SPDX-License-Identifier: GPL-2.0-only
/*
 * The formats of /proc/user_beancounters and of /proc/bc.
 *
 * The first one has 24 rows for each container, whatever they are: one that has
 * no figures is a "dummy", as are those that OpenVZ has no resource for. In the
 * others such a row is left out.
 */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "../compat/compat.h"
#include "acct.h"

/* swappages came later, and is in the newer files only. */
#define ACCT_OLD_ROWS	CLOISON_ACCT_SWAPPAGES

static void acct_show_row(struct seq_file *m, const char *uid, const char *name,
			  const struct acct_row *row)
{
	seq_printf(m, "%10s  %-12s %20llu %20llu %20llu %20llu %20llu\n", uid,
		   name, row->held, row->maxheld, row->barrier, row->limit,
		   row->failcnt);
}

static void acct_show_head(struct seq_file *m)
{
	seq_puts(m, "Version: 2.5\n");
	seq_printf(m, "%10s  %-12s %20s %20s %20s %20s %20s\n", "uid",
		   "resource", "held", "maxheld", "barrier", "limit", "failcnt");
}

static int acct_show(struct seq_file *m, void *v, bool old)
{
	static const struct acct_row dummy;
	struct acct_view *view = m->private;
	struct acct_sample *s;
	char uid[16] = "";
	int err, r;

	if (v == SEQ_START_TOKEN) {
		if (!view->headless)
			acct_show_head(m);
		return 0;
	}
	s = kmalloc_obj(*s);
	if (!s)
		return -ENOMEM;
	err = acct_sample(view->ct, s);
	if (!err && !view->headless)
		snprintf(uid, sizeof(uid), "%u:", view->ct->id);
	for (r = 0; !err && r < (old ? ACCT_OLD_ROWS : CLOISON_ACCT_RESOURCES);
	     r++) {
		if (s->row[r].flags & ACCT_KNOWN)
			acct_show_row(m, uid, acct_names[r], &s->row[r]);
		else if (old)
			acct_show_row(m, uid, "dummy", &dummy);
		else
			continue;
		uid[0] = '\0';
	}
	kfree(s);
	return err;
}

static int acct_show_old(struct seq_file *m, void *v)
{
	return acct_show(m, v, true);
}

static int acct_show_new(struct seq_file *m, void *v)
{
	return acct_show(m, v, false);
}

static const struct seq_operations acct_old_seq = {
	.start	= acct_view_start,
	.next	= acct_view_next,
	.stop	= acct_view_stop,
	.show	= acct_show_old,
};

static const struct seq_operations acct_new_seq = {
	.start	= acct_view_start,
	.next	= acct_view_next,
	.stop	= acct_view_stop,
	.show	= acct_show_new,
};

static int acct_beancounters_open(struct inode *inode, struct file *file)
{
	return acct_view_open(inode, file, &acct_old_seq);
}

/* For the host, whatever the mode. */
static int acct_host_open(struct inode *inode, struct file *file)
{
	struct acct_view *view;
	int err;

	err = acct_view_open(inode, file, &acct_new_seq);
	if (err)
		return err;
	view = ((struct seq_file *)file->private_data)->private;
	if (!view->only)
		return 0;
	seq_release_private(inode, file);
	return -EACCES;
}

static int acct_one_open(struct inode *inode, struct file *file)
{
	struct acct_view *view;
	struct seq_file *m;
	int err;

	err = acct_host_open(inode, file);
	if (err)
		return err;
	m = file->private_data;
	view = m->private;
	view->only = (unsigned long)pde_data(inode);
	view->headless = true;
	return 0;
}

#define ACCT_PROC_OPS(_open) {				\
	.proc_open	= _open,			\
	.proc_read	= seq_read,			\
	.proc_lseek	= seq_lseek,			\
	.proc_release	= seq_release_private,		\
}

const struct proc_ops acct_beancounters_ops = ACCT_PROC_OPS(acct_beancounters_open);
const struct proc_ops acct_resources_ops = ACCT_PROC_OPS(acct_host_open);
const struct proc_ops acct_one_ops = ACCT_PROC_OPS(acct_one_open);
