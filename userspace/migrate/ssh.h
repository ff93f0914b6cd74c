/* SPDX-License-Identifier: GPL-2.0-only */
/* The one connection to the other host: ssh(1), which runs migrate-receive there. */
#ifndef CLOISON_MIGRATE_SSH_H
#define CLOISON_MIGRATE_SSH_H

#include <stdbool.h>
#include <sys/types.h>

#include "channel.h"

struct ssh {
	struct channel ch;
	pid_t pid;
};

/*
 * Connect to @host; @options are more arguments of ssh(1), words with blanks between
 * them, or NULL. Both sides have said what they are: *@hello is what the other one said,
 * and may be NULL. MIGRATE_CONNECT, MIGRATE_VERSION, MIGRATE_NOT_RUNNING.
 */
int ssh_open(struct ssh *ssh, const char *host, const char *options, bool compress,
	     json_t **hello);
void ssh_close(struct ssh *ssh);

#endif
