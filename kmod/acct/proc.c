// SPDX-License-Identifier: GPL-2.0-only
/*
 * OpenVZ's files in /proc, who may look into them, and at which containers.
 *
 * An entry in /proc is in every procfs, also in those of containers. There, root
 * is nobody the mode could name: where a container may look, the mode lets
 * everyone in and the opener is asked for what he is. /proc/bc is the host's
 * alone, and its mode says so. Its existence is what counts: systemd takes a
 * system for a container of OpenVZ's that has /proc/vz and not /proc/bc.
 */
#include <linux/capability.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "acct.h"

static bool proc = true;
module_param(proc, bool, 0444);
MODULE_PARM_DESC(proc,
		 "Whether /proc/user_beancounters, /proc/bc and /proc/vz are there (Y)");

static struct proc_dir_entry *acct_bc, *acct_vz, *acct_ub;

static bool acct_capable(const struct file *file, struct user_namespace *ns)
{
	return file_ns_capable(file, ns, CAP_DAC_OVERRIDE) &&
	       file_ns_capable(file, ns, CAP_DAC_READ_SEARCH);
}

/* Root of a container is who has the capabilities in the container as a whole. */
static int acct_opener(const struct file *file, u32 *only)
{
	struct cloison_container *c;
	struct acct_source src;
	struct acct_ct *ct;
	bool may;

	rcu_read_lock();
	c = cloison_of_task(current);
	*only = c ? c->id : 0;
	rcu_read_unlock();
	if (!*only) {
		may = acct_capable(file, &init_user_ns);
	} else {
		ct = acct_get(*only);
		if (!ct)
			return -EACCES;
		acct_source_get(ct, &src);
		may = src.init &&
		      acct_capable(file, ns_of_pid(src.init)->user_ns);
		acct_source_put(&src);
		acct_put(ct);
	}
	return may ? 0 : -EACCES;
}

int acct_view_open(struct inode *inode, struct file *file,
		   const struct seq_operations *ops)
{
	struct acct_view *view;
	u32 only;
	int err;

	err = acct_opener(file, &only);
	if (err)
		return err;
	view = __seq_open_private(file, ops, sizeof(*view));
	if (!view)
		return -ENOMEM;
	view->only = only;
	return 0;
}

static struct acct_ct *acct_view_from(struct acct_view *view, u64 id)
{
	if (view->only)
		view->ct = id <= view->only ? acct_get(view->only) : NULL;
	else
		view->ct = acct_next(id);
	return view->ct;
}

/* Position 0 is the head, and every other one the container with that id. */
void *acct_view_start(struct seq_file *m, loff_t *pos)
{
	struct acct_view *view = m->private;

	if (!*pos)
		return SEQ_START_TOKEN;
	if (acct_view_from(view, *pos))
		*pos = view->ct->id;
	return view->ct;
}

void *acct_view_next(struct seq_file *m, void *v, loff_t *pos)
{
	acct_view_stop(m, v);
	++*pos;
	return acct_view_start(m, pos);
}

void acct_view_stop(struct seq_file *m, void *v)
{
	struct acct_view *view = m->private;

	if (view->ct)
		acct_put(view->ct);
	view->ct = NULL;
}

/* resources in a directory for each container */
int acct_proc_add(struct acct_ct *ct)
{
	char name[16];

	if (!acct_bc)
		return 0;
	snprintf(name, sizeof(name), "%u", ct->id);
	ct->proc = proc_mkdir_mode(name, 0500, acct_bc);
	if (!ct->proc)
		return -ENOMEM;
	if (proc_create_data("resources", 0400, ct->proc, &acct_one_ops,
			     (void *)(unsigned long)ct->id))
		return 0;
	acct_proc_del(ct);
	return -ENOMEM;
}

void acct_proc_del(struct acct_ct *ct)
{
	proc_remove(ct->proc);
	ct->proc = NULL;
}

int acct_proc_init(void)
{
	if (!proc)
		return 0;
	/* bc comes first and goes last, see above. */
	acct_bc = proc_mkdir_mode("bc", 0500, NULL);
	if (!acct_bc ||
	    !proc_create("resources", 0400, acct_bc, &acct_resources_ops))
		goto remove;
	acct_ub = proc_create("user_beancounters", 0444, NULL,
			      &acct_beancounters_ops);
	if (!acct_ub)
		goto remove;
	acct_vz = proc_mkdir("vz", NULL);
	if (!acct_vz ||
	    !proc_create("veinfo", 0444, acct_vz, &acct_veinfo_ops) ||
	    !proc_create("vestat", 0444, acct_vz, &acct_vestat_ops) ||
	    !proc_create("veip", 0400, acct_vz, &acct_veip_ops) ||
	    !proc_create("version", 0444, acct_vz, &acct_version_ops))
		goto remove;
	return 0;

remove:
	acct_proc_exit();
	return -ENOMEM;
}

void acct_proc_exit(void)
{
	proc_remove(acct_vz);
	proc_remove(acct_ub);
	proc_remove(acct_bc);
}
