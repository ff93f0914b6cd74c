// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "global.h"
#include "module.h"
#include "rootfs.h"
#include "sysinfo.h"
#include "util.h"
#include "view.h"

/* Made by the module. A fixed place, for a restore to find the views again. */
#define VIEW_POINT	"/sys/fs/cloison"
/* of the module's file system */
#define VIEW_MAGIC	0x436c5657

static const struct {
	const char *name, *path;
} views[] = {
	{ "cpu.online", "sys/devices/system/cpu/online" },
	{ "cpu.possible", "sys/devices/system/cpu/possible" },
	{ "cpu.present", "sys/devices/system/cpu/present" },
	{ "cpuinfo", "proc/cpuinfo" },
	{ "diskstats", "proc/diskstats" },
	{ "loadavg", "proc/loadavg" },
	{ "meminfo", "proc/meminfo" },
	{ "pressure.cpu", "proc/pressure/cpu" },
	{ "pressure.io", "proc/pressure/io" },
	{ "pressure.memory", "proc/pressure/memory" },
	{ "stat", "proc/stat" },
	{ "swaps", "proc/swaps" },
	{ "uptime", "proc/uptime" },
	{ "vmstat", "proc/vmstat" },
};

bool view_loaded(void)
{
	return access(VIEW_POINT, F_OK) == 0;
}

/* Reading the kernel's types takes time: only the first start has to. */
static bool mounted(void)
{
	struct statfs fs;

	return !statfs(VIEW_POINT, &fs) && fs.f_type == VIEW_MAGIC;
}

static int mount_views(void)
{
	cleanup_free char *options = NULL;
	cleanup_close int program = -1;

	if (!view_loaded() || mounted())
		return 0;
	program = sysinfo_attach();
	if (program >= 0)
		options = xasprintf("sysinfo=%d", program);
	/* EBUSY: somebody else was faster, and his program is the one */
	if (mount("cloisonview", VIEW_POINT, "cloisonview",
		  MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, options) && errno != EBUSY)
		return fail_errno(EXIT_MOUNT, "Cannot mount " VIEW_POINT);
	return 0;
}

static bool load(void)
{
	return view_loaded() || module_load("cloison_view", NULL);
}

int view_load(void)
{
	load();
	return mount_views();
}

int view_offer(void)
{
	if (global.load_view && !load())
		warn("The module cloison_view cannot be loaded: "
		     "the container sees the memory, CPUs and load of the host");
	return mount_views();
}

bool view_averages(uint32_t id, uint64_t out[3])
{
	cleanup_free char *text = read_file(VIEW_POINT "/loads", 1 << 22);
	unsigned int of, n[6];
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		if (sscanf(line, "%u %u.%u %u.%u %u.%u", &of, &n[0], &n[1], &n[2], &n[3], &n[4],
			   &n[5]) != 7 || of != id)
			continue;
		for (int i = 0; i < 3; i++)
			out[i] = n[2 * i] * 100ULL + n[2 * i + 1];
		return true;
	}
	return false;
}

static int ask(unsigned long request, struct cloison_view_carried *c)
{
	cleanup_close int fd = open(VIEW_POINT "/loads", O_RDONLY | O_CLOEXEC);

	return fd < 0 || ioctl(fd, request, c) ?
	       fail_errno(EXIT_SYSTEM, VIEW_POINT "/loads does not answer") : 0;
}

int view_count(struct cloison_view_carried *c)
{
	return ask(CLOISON_VIEW_IOC_GET, c);
}

int view_carry(struct cloison_view_carried *c)
{
	return ask(CLOISON_VIEW_IOC_CARRY, c);
}

bool view_has(const char *path)
{
	return strncmp(path, VIEW_POINT "/", sizeof(VIEW_POINT)) == 0;
}

/* What the module or the kernel does not have is left out. */
static int attach(int root, const char *name, const char *path)
{
	cleanup_free char *source = xasprintf(VIEW_POINT "/%s", name);
	cleanup_close int mnt = -1;
	struct stat st;

	if (rootfs_stat(root, path, &st))
		return errno == ENOENT ? 0 : -1;
	mnt = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (mnt < 0)
		return errno == ENOENT ? 0 : -1;
	return rootfs_attach(root, mnt, path);
}

int view_attach(int root)
{
	for (size_t i = 0; i < ARRAY_SIZE(views); i++)
		if (attach(root, views[i].name, views[i].path))
			return fail_errno(EXIT_MOUNT, "Cannot mount /%s", views[i].path);
	return 0;
}
