/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What system call filters cannot see, BPF programs on a cgroup can: a filter does
 * not read the memory that socketcall(2) of 32 bit programs points to, does not know
 * when the kernel is about to load a module for a container, nor which setting below
 * /proc/sys a descriptor is of.
 */
#ifndef CLOISON_GUARD_H
#define CLOISON_GUARD_H

/*
 * Guard all cgroups below @cgroup_fd; once for all containers, for as long as the
 * cgroup is there. Sockets and modules need the BPF LSM (Linux 6.0, lsm=...,bpf):
 * without it containers run with one wall less; this is said with --verbose, and is
 * no error. A guard that the kernel has, but cannot put up now, is one.
 */
int guard_attach(int cgroup_fd);

#endif
