// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file system "cloisonview": one directory with a file for each view, to be
 * bind-mounted over the file whose name it has. There is one instance of it,
 * mounted by the tool on /sys/fs/cloison.
 *
 * A view answers for the reading task, not for who opened it or where it was
 * mounted: whoever gets hold of a descriptor of another container reads his own.
 */
#include <linux/file.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/sysfs.h>

#include "../compat/compat.h"
#include "view.h"

#define VIEW_MAGIC	0x436c5657
#define VIEW_POINT	"cloison"	/* in /sys/fs */

struct view {
	const char *name;
	int (*show)(struct seq_file *m, struct view_ct *ct);
	/* What the host reads, in /proc; NULL: show() knows. */
	const char *host;
	/* The text's size: a guess that is too small has it made again. */
	unsigned int size, size_per_cpu;
	umode_t mode;	/* 0444 if it is not given */
	long (*ioctl)(unsigned int cmd, void __user *arg);
};

/* The number of the inode is the index; the first two are not ours to give. */
enum { VIEW_FIRST = 2 };

static const struct view views[] = {
	{ "cpu.online", view_show_online },
	{ "cpu.possible", view_show_online },
	{ "cpu.present", view_show_online },
	{ "cpuinfo", view_show_cpuinfo, "cpuinfo", 1024, 2048 },
	{ "diskstats", view_show_diskstats, "diskstats", 2048 },
	{ "loadavg", view_show_loadavg, "loadavg" },
	{ "loads", view_show_loads, .size = 4096, .mode = 0400, .ioctl = view_carry_ioctl },
	{ "meminfo", view_show_meminfo, "meminfo", 2048 },
	{ "pressure.cpu", view_show_pressure_cpu },
	{ "pressure.io", view_show_pressure_io },
	{ "pressure.memory", view_show_pressure_memory },
	{ "stat", view_show_stat, "stat", 2048, 128 },
	{ "swaps", view_show_swaps },
	{ "uptime", view_show_uptime, "uptime" },
	{ "vmstat", view_show_vmstat, "vmstat", 4096 },
};

static int view_show(struct seq_file *m, void *unused)
{
	const struct view *view = m->private;
	struct view_ct *ct = view_ct_get();
	int err;

	if (IS_ERR(ct))
		return PTR_ERR(ct);
	if (!ct && view->host)
		return view_show_proc(m, view->host);
	err = view->show(m, ct);
	if (ct)
		view_ct_put(ct);
	return err;
}

static int view_file_open(struct inode *inode, struct file *file)
{
	const struct view *view = &views[inode->i_ino - VIEW_FIRST];

	return single_open_size(file, view_show, (void *)view,
				128 + view->size + num_online_cpus() * view->size_per_cpu);
}

static long view_file_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	const struct view *view = &views[file_inode(file)->i_ino - VIEW_FIRST];

	return view->ioctl ? view->ioctl(cmd, (void __user *)arg) : -ENOTTY;
}

static const struct file_operations view_fops = {
	.owner		= THIS_MODULE,
	.open		= view_file_open,
	.read_iter	= seq_read_iter,
	.llseek		= seq_lseek,
	.release	= single_release,
	.unlocked_ioctl	= view_file_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

static int view_fill_super(struct super_block *sb, struct fs_context *fc)
{
	struct tree_descr files[VIEW_FIRST + ARRAY_SIZE(views) + 1] = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(views); i++)
		files[VIEW_FIRST + i] = (struct tree_descr) {
			.name = views[i].name, .ops = &view_fops,
			.mode = views[i].mode ?: 0444,
		};
	files[VIEW_FIRST + i].name = "";
	sb->s_iflags |= SB_I_NOEXEC | SB_I_NODEV;
	return simple_fill_super(sb, VIEW_MAGIC, files);
}

/*
 * "sysinfo=FD": the link of the program that sysinfo.c is for, to be kept as long as
 * the file system is mounted somewhere. So it depends on no process, and goes with us.
 */
static int view_parse_param(struct fs_context *fc, struct fs_parameter *param)
{
	unsigned int fd;
	int err;

	if (strcmp(param->key, "sysinfo") || param->type != fs_value_is_string)
		return -ENOPARAM;
	err = kstrtouint(param->string, 10, &fd);
	if (err)
		return err;
	if (fc->fs_private)
		return -EINVAL;
	fc->fs_private = fget(fd);
	return fc->fs_private ? 0 : -EBADF;
}

/* Only the first mount makes the one instance there is. */
static int view_fill(struct super_block *sb, struct fs_context *fc)
{
	int err = view_fill_super(sb, fc);

	if (!err) {
		sb->s_fs_info = fc->fs_private;
		fc->fs_private = NULL;
	}
	return err;
}

static int view_get_tree(struct fs_context *fc)
{
	return get_tree_single(fc, view_fill);
}

static void view_free_context(struct fs_context *fc)
{
	if (fc->fs_private)
		fput(fc->fs_private);
}

static const struct fs_context_operations view_context_ops = {
	.parse_param	= view_parse_param,
	.get_tree	= view_get_tree,
	.free		= view_free_context,
};

static void view_kill_sb(struct super_block *sb)
{
	struct file *link = sb->s_fs_info;

	compat_kill_tree_super(sb);
	if (link)
		fput(link);
}

/*
 * Whoever may mount anything at all gets here, and the kernel asks for more only when the
 * file system is made. A file that is given to a context might be the context itself, which
 * nobody could close then.
 */
static int view_init_fs_context(struct fs_context *fc)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	fc->ops = &view_context_ops;
	return 0;
}

static struct file_system_type view_fs_type = {
	.owner			= THIS_MODULE,
	.name			= "cloisonview",
	.init_fs_context	= view_init_fs_context,
	.kill_sb		= view_kill_sb,
};

int view_fs_init(void)
{
	int err;

	err = sysfs_create_mount_point(fs_kobj, VIEW_POINT);
	if (err)
		return err;
	err = register_filesystem(&view_fs_type);
	if (err)
		sysfs_remove_mount_point(fs_kobj, VIEW_POINT);
	return err;
}

void view_fs_exit(void)
{
	unregister_filesystem(&view_fs_type);
	sysfs_remove_mount_point(fs_kobj, VIEW_POINT);
}
