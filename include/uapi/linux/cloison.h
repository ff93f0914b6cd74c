/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Cloison: the protocol between the kernel modules and the tool.
 *
 * One generic netlink family, CLOISON_GENL_NAME, spoken in the initial network
 * namespace only. Every command, and membership of the event group, needs
 * CAP_SYS_ADMIN in the initial user namespace (-EPERM otherwise): the root of
 * a container cannot talk to it. Errors carry an extended ack message that
 * says what was wrong. An attribute that is missing, malformed, or that the
 * command does not know is -EINVAL, a number out of its range -ERANGE.
 *
 * A container is a number (1..CLOISON_ID_MAX; 0 is the host), a cgroup of the
 * default hierarchy that holds its tasks, and, while it runs, an init: process 1
 * of a pid namespace of its own. Its life:
 *
 *	NEW ---> CREATED ---SET(INIT_PID)---> RUNNING ---init dies---> DEAD
 *	            |                            |                       |
 *	            +----------- DEL ------------+----------- DEL -------+
 *
 * DEL forgets the entry and signals nobody. While RUNNING, the module cannot
 * be unloaded. Unloading deletes what is CREATED or DEAD.
 *
 * DEAD means that init is on its way out, with its exit status settled. The
 * kernel kills the other processes of the pid namespace only then: the
 * container has come to rest when its cgroup.events says "populated 0".
 *
 * CLOISON_CMD_NEW	{ID, CGROUP_ID [, NAME]}
 *	Register a container. All containers live at the same depth of the
 *	cgroup tree: that makes task -> container one step (see
 *	cgroup_ancestor()). The first one chooses the depth.
 *	-EEXIST   the id, the name or the cgroup is taken
 *	-ENOENT   no cgroup has that id
 *	-EINVAL   the root cgroup, or another depth than the others
 *	-EUCLEAN  the cgroup is being removed
 *
 * CLOISON_CMD_SET	{ID [, INIT_PID] [, NAME]}
 *	INIT_PID: the container's init, in the caller's pid namespace. It must be
 *	process 1 of a pid namespace below the caller's and run in the
 *	container's cgroup or below it. Only once per life of an entry. If it
 *	has died in the meantime the entry goes to DEAD as if it had died later.
 *	NAME: rename; the empty string takes the name away.
 *	With both, none is set if one is refused.
 *	-ENOENT   no such container
 *	-ESRCH    no such process
 *	-EINVAL   the process cannot be the init of this container
 *	-EBUSY    the container had its init already
 *	-EEXIST   the name is taken
 *	-ESHUTDOWN the module is being unloaded
 *
 * CLOISON_CMD_DEL	{ID}
 *	-ENOENT   no such container
 *
 * CLOISON_CMD_GET	{ID} or {NAME}, answer {CONTAINER}; as a dump: all, by id
 *	-ENOENT   no such container
 *
 * CLOISON_CMD_RESOLVE	{PID}, answer {ID [, NAME]}
 *	Which container a process (in the caller's pid namespace) is in; ID 0 is
 *	the host.
 *	-ESRCH    no such process
 *
 * Events go to the multicast group CLOISON_GENL_MCGRP_EVENTS as
 * CLOISON_CMD_EVENT {EVENT, CONTAINER}. The order per container is the order
 * in which things happened. A slow listener loses events and learns it from
 * ENOBUFS: it must then dump.
 */
#ifndef _UAPI_LINUX_CLOISON_H
#define _UAPI_LINUX_CLOISON_H

#define CLOISON_GENL_NAME		"cloison"
#define CLOISON_GENL_VERSION		1
#define CLOISON_GENL_MCGRP_EVENTS	"events"

#define CLOISON_ID_MAX			2147483644U
#define CLOISON_NAME_MAX		63	/* bytes, without the final NUL */

enum cloison_cmd {
	CLOISON_CMD_UNSPEC,
	CLOISON_CMD_NEW,
	CLOISON_CMD_SET,
	CLOISON_CMD_DEL,
	CLOISON_CMD_GET,
	CLOISON_CMD_RESOLVE,
	CLOISON_CMD_EVENT,

	__CLOISON_CMD_MAX,
	CLOISON_CMD_MAX = __CLOISON_CMD_MAX - 1,
};

/* Top level attributes. */
enum cloison_attr {
	CLOISON_A_UNSPEC,
	CLOISON_A_ID,		/* u32, 1..CLOISON_ID_MAX; 0 only in answers */
	CLOISON_A_NAME,		/* string, at most CLOISON_NAME_MAX bytes */
	CLOISON_A_CGROUP_ID,	/* u64, inode number of the cgroup's directory */
	CLOISON_A_INIT_PID,	/* u32, caller's pid namespace */
	CLOISON_A_PID,		/* u32, caller's pid namespace */
	CLOISON_A_EVENT,	/* u32, enum cloison_event */
	CLOISON_A_CONTAINER,	/* nested, enum cloison_container_attr */

	__CLOISON_A_MAX,
	CLOISON_A_MAX = __CLOISON_A_MAX - 1,
};

/* What is known of one container, inside CLOISON_A_CONTAINER. */
enum cloison_container_attr {
	CLOISON_CONTAINER_A_UNSPEC,
	CLOISON_CONTAINER_A_PAD,
	CLOISON_CONTAINER_A_ID,		/* u32 */
	CLOISON_CONTAINER_A_NAME,	/* string, absent without a name */
	CLOISON_CONTAINER_A_CGROUP_ID,	/* u64 */
	CLOISON_CONTAINER_A_STATE,	/* u32, enum cloison_state */
	CLOISON_CONTAINER_A_INIT_PID,	/* u32, RUNNING only; reader's pid namespace,
					 * in events the initial one
					 */
	CLOISON_CONTAINER_A_STARTED,	/* u64, CLOCK_BOOTTIME of the host in ns when
					 * it got its init; absent before
					 */
	CLOISON_CONTAINER_A_EXIT_STATUS, /* u32, DEAD only, as waitpid(2) gives it. A
					  * container that called reboot(2) shows as
					  * killed by SIGHUP (restart) or SIGINT
					  * (halt, power off), see reboot(2).
					  */

	__CLOISON_CONTAINER_A_MAX,
	CLOISON_CONTAINER_A_MAX = __CLOISON_CONTAINER_A_MAX - 1,
};

enum cloison_state {
	CLOISON_STATE_CREATED,
	CLOISON_STATE_RUNNING,
	CLOISON_STATE_DEAD,
};

enum cloison_event {
	CLOISON_EVENT_UNSPEC,
	CLOISON_EVENT_CREATED,
	CLOISON_EVENT_STARTED,
	CLOISON_EVENT_EXITED,
	CLOISON_EVENT_DELETED,
};

#endif /* _UAPI_LINUX_CLOISON_H */
