/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The network of a container with addresses: its venet link, and what the host does
 * for it. See Documentation/net.rst. The caller holds the container's lock.
 */
#ifndef CLOISON_NETWORK_H
#define CLOISON_NETWORK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "address.h"
#include "conf.h"
#include "neighbour.h"
#include "routed.h"

struct network {
	struct routed routed;
	struct addresses addresses;
	const struct conf *conf;
	const char *rate;	/* RATE's text, in conf; or NULL */
	/* these only if it has those addresses */
	struct nl_sock *host;
	int venet;		/* the host's end */
	struct neighbours neighbours;
	struct probe probe;
};

/*
 * For start, in this order. Without addresses each is 0 at once.
 *
 * network_prepare(): reads the addresses, makes the host ready and asks whether they
 * are free. EXIT_BAD_IP, EXIT_KERNEL, EXIT_IP_IN_USE. network_close() after it, whatever
 * it returns.
 */
int network_prepare(uint32_t id, const struct conf *conf, struct network *net);
/* In the table, for registered container @id: EXIT_IP_IN_USE. */
int network_reserve(uint32_t id, struct network *net);
/* Waits for those who object, EXIT_IP_IN_USE; then, in the network namespace of process
 * @pid: links, addresses, default routes.
 */
int network_inside(uint32_t id, struct network *net, pid_t pid);
/* Routes to it, and the neighbours told. */
int network_connect(uint32_t id, struct network *net);
void network_close(struct network *net);

/*
 * Around a checkpoint: who opens a TCP connection to it waits, and those that were being
 * opened are given time, for nobody restores them; then packets to and from it wait on its
 * venet link; they go on, and the neighbours and switches are told where it is. Without the
 * module there is no such link.
 */
int network_quiesce(uint32_t id, pid_t init);
int network_hold(uint32_t id);
int network_release(uint32_t id);
/*
 * It is on hold here, and lives on another host, which has told the neighbours so: it has
 * nothing here any more, and what waits follows it there.
 */
void network_pass_on(uint32_t id);
/*
 * It is on hold here, and may run on another host, for however long: nothing leads to it, and
 * nobody hears that it is here. network_again(), which does nothing where nothing is to be done,
 * undoes that; @pid is a process of its.
 */
int network_pause(uint32_t id);
int network_again(uint32_t id, pid_t pid);
/* Inside a container that was restored: it has those no more that it @had and @has not. */
void network_forget(uint32_t id, pid_t pid, const struct addresses *had,
		    const struct addresses *has);

/* Undo network_connect(); does nothing where nothing is noted. EXIT_SYSTEM, EXIT_ADD_IP. */
int network_disconnect(uint32_t id);

/* All that @conf gives one: on venet, and on interfaces that have addresses. To be freed. */
int network_configured(const struct conf *conf, struct addresses *out);

/* What container @id has now, with the masks that it sees. */
int network_addresses(uint32_t id, struct addresses *out);

/*
 * For set, of a container that is to be started again: could it have the addresses of @conf? Of
 * those that it has already it is known.
 */
int network_check(uint32_t id, const struct conf *conf);

/*
 * For set: give the running container @id, of which @pid is a process, @wanted instead
 * of what it has. All or nothing for those that are new.
 */
int network_change(uint32_t id, pid_t pid, const struct addresses *wanted);

/*
 * Does the host do what it should for a container that @runs, and else nothing? False
 * after a set that was cut off, or when somebody has flushed our routes.
 */
bool network_whole(uint32_t id, bool runs);
/* Make it so: what the table of addresses says, counts. */
int network_mend(uint32_t id, pid_t pid);

#endif
