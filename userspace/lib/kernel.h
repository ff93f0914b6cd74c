/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Talking to cloison.ko; the commands are described in linux/cloison.h. All
 * return 0 or an exit status with the error noted: EXIT_KERNEL when the module
 * is not loaded, EXIT_PERM without CAP_SYS_ADMIN, else EXIT_SYSTEM.
 */
#ifndef CLOISON_KERNEL_H
#define CLOISON_KERNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/cloison.h>

struct kernel_container {
	uint32_t id;			/* 0: the kernel knows no such container */
	char name[CLOISON_NAME_MAX + 1];
	uint64_t cgroup_id;
	enum cloison_state state;
	pid_t init;			/* RUNNING only */
	uint64_t started;		/* ns of CLOCK_BOOTTIME, 0: never */
	int exit_status;		/* DEAD only, a wait status */
};

static inline bool kernel_runs(const struct kernel_container *kc)
{
	return kc->id && kc->state == CLOISON_STATE_RUNNING;
}

/* Is the module there? It may still be out of reach: in another network namespace. */
bool kernel_loaded(void);
/* Load it if it is not. False: it cannot be. */
bool kernel_load(void);

/* The version of a module that is loaded, to be freed; NULL if none is. */
char *kernel_module_version(const char *module);

/* Is it on disk, for the kernel @release? */
bool kernel_module_installed(const char *release, const char *module);

/* @name may be NULL or empty. */
int kernel_new(uint32_t id, uint64_t cgroup_id, const char *name);
int kernel_set_name(uint32_t id, const char *name);
int kernel_set_init(uint32_t id, pid_t init);
/* Deleting what is not there is no error. */
int kernel_del(uint32_t id);
/* An unknown id is no error: out->id is 0 then. */
int kernel_get(uint32_t id, struct kernel_container *out);
/* The same where it is an answer, and no error, that there is no module: nothing runs. */
int kernel_look(uint32_t id, struct kernel_container *out);
/* The containers by id; free() *list. */
int kernel_list(struct kernel_container **list, size_t *count);
/* Says why it cannot be spoken to: EXIT_KERNEL. */
int kernel_not_there(void);

int kernel_resolve(pid_t pid, uint32_t *id);

#endif
