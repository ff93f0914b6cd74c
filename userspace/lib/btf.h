/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's description of its own types and functions. */
#ifndef CLOISON_BTF_H
#define CLOISON_BTF_H

#include <stddef.h>

/* A function, or if @member is given that of a structure. */
struct btf_symbol {
	const char *name, *member;
	unsigned int id;	/* 0 where there is none, or nothing describes it */
	int offset;		/* of the member, in bytes; -1 the same */
};

/*
 * Looks for them in the kernel, and in @module if one is given, which must be loaded. 0, or
 * -1 and errno.
 */
int btf_look_up(const char *module, struct btf_symbol symbols[], size_t count);

#endif
