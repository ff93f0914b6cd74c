/* SPDX-License-Identifier: GPL-2.0-only */
/* sysinfo(2) in containers, by a BPF program and cloison_view.ko: Documentation/view.rst */
#ifndef CLOISON_SYSINFO_H
#define CLOISON_SYSINFO_H

/*
 * The program's link, with which it goes; -1 where the kernel or the module lets there be none.
 * The module must be loaded.
 */
int sysinfo_attach(void);

#endif
