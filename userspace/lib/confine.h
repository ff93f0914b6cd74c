/* SPDX-License-Identifier: GPL-2.0-only */
/* What every process in a container gives up before it runs foreign code. */
#ifndef CLOISON_CONFINE_H
#define CLOISON_CONFINE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Inside, as root of the user namespace: give up the @dropped capabilities for
 * good (see capability.h), load the system call filter, forget what was
 * inherited (signals, keyring, limits). 0 or EXIT_START.
 */
int confine(uint64_t dropped);

/* The host's part of it, which the process itself may not do any more. */
void confine_from_outside(pid_t pid);

/* Close everything above stderr but those of @keep (and -1 is none). */
int confine_descriptors(const int keep[], size_t count);

/*
 * Before entering a running container: nothing but @keep goes there, above all not the
 * container's lock, as its root can stop who comes in, and that one would have it still
 * when the tool is dead; and no debugger from inside gets at the process, see ptrace(2).
 */
int confine_visitor(const int keep[], size_t count);

/*
 * The last thing before the next program: close all but the line to the tool, which
 * the exec closes. Now rather than then: a program's interpreter may be named by
 * /proc/self/fd/N while it is being executed.
 */
int confine_to_line(int sync);

#endif
