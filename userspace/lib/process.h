/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel says of a process or a thread, in /proc/PID/status. */
#ifndef CLOISON_PROCESS_H
#define CLOISON_PROCESS_H

#include <sys/types.h>

/* The rest of its line that begins with @key ("PPid:"), to be freed; NULL: it is gone. */
char *process_status(pid_t pid, const char *key);

/* As deep as the kernel nests pid namespaces below the first one. */
#define PROCESS_LEVELS	33

/*
 * Its numbers in the pid namespaces it is in, from ours inwards. How many there are; 0: it is
 * gone.
 */
unsigned int process_ids(pid_t pid, pid_t ids[PROCESS_LEVELS]);

#endif
