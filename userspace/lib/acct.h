/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Talking to cloison_acct.ko; the commands are described in linux/cloison_acct.h.
 * All return 0 or an exit status with the error noted, EXIT_KERNEL when it is not
 * loaded.
 */
#ifndef CLOISON_ACCT_H
#define CLOISON_ACCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/cloison_acct.h>

struct acct_figures {
	uint32_t flags;		/* CLOISON_ACCT_F_... */
	bool known;		/* held, maxheld and failcnt are */
	uint64_t held, maxheld, barrier, limit, failcnt;
};

struct acct_container {
	uint32_t id;		/* 0: the module knows no such container */
	struct acct_figures of[CLOISON_ACCT_RESOURCES];
};

bool acct_loaded(void);

/* An unknown id is no error: out->id is 0 then. */
int acct_get(uint32_t id, struct acct_container *out);

/* All, by id; free() *list. */
int acct_list(struct acct_container **list, size_t *count);

int acct_set(uint32_t id, uint32_t resource, uint64_t barrier, uint64_t limit);

/*
 * From now on a limit is held, see CLOISON_ACCT_CMD_ENFORCE. @wanting, and 0: that needs
 * programs, and none were given; @token is 0 then.
 */
int acct_enforce(uint32_t id, uint32_t resource, uint32_t base, uint32_t token,
		 const int links[], size_t count, bool *wanting);

/* From a life before this one, see CLOISON_ACCT_CMD_CARRY. */
int acct_carry(uint32_t id, uint32_t resource, uint64_t maxheld, uint64_t failcnt);

/* The host has put that process in, see CLOISON_ACCT_CMD_VISIT. */
int acct_visit(uint32_t id, pid_t pid);

#endif
