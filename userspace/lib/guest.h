/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What we leave in the container's fresh /run, never in the customer's files:
 * settings that make systemd build nothing that cannot be checkpointed.
 */
#ifndef CLOISON_GUEST_H
#define CLOISON_GUEST_H

/* Inside, with /run mounted in @root. 0 or EXIT_START. */
int guest_files(int root);

/* The environment of init: NULL-terminated. */
extern const char *const guest_init_environment[];

/* Where init says that it is up: a socket for sd_notify(3) READY=1, or, for an
 * init that has no such thing, a file.
 */
#define GUEST_DIR	"/run/cloison"
#define GUEST_NOTIFY	GUEST_DIR "/notify"
#define GUEST_UP	"up"

#endif
