// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the container's cgroup knows: page counters, and files.
 *
 * struct mem_cgroup has its page counters for all to see. The rest is behind
 * functions that are not exported; it is read as userspace reads it, from the
 * files of the cgroup. They are opened below a directory that is kept: whatever
 * comes later under the same name is another one. Mounting the hierarchy
 * ourselves is not an option, as that would set the options of all its mounts.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/memcontrol.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/slab.h>

#include "acct.h"

#define ACCT_CGROUP_ROOT	"/sys/fs/cgroup"

/* A mount of the whole hierarchy that is in no namespace. */
static struct vfsmount *acct_cgroup_mnt;

/* Who reads does not matter for what is read. */
static const struct cred *acct_cred;

int acct_cgroup_init(void)
{
	struct path path;
	int err;

	acct_cred = prepare_kernel_cred(&init_task);
	if (!acct_cred)
		return -ENOMEM;
	err = kern_path(ACCT_CGROUP_ROOT, LOOKUP_FOLLOW | LOOKUP_DIRECTORY,
			&path);
	if (err)
		goto put_cred;
	if (path.mnt->mnt_sb->s_magic != CGROUP2_SUPER_MAGIC ||
	    d_inode(path.dentry)->i_ino != cgroup_id(&cgrp_dfl_root.cgrp)) {
		pr_err("cloison_acct: cgroup2 is not at " ACCT_CGROUP_ROOT "\n");
		err = -ENODEV;
		goto put_path;
	}
	acct_cgroup_mnt = clone_private_mount(&path);
	err = PTR_ERR_OR_ZERO(acct_cgroup_mnt);
put_path:
	path_put(&path);
put_cred:
	if (err)
		put_cred(acct_cred);
	return err;
}

void acct_cgroup_exit(void)
{
	kern_unmount(acct_cgroup_mnt);
	put_cred(acct_cred);
}

struct file *acct_cgroup_open(struct cgroup *cgroup)
{
	const struct cred *old;
	struct file *dir;
	char *path;
	int err;

	path = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!path)
		return ERR_PTR(-ENOMEM);
	err = cgroup_path(cgroup, path, PATH_MAX);
	if (err < 0) {
		kfree(path);
		return ERR_PTR(err);
	}
	old = override_creds(acct_cred);
	dir = file_open_root_mnt(acct_cgroup_mnt, path + 1,
				 O_RDONLY | O_DIRECTORY, 0);
	revert_creds(old);
	kfree(path);
	/* Not one that has taken its place. */
	if (!IS_ERR(dir) && file_inode(dir)->i_ino != cgroup_id(cgroup)) {
		fput(dir);
		return ERR_PTR(-ENOENT);
	}
	return dir;
}

char *acct_cgroup_text(const struct acct_source *src, const char *name)
{
	const size_t size = 2 * PAGE_SIZE;	/* memory.stat has 2 to 3 kB */
	const struct cred *old;
	struct file *file;
	loff_t pos = 0;
	ssize_t len;
	char *text;

	if (!src->cgroup)
		return NULL;
	text = kmalloc(size, GFP_KERNEL);
	if (!text)
		return NULL;
	old = override_creds(acct_cred);
	file = file_open_root(&src->dir->f_path, name, O_RDONLY, 0);
	len = PTR_ERR(file);
	if (!IS_ERR(file)) {
		len = kernel_read(file, text, size - 1, &pos);
		fput(file);
	}
	revert_creds(old);
	if (len < 0) {
		kfree(text);
		return NULL;
	}
	text[len] = '\0';
	return text;
}

bool acct_number(const char *text, const char *key, u64 *number)
{
	size_t len = key ? strlen(key) : 0;
	char digits[24];

	while (text && key && !(!strncmp(text, key, len) && text[len] == ' ')) {
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	if (!text)
		return false;
	if (key)
		text += len + 1;
	strscpy(digits, text, sizeof(digits));
	digits[strcspn(digits, "\n")] = '\0';
	if (!strcmp(digits, "max")) {
		*number = CLOISON_ACCT_UNLIMITED;
		return true;
	}
	return !kstrtou64(digits, 10, number);
}

static bool acct_file_number(const struct acct_source *src, const char *file,
			     const char *key, u64 *number)
{
	char *text = acct_cgroup_text(src, file);
	bool found = acct_number(text, key, number);

	kfree(text);
	return found;
}

static void acct_counter(struct acct_row *row, struct page_counter *counter,
			 u64 failcnt)
{
	unsigned long max = READ_ONCE(counter->max);

	acct_hold(row, page_counter_read(counter));
	row->maxheld = READ_ONCE(counter->watermark);
	row->failcnt = failcnt;
	row->barrier = 0;
	row->limit = max == PAGE_COUNTER_MAX ? CLOISON_ACCT_UNLIMITED : max;
	row->flags |= CLOISON_ACCT_F_PEAK | CLOISON_ACCT_F_LIMITED;
}

/* RAM and swap, which the kernel charges and bounds in pages. */
void acct_sample_counters(const struct acct_source *src, struct acct_sample *s)
{
	struct cgroup_subsys_state *css;
	struct mem_cgroup *memcg;

	rcu_read_lock();
	/* NULL without the controller. */
	css = rcu_dereference(src->cgroup->subsys[memory_cgrp_id]);
	if (css) {
		memcg = mem_cgroup_from_css(css);
		acct_counter(&s->row[CLOISON_ACCT_PHYSPAGES], &memcg->memory,
			     atomic_long_read(&memcg->memory_events[MEMCG_OOM]));
		acct_counter(&s->row[CLOISON_ACCT_SWAPPAGES], &memcg->swap,
			     atomic_long_read(&memcg->memory_events[MEMCG_SWAP_MAX]));
	}
	rcu_read_unlock();
}

static void acct_sample_memory(const struct acct_source *src,
			       struct acct_sample *s)
{
	char *stat = acct_cgroup_text(src, "memory.stat");
	u64 n, pages;

	if (acct_number(stat, "kernel", &n)) {
		acct_hold(&s->row[CLOISON_ACCT_KMEMSIZE], n);
		/* What processes have, wherever it is: not the kernel's part. */
		pages = s->row[CLOISON_ACCT_PHYSPAGES].held;
		pages -= min(pages, n >> PAGE_SHIFT);
		pages += s->row[CLOISON_ACCT_SWAPPAGES].held;
		acct_hold(&s->row[CLOISON_ACCT_OOMGUARPAGES], pages);
	}
	if (acct_number(stat, "shmem", &n))
		acct_hold(&s->row[CLOISON_ACCT_SHMPAGES], n >> PAGE_SHIFT);
	if (acct_number(stat, "slab_reclaimable", &n))
		acct_hold(&s->row[CLOISON_ACCT_DCACHESIZE], n);
	kfree(stat);
}

static void acct_sample_pids(const struct acct_source *src,
			     struct acct_sample *s)
{
	struct acct_row *row = &s->row[CLOISON_ACCT_NUMPROC];
	u64 n;

	if (!acct_file_number(src, "pids.current", NULL, &n))
		return;
	acct_hold(row, n);
	/* Since 6.11. */
	if (acct_file_number(src, "pids.peak", NULL, &n)) {
		row->maxheld = n;
		row->flags |= CLOISON_ACCT_F_PEAK;
	}
	if (acct_file_number(src, "pids.events", "max", &n))
		row->failcnt = n;
	if (acct_file_number(src, "pids.max", NULL, &n)) {
		row->barrier = n;
		row->limit = n;
		row->flags |= CLOISON_ACCT_F_LIMITED;
	}
}

void acct_cgroup_sample(const struct acct_source *src, struct acct_sample *s)
{
	acct_sample_counters(src, s);
	acct_sample_memory(src, s);
	acct_sample_pids(src, s);
}
