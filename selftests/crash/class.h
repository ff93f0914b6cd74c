/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CLASS_H
#define CLASS_H

#include <stdint.h>
#include <sys/types.h>

/*
 * What a system call can change. To be killed at the entry of a call is to leave
 * what the calls before it have made. So between two calls of CHANGES all points
 * are the same, and only those are enumerated. A call that is not in a list below
 * counts as CHANGES.
 */
enum class {
	/* Nothing, or what the process alone sees: its memory, its signals. */
	PURE,
	/* What only the process's descriptors or credentials hold: it is gone with
	 * the process. No point of its own for kills, but it can fail.
	 */
	OWN,
	CHANGES,
};

/* @pid is stopped at the entry of the call: some need a look at its memory. */
enum class class_of(pid_t pid, uint64_t nr, const uint64_t args[6]);

/* The name of call @nr, and of the file it names, if it does. In a static buffer. */
const char *describe(pid_t pid, uint64_t nr, const uint64_t args[6]);

#endif
