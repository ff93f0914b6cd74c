/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Cloison: the protocol between cloison_acct.ko and the tool. For the sources of
 * the figures and how precise they are see Documentation/acct.rst.
 *
 * A generic netlink family of its own, CLOISON_ACCT_GENL_NAME, under the rules
 * of the family "cloison" (cloison.h): initial network namespace, CAP_SYS_ADMIN
 * in the initial user namespace, extended acks, strict checks. It is there if and
 * only if the module is loaded. Containers are named by the ids that were
 * registered with the core; ID of one that is not registered is -ENOENT.
 *
 * CLOISON_ACCT_CMD_GET	{ID}, answer {CONTAINER}; as a dump: all, by id
 *	The beancounters of a container, all that are known, measured now. A
 *	container that does not run holds nothing; what it held at most, and what it
 *	was refused, stays until it is deleted.
 *
 * CLOISON_ACCT_CMD_SET	{ID, RESOURCE, BARRIER, LIMIT}
 *	What the container may hold. It is written down and shown; beyond the limit
 *	it is refused only after ENFORCE. Where a cgroup holds the limit
 *	(RESOURCE_A_FLAGS) that one is shown, and of this the barrier only, if it is
 *	not above the limit.
 *	-EINVAL	the barrier is above the limit
 *
 * CLOISON_ACCT_CMD_ENFORCE	{ID, RESOURCE, BASE, [TOKEN, LINK...]}
 *	From now on the limit of the resource is held, until the container is deleted.
 *	The container's 65536 user ids begin with BASE. That is done by BPF programs
 *	which pass TOKEN to the functions acct_bpf_...() of this module; LINK are
 *	descriptors of their links, which the module keeps while it needs them, for all
 *	containers. It does not if others are at work already: then these count as not
 *	given. What goes together (numtcpsock with numothersock) is held together.
 *	Before the first process runs, all is counted; in one that runs, what is
 *	found then.
 *	-ENOLINK	no programs are at work, and none were given
 *	-EOPNOTSUPP	of this resource nothing can be refused
 *	-EINVAL, -EBUSY	the ids were others before, or are another's
 *
 * CLOISON_ACCT_CMD_VISIT	{ID, PID}
 *	The process (in the caller's pid namespace) is in the container, and the host has
 *	put it there. While it lives, what is in the session that it leads or is going to
 *	lead may have a little more than the limits that ENFORCE holds.
 *	-ESRCH, -EINVAL	no such process, or not in this container, or an init
 *
 * CLOISON_ACCT_CMD_CARRY	{ID, RESOURCE, MAXHELD, FAILCNT}
 *	What is to be shown of a container that was somewhere else before, or suspended:
 *	maxheld is MAXHELD at least, and failcnt FAILCNT more than was refused here. A
 *	second time takes the place of the first, but for what was seen since.
 */
#ifndef _UAPI_LINUX_CLOISON_ACCT_H
#define _UAPI_LINUX_CLOISON_ACCT_H

#define CLOISON_ACCT_GENL_NAME		"cloison_acct"
#define CLOISON_ACCT_GENL_VERSION	1

/* No bound, for barriers and limits: what is above is the same. */
#define CLOISON_ACCT_UNLIMITED		0x7fffffffffffffffULL

#define CLOISON_ACCT_LINKS_MAX		8

enum cloison_acct_cmd {
	CLOISON_ACCT_CMD_UNSPEC,
	CLOISON_ACCT_CMD_GET,
	CLOISON_ACCT_CMD_SET,
	CLOISON_ACCT_CMD_ENFORCE,
	CLOISON_ACCT_CMD_VISIT,
	CLOISON_ACCT_CMD_CARRY,

	__CLOISON_ACCT_CMD_MAX,
	CLOISON_ACCT_CMD_MAX = __CLOISON_ACCT_CMD_MAX - 1,
};

/* Top level attributes. */
enum cloison_acct_attr {
	CLOISON_ACCT_A_UNSPEC,
	CLOISON_ACCT_A_PAD,
	CLOISON_ACCT_A_ID,		/* u32, 1..CLOISON_ID_MAX */
	CLOISON_ACCT_A_RESOURCE,	/* u32, enum cloison_acct_resource */
	CLOISON_ACCT_A_BARRIER,		/* u64 */
	CLOISON_ACCT_A_LIMIT,		/* u64 */
	CLOISON_ACCT_A_CONTAINER,	/* nested, enum cloison_acct_container_attr */
	CLOISON_ACCT_A_BASE,		/* u32 */
	CLOISON_ACCT_A_TOKEN,		/* u32, not 0 */
	CLOISON_ACCT_A_LINK,		/* s32, up to CLOISON_ACCT_LINKS_MAX times */
	CLOISON_ACCT_A_PID,		/* u32, caller's pid namespace */
	CLOISON_ACCT_A_MAXHELD,		/* u64 */
	CLOISON_ACCT_A_FAILCNT,		/* u64 */

	__CLOISON_ACCT_A_MAX,
	CLOISON_ACCT_A_MAX = __CLOISON_ACCT_A_MAX - 1,
};

/* Inside CLOISON_ACCT_A_CONTAINER. */
enum cloison_acct_container_attr {
	CLOISON_ACCT_CONTAINER_A_UNSPEC,
	CLOISON_ACCT_CONTAINER_A_ID,		/* u32 */
	CLOISON_ACCT_CONTAINER_A_RESOURCE,	/* nested, enum cloison_acct_resource_attr:
						 * one for each, in their order
						 */

	__CLOISON_ACCT_CONTAINER_A_MAX,
	CLOISON_ACCT_CONTAINER_A_MAX = __CLOISON_ACCT_CONTAINER_A_MAX - 1,
};

/* HELD, MAXHELD and FAILCNT are absent where this kernel cannot account it. */
enum cloison_acct_resource_attr {
	CLOISON_ACCT_RESOURCE_A_UNSPEC,
	CLOISON_ACCT_RESOURCE_A_PAD,
	CLOISON_ACCT_RESOURCE_A_ID,		/* u32, enum cloison_acct_resource */
	CLOISON_ACCT_RESOURCE_A_FLAGS,		/* u32, CLOISON_ACCT_F_... */
	CLOISON_ACCT_RESOURCE_A_HELD,		/* u64, these all */
	CLOISON_ACCT_RESOURCE_A_MAXHELD,
	CLOISON_ACCT_RESOURCE_A_BARRIER,
	CLOISON_ACCT_RESOURCE_A_LIMIT,
	CLOISON_ACCT_RESOURCE_A_FAILCNT,

	__CLOISON_ACCT_RESOURCE_A_MAX,
	CLOISON_ACCT_RESOURCE_A_MAX = __CLOISON_ACCT_RESOURCE_A_MAX - 1,
};

/* The kernel keeps the maximum; without it: the most that was seen by looking. */
#define CLOISON_ACCT_F_PEAK	(1U << 0)
/* The limit is held: by the container's cgroup, or since ENFORCE. */
#define CLOISON_ACCT_F_LIMITED	(1U << 1)

/*
 * OpenVZ's beancounters under OpenVZ's numbers; those that are not here OpenVZ
 * shows as "dummy". Units: pages of ..PAGES, bytes of ..BUF and ..SIZE, else a
 * number.
 */
enum cloison_acct_resource {
	CLOISON_ACCT_KMEMSIZE		= 0,
	CLOISON_ACCT_LOCKEDPAGES	= 1,
	CLOISON_ACCT_PRIVVMPAGES	= 2,
	CLOISON_ACCT_SHMPAGES		= 3,
	CLOISON_ACCT_NUMPROC		= 5,
	CLOISON_ACCT_PHYSPAGES		= 6,
	CLOISON_ACCT_VMGUARPAGES	= 7,
	CLOISON_ACCT_OOMGUARPAGES	= 8,
	CLOISON_ACCT_NUMTCPSOCK		= 9,
	CLOISON_ACCT_NUMFLOCK		= 10,
	CLOISON_ACCT_NUMPTY		= 11,
	CLOISON_ACCT_NUMSIGINFO		= 12,
	CLOISON_ACCT_TCPSNDBUF		= 13,
	CLOISON_ACCT_TCPRCVBUF		= 14,
	CLOISON_ACCT_OTHERSOCKBUF	= 15,
	CLOISON_ACCT_DGRAMRCVBUF	= 16,
	CLOISON_ACCT_NUMOTHERSOCK	= 17,
	CLOISON_ACCT_DCACHESIZE		= 18,
	CLOISON_ACCT_NUMFILE		= 19,
	CLOISON_ACCT_NUMIPTENT		= 23,
	CLOISON_ACCT_SWAPPAGES		= 24,

	CLOISON_ACCT_RESOURCES		= 25,
};

#endif /* _UAPI_LINUX_CLOISON_ACCT_H */
