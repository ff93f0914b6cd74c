/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's description of its own types and functions. */
#ifndef CLOISON_BTF_H
#define CLOISON_BTF_H

/*
 * The id of each of @count functions of the kernel, by name; 0 where there is none,
 * or the kernel does not describe itself. 0, or -1 and errno.
 */
int btf_functions(const char *const names[], unsigned int ids[], unsigned int count);

#endif
