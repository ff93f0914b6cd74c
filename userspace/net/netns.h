/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CLOISON_NETNS_H
#define CLOISON_NETNS_H

#include <stdint.h>
#include <sys/types.h>

#include <netlink/socket.h>

/*
 * The network namespace of process @pid, which is container @id's init, or is to be: a
 * descriptor. EXIT_NOT_RUNNING if it is no longer, and the number perhaps another's.
 */
int netns_open(uint32_t id, pid_t pid, int *fd);

/* A netlink socket of that @protocol in there. EXIT_ADD_IP. */
int netns_connect(int netns, struct nl_sock *sock, int protocol);

/* A socket in there, of that @domain and @type, with no protocol. EXIT_ADD_IP. */
int netns_socket(int netns, int domain, int type, int *fd);

#endif
