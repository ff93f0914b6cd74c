/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a container sees as its file system. All of it is mounted from inside
 * its user and mount namespaces, by the new mount API, on targets that are
 * looked up below the root's descriptor (RESOLVE_IN_ROOT): whatever symbolic
 * links a hostile root file system has, nothing leaves it.
 */
#ifndef CLOISON_ROOTFS_H
#define CLOISON_ROOTFS_H

/* Host side: a private, detached copy of the mount on @path, and of what is mounted
 * below it; -1 and an error.
 */
int rootfs_detach(const char *path);
/* Without what is mounted below it. */
int rootfs_detach_alone(const char *path);

/*
 * Where the root is attached until it becomes the root. Anything that others may look into
 * would do: VE_ROOT is closed to the container's root.
 */
#define ROOTFS_STAGING	LIBDIR "/rootfs"

/* In a mount namespace of one's own, which parts from the host's. */
int rootfs_attach_staging(int root);

/*
 * Inside: attach @root, and what is mounted below the working directory, the same on the
 * host's side; mount /proc, /sys, /dev, /run and the cgroups in it, and hide what belongs
 * to the host. The old root is still there afterwards.
 */
int rootfs_populate(int root);

struct stat;

/* Inside: lay the mount @mnt over @path below @root; 0, or -1 and errno. */
int rootfs_attach(int root, int mnt, const char *path);
/* The same for one of a file; what is missing of @path is made. */
int rootfs_attach_file(int root, int mnt, const char *path);
/* stat(2) of what is at @path below @root, links followed in there. */
int rootfs_stat(int root, const char *path, struct stat *st);
/*
 * Inside, in a mount namespace of one's own: go into @dir, a detached mount. Of the host's files
 * only /usr is left, without /usr/local, and cannot be written. For programs of the
 * host's that work on hostile data. /empty is a directory on which another may be mounted.
 */
int rootfs_work_in(int dir);

/* Inside: make @root the root, and let go of the old one. */
int rootfs_pivot(int root);

#endif
