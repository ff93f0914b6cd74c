/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Cloison: what cloison_view.ko can be asked beside its files, by ioctl(2) on the file
 * "loads" of its file system, which only the host's root may open. CAP_SYS_ADMIN in the
 * initial user namespace, or -EPERM. Of a container that is not registered: -ENOENT.
 */
#ifndef _UAPI_LINUX_CLOISON_VIEW_H
#define _UAPI_LINUX_CLOISON_VIEW_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* What was counted of a container since it came, for it to go on from somewhere else. */
struct cloison_view_carried {
	__u32 id;
	__u32 reserved;		/* 0, or -EINVAL */
	__u64 times[6];		/* us: user, nice, system, idle, iowait, steal; of all CPUs */
	__u64 load[3];		/* averages of 1, 5, 15 minutes, in 1/65536 as sysinfo(2) has them */
};

/* That of container @id. */
#define CLOISON_VIEW_IOC_GET	_IOWR('c', 0xc0, struct cloison_view_carried)
/*
 * Of container @id times are that much more from now on (less than 2^60, or -ERANGE), and
 * its averages go on from @load (less than 2^32, or -ERANGE).
 */
#define CLOISON_VIEW_IOC_CARRY	_IOW('c', 0xc1, struct cloison_view_carried)

#endif
