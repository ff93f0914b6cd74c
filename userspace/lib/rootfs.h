/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a container sees as its file system. All of it is mounted from inside
 * its user and mount namespaces, by the new mount API, on targets that are
 * looked up below the root's descriptor (RESOLVE_IN_ROOT): whatever symbolic
 * links a hostile root file system has, nothing leaves it.
 */
#ifndef CLOISON_ROOTFS_H
#define CLOISON_ROOTFS_H

/* Host side: a private, detached mount of the directory @path; -1 and an error. */
int rootfs_detach(const char *path);

/*
 * Inside: attach @root, mount /proc, /sys, /dev, /run and the cgroups in it, and
 * hide what belongs to the host. The old root is still there afterwards.
 */
int rootfs_populate(int root);

/* Inside: make @root the root, and let go of the old one. */
int rootfs_pivot(int root);

#endif
