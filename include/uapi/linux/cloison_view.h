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

#define CLOISON_VIEW_TIMES	6	/* user, nice, system, idle, iowait, steal */
#define CLOISON_VIEW_CPUS_MAX	65536

/* What was counted of a container since it came, for it to go on from somewhere else. */
struct cloison_view_carried {
	__u32 id;
	__u32 cpus;		/* with a place in @times, 1..CLOISON_VIEW_CPUS_MAX: -EINVAL */
	__u64 times;		/* address of __u64 [cpus][CLOISON_VIEW_TIMES], in us */
	__u64 load[3];		/* of 1, 5, 15 minutes, in 1/65536 as sysinfo(2) has them */
};

/* That of container @id. @cpus are those that it ever had then: -ENOSPC, if there are more. */
#define CLOISON_VIEW_IOC_GET	_IOWR('c', 0xc0, struct cloison_view_carried)
/*
 * Of container @id times are that much more from now on, and its averages go on from @load;
 * what is more than 2^56 us, or a load of 65536, counts as that. CPUs that this host does
 * not have are its last.
 */
#define CLOISON_VIEW_IOC_CARRY	_IOW('c', 0xc1, struct cloison_view_carried)

#endif
