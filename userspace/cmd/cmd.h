/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The verbs. Each gets its arguments with its own name in argv[0] and returns an
 * exit status (lib/exit.h); main() prints the noted error.
 */
#ifndef CLOISON_CMD_H
#define CLOISON_CMD_H

#include <stdbool.h>

#include "../lib/container.h"

int cmd_backup(int argc, char **argv);
int cmd_backup_delete(int argc, char **argv);
int cmd_backup_list(int argc, char **argv);
int cmd_boot(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_clone(int argc, char **argv);
int cmd_compact(int argc, char **argv);
int cmd_console(int argc, char **argv);
int cmd_convert(int argc, char **argv);
int cmd_create(int argc, char **argv);
int cmd_destroy(int argc, char **argv);
int cmd_enter(int argc, char **argv);
int cmd_events(int argc, char **argv);
int cmd_exec(int argc, char **argv);
int cmd_exec2(int argc, char **argv);
int cmd_exec3(int argc, char **argv);
int cmd_host_upgrade(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_metrics(int argc, char **argv);
int cmd_migrate(int argc, char **argv);
int cmd_migrate_pipe(int argc, char **argv);
int cmd_migrate_receive(int argc, char **argv);
int cmd_mount(int argc, char **argv);
int cmd_pause(int argc, char **argv);
int cmd_quotainit(int argc, char **argv);
int cmd_quotaoff(int argc, char **argv);
int cmd_quotaon(int argc, char **argv);
int cmd_restart(int argc, char **argv);
int cmd_restore_backup(int argc, char **argv);
int cmd_resume(int argc, char **argv);
int cmd_runscript(int argc, char **argv);
int cmd_sched(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_snapshot(int argc, char **argv);
int cmd_snapshot_delete(int argc, char **argv);
int cmd_snapshot_list(int argc, char **argv);
int cmd_snapshot_mount(int argc, char **argv);
int cmd_snapshot_switch(int argc, char **argv);
int cmd_snapshot_umount(int argc, char **argv);
int cmd_start(int argc, char **argv);
int cmd_stat(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_stop(int argc, char **argv);
int cmd_suspend(int argc, char **argv);
int cmd_template(int argc, char **argv);
int cmd_ubc(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_umount(int argc, char **argv);
int cmd_unpause(int argc, char **argv);
int cmd_vzcfgvalidate(int argc, char **argv);
int cmd_vzsplit(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_vzcpucheck(int argc, char **argv);
int cmd_vzmemcheck(int argc, char **argv);
int cmd_vzpid(int argc, char **argv);
int cmd_watch(int argc, char **argv);

/*
 * The name the tool was called by: cloisonctl or, with OpenVZ's habits in every
 * detail that a script could see, one of OpenVZ's.
 */
extern const char *called_as;
bool called_vz(void);

/* What --version says: vzctl's callers ask which options there are, and get the
 * version of vzctl whose options these are.
 */
const char *version(void);

/*
 * Common heads of verbs. Options are parsed by the verb with getopt_long() on
 * what is left after the CTID: argc and argv as from argv[1] on, so that argv[1]
 * plays the role of the program's name.
 */
int cmd_container(int argc, char **argv, enum container_need need, struct container *ct);

/* The same for verbs on what runs: with or without a good configuration. */
int cmd_running(int argc, char **argv, struct container *ct, struct kernel_container *kc);

/* getopt_long() returned '?' or ':'; says which option. Always EXIT_BAD_OPTION. */
int cmd_bad_option(char **argv);
/* Arguments are left that the verb does not take. */
int cmd_no_more(int argc, char **argv);

/* For verbs that work on the files: EXIT_MOUNTED if it runs or is mounted. */
int cmd_down(const struct container *ct);
/* EXIT_BAD_VALUE if --layout @name is none. */
int cmd_layout(const char *name);

/* As ssh and vzctl do: the arguments are one line for a shell. To be freed. */
char *cmd_join(char **words);
/* A wait status as a shell says it: 128 + N when signal N ended the program. */
int cmd_status_of(int status);

/* Of start and restart, which know @known of these. */
struct start_options {
	bool wait, force, discard, fast;
};

struct option;
int start_parse(int argc, char **argv, const struct option *known, struct start_options *o);

/* The steps that start, stop and restart share; the lock is held. */
int do_start(struct container *ct, const struct start_options *o);
int do_stop(struct container *ct, bool fast, bool unmount);
/* Stop one, for parallel_run(). */
int boot_stop_one(uint32_t id, void *arg);
/*
 * Resume all that were suspended for an upgrade of the host, start those that were stopped
 * for it, and with @onboot those that start with the host; in BOOTORDER. Each says itself
 * why it failed. The note goes.
 */
struct upgrade;
int boot_bring_back(const struct upgrade *u, bool onboot, size_t *count, size_t *failed);
/* What an upgrade left that was cut off; EXIT_LOCKED while one is at work. */
int do_upgrade_back(size_t *count, size_t *failed);
/* As snapshot-list and backup-list have it with --json. @status: whether it is whole. */
struct backup;
struct json_t;
struct snapshot;
struct snapshots;
struct json_t *snapshot_json(const struct container *ct, const struct snapshots *all,
			     const struct snapshot *s);
struct json_t *backup_json(const struct backup *b, const char *status);
/* @file: NULL, where it usually is. */
int do_resume(struct container *ct, const char *file, bool force, bool keep);

#endif
