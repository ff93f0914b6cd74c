/* SPDX-License-Identifier: GPL-2.0-only */
/* BPF programs that call functions of our modules. */
#ifndef CLOISON_KPROG_H
#define CLOISON_KPROG_H

#include <linux/bpf.h>

/* A descriptor of the types of a module that is loaded, for calls; -1 and errno. */
int kprog_types(const char *module);

/* Loads a program and attaches it where it says: the descriptor of its link; -1 and errno. */
int kprog_attach(union bpf_attr *loading);

#endif
