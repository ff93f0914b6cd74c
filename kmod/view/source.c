// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's own files as sources: the control files of a container's cgroup,
 * and what /proc tells the host.
 *
 * Much of what they tell no module can reach otherwise, and what it means is
 * the kernel's to define, not ours. They are read by mounts that only we have:
 * nothing depends on what is mounted where, by the host or in the container; and
 * as the kernel, since what is shown is for us to decide.
 */
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "view.h"

/* memory.stat is the longest, some 2 kB; a longer one would lose its end. */
#define VIEW_TEXT_MAX	8192

static struct vfsmount *view_cgroups;
static struct vfsmount *view_proc;
static const struct cred *view_cred;

static struct vfsmount *view_clone(const char *name, unsigned long magic)
{
	struct vfsmount *mnt = ERR_PTR(-ENODEV);
	struct path path;
	int err;

	err = kern_path(name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path);
	if (err)
		return ERR_PTR(err);
	if (path.dentry->d_sb->s_magic == magic && path.dentry == path.dentry->d_sb->s_root)
		mnt = clone_private_mount(&path);
	else
		pr_err("cloison_view: what is mounted on %s is not what belongs there\n", name);
	path_put(&path);
	return mnt;
}

int view_source_init(void)
{
	int err;

	view_cred = prepare_kernel_cred(&init_task);
	if (!view_cred)
		return -ENOMEM;
	view_proc = view_clone("/proc", PROC_SUPER_MAGIC);
	if (IS_ERR(view_proc)) {
		err = PTR_ERR(view_proc);
		goto put_cred;
	}
	view_cgroups = view_clone("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC);
	if (IS_ERR(view_cgroups)) {
		err = PTR_ERR(view_cgroups);
		goto unmount_proc;
	}
	return 0;

unmount_proc:
	kern_unmount(view_proc);
put_cred:
	put_cred(view_cred);
	return err;
}

void view_source_exit(void)
{
	kern_unmount(view_cgroups);
	kern_unmount(view_proc);
	put_cred(view_cred);
}

struct file *view_open(const struct path *dir, const char *name, int flags)
{
	const struct cred *old = override_creds(view_cred);
	struct file *file = file_open_root(dir, name, O_RDONLY | flags, 0);

	revert_creds(old);
	return file;
}

struct path view_cgroup_root(void)
{
	return (struct path) { .mnt = view_cgroups, .dentry = view_cgroups->mnt_root };
}

static struct path view_proc_root(void)
{
	return (struct path) { .mnt = view_proc, .dentry = view_proc->mnt_root };
}

/* As much as there is, up to @size. */
static ssize_t view_read(struct file *file, char *buf, size_t size, loff_t *pos)
{
	const struct cred *old = override_creds(view_cred);
	size_t len = 0;
	ssize_t n = 0;

	while (len < size) {
		n = kernel_read(file, buf + len, size - len, pos);
		if (n <= 0)
			break;
		len += n;
	}
	revert_creds(old);
	return n < 0 ? n : len;
}

/* The file, and VIEW_TEXT_MAX bytes to read it into. */
static struct file *view_open_buffered(const struct path *dir, const char *name, char **buf)
{
	struct file *file;

	*buf = kmalloc(VIEW_TEXT_MAX, GFP_KERNEL_ACCOUNT);
	if (!*buf)
		return ERR_PTR(-ENOMEM);
	file = view_open(dir, name, 0);
	if (IS_ERR(file))
		kfree(*buf);
	return file;
}

/* The whole of a small file, to be freed by kfree(). */
char *view_text(const struct path *dir, const char *name)
{
	struct file *file;
	loff_t pos = 0;
	ssize_t len;
	char *buf;

	file = view_open_buffered(dir, name, &buf);
	if (IS_ERR(file))
		return ERR_CAST(file);
	len = view_read(file, buf, VIEW_TEXT_MAX - 1, &pos);
	fput(file);
	if (len < 0) {
		kfree(buf);
		return ERR_PTR(len);
	}
	buf[len] = '\0';
	return buf;
}

/* What follows @key, the first word of a line, and a space; NULL without it. */
const char *view_line(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (!strncmp(text, key, len) && text[len] == ' ')
			return text + len + 1;
	}
	return NULL;
}

/* At the beginning of @text; more may follow, so that it is nothing for kstrtoull(). */
u64 view_digits(const char *text)
{
	u64 n = 0;

	for (; isdigit(*text); text++)
		n = n * 10 + *text - '0';
	return n;
}

u64 view_number(const char *text, const char *key)
{
	const char *line = view_line(text, key);

	return line ? view_digits(skip_spaces(line)) : 0;
}

/*
 * Calls @each for every record of the file @name in /proc that ends with @end,
 * until it does not return 0. -E2BIG for a record of VIEW_TEXT_MAX bytes.
 */
int view_each(const char *name, const char *end,
	      int (*each)(const char *record, size_t len, void *arg), void *arg)
{
	struct path root = view_proc_root();
	char *buf, *record, *next;
	struct file *file;
	size_t len = 0;
	loff_t pos = 0;
	ssize_t n = 0;
	int stop = 0;

	file = view_open_buffered(&root, name, &buf);
	if (IS_ERR(file))
		return PTR_ERR(file);
	while (!stop && (n = view_read(file, buf + len, VIEW_TEXT_MAX - 1 - len, &pos)) > 0) {
		len += n;
		buf[len] = '\0';
		for (record = buf; !stop && (next = strstr(record, end)); record = next) {
			next += strlen(end);
			stop = each(record, next - record, arg);
		}
		len -= record - buf;
		memmove(buf, record, len);
	}
	fput(file);
	kfree(buf);
	if (!stop && !n && len == VIEW_TEXT_MAX - 1)
		return -E2BIG;
	return n < 0 ? n : 0;
}

/* The host's own. */
int view_show_proc(struct seq_file *m, const char *name)
{
	struct path root = view_proc_root();
	struct file *file;
	loff_t pos = 0;
	ssize_t n;
	char *buf;

	file = view_open_buffered(&root, name, &buf);
	if (IS_ERR(file))
		return PTR_ERR(file);
	while ((n = view_read(file, buf, VIEW_TEXT_MAX, &pos)) > 0 && !seq_has_overflowed(m))
		seq_write(m, buf, n);
	fput(file);
	kfree(buf);
	return n < 0 ? n : 0;
}

static u64 view_swap_total;

/* In bytes. How much the host has is nothing that modules can see. */
u64 view_host_swap(void)
{
	return READ_ONCE(view_swap_total);
}

void view_host_swap_update(void)
{
	struct path root = view_proc_root();
	char *text = view_text(&root, "meminfo");

	if (IS_ERR(text))
		return;
	WRITE_ONCE(view_swap_total, view_number(text, "SwapTotal:") << 10);
	kfree(text);
}
