// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into CRIU: what is watched is found on another host too if it is a symbolic link.
 *
 * A watch of inotify(7) is kept by a path and a file handle. A path is tried first, whether it
 * leads to the file; but CRIU follows symbolic links in that. So one that is watched itself
 * (systemd does so, with /etc/localtime) has only its handle in the images, which is the number of
 * an inode on one host's disk.
 *
 * The paths CRIU looks at are those of open files, so only the last component can be a link, and
 * then it is meant itself. Links of /proc are what CRIU itself looks for.
 *
 * Written in 2026 for CRIU 4.1.1 (fsnotify.c, alloc_openable() and get_mark_path()). To be removed
 * when CRIU does so itself.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/vfs.h>
#include <unistd.h>

static int is_proc(int dir)
{
	struct statfs fs;

	return fstatfs(dir, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

int openat64(int dir, const char *path, int flags, ...)
{
	mode_t mode;
	va_list args;

	va_start(args, flags);
	mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (flags == O_PATH && dir >= 0 && !is_proc(dir))
		flags |= O_NOFOLLOW;
	return syscall(SYS_openat, dir, path, flags, mode);
}
